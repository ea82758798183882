/**
 * What the reconciliation takes from its environment: what the sweep takes, and the mint.
 *
 * @module
 */
import { base58FromBytes, bytesFromBase58, PUBLIC_KEY_BYTES } from "@/lib/chain/base58.ts";
import { readSettings as readSweepSettings, type Settings as SweepSettings } from "../sweep/settings.ts";

/** What the function works with. */
export interface Settings extends SweepSettings {
  /** What the vaults hold: the mint's address. */
  readonly mint: string;
}

/** USDT on Solana's mainnet. */
const MAINNET_USDT = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB";

/**
 * Reads the environment once, when the function starts.
 *
 * @throws {Error} naming what is missing or wrong; no value is repeated.
 */
export function readSettings(environment: Readonly<Record<string, string>>): Settings {
  const mint = mintOf(environment);
  return { ...readSweepSettings(environment), mint };
}

/** The mint, by default that of USDT. @throws {Error} when it is no public key. */
export function mintOf({ USDT_MINT: mint }: Readonly<Record<string, string>>): string {
  const bytes = bytesFromBase58(mint || MAINNET_USDT);
  if (bytes?.length !== PUBLIC_KEY_BYTES) throw new Error("Cannot start: USDT_MINT is no public key");
  return base58FromBytes(bytes);
}
