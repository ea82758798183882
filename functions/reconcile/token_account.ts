/**
 * Token accounts, read by the token program's own library.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { TOKEN_PROGRAM_ID, unpackAccount } from "@solana/spl-token";
import { PublicKey } from "@solana/web3.js";
import type { NodeAccount } from "@/lib/chain/rpc_answers.ts";
import { isAmount } from "@/lib/domain/amount.ts";

/** The tokens of a vault, or why nothing can be said of them. Base units. */
export type Tokens = { readonly amount: bigint } | { readonly problem: string };

/** What a vault's token account must be. */
export interface ExpectedTokenAccount {
  /** Its address. */
  readonly address: string;
  /** The vault, which it belongs to. */
  readonly vault: string;
  readonly mint: string;
}

/** Reads the amount of a token account; none where there is no account. A frozen one counts as any other. */
export function readTokens(account: NodeAccount | null, { address, vault, mint }: ExpectedTokenAccount): Tokens {
  if (account === null) return { amount: 0n };
  try {
    const info = {
      data: Buffer.from(account.data),
      owner: new PublicKey(account.owner),
      executable: false,
      lamports: 0,
      rentEpoch: 0,
    };
    const found = unpackAccount(new PublicKey(address), info, TOKEN_PROGRAM_ID);
    if (found.mint.toBase58() !== mint) return { problem: `its token account ${address} holds another token` };
    if (found.owner.toBase58() !== vault) return { problem: `its token account ${address} belongs to another` };
    if (!found.isInitialized || !isAmount(found.amount)) {
      return { problem: `its token account ${address} holds no amount` };
    }
    return { amount: found.amount };
  } catch (error) {
    return {
      problem: `its token account ${address} cannot be read: ${error instanceof Error ? error.name : "unknown"}`,
    };
  }
}
