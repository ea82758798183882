/**
 * What the vaults hold.
 *
 * @module
 */
import { base58FromBytes, bytesFromBase58, PUBLIC_KEY_BYTES } from "./base58.ts";

/** USDT on Solana's mainnet. */
const MAINNET_USDT = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB";

/** The mint that an environment names, by default that of USDT. @throws {Error} when it is no public key. */
export function mintOf({ USDT_MINT: mint }: Readonly<Record<string, string>>): string {
  const bytes = bytesFromBase58(mint || MAINNET_USDT);
  if (bytes?.length !== PUBLIC_KEY_BYTES) throw new Error("Cannot start: USDT_MINT is no public key");
  return base58FromBytes(bytes);
}
