/**
 * An instruction as a transaction that a wallet can sign. This server holds no key, and signs nothing.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { BuiltInstruction } from "@/lib/chain/instruction.ts";
import { createNode } from "@/lib/chain/rpc.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";

/** A transaction that its payer has not signed yet. */
export interface UnsignedTransaction {
  /** Base64 of the wire form, with room for the signature. */
  readonly transaction: string;
  /** The height of the last block in which it can land. */
  readonly lastValidBlockHeight: number;
}

/** How long one attempt to ask the node may take, and all of them. Milliseconds: somebody waits for it. */
const DEADLINE = 2_000;
const BUDGET = 6_000;
const RETRY_AFTER_SECONDS = 5;

/**
 * Makes a transaction of one instruction, which its payer alone has to sign. Legacy and not version 0: it loads nothing from a lookup table, so
 * that both are of the same size, and older wallets and devices show and sign only this.
 *
 * `@solana/web3.js` is loaded here, with the first one: nothing else in this function needs it.
 *
 * @param rpcUrl of a node; undefined: none is set.
 * @param payer base58.
 * @throws {VaultbookError} rpc_unconfigured; chain_unavailable; instruction_unsupported, where it takes more bytes than Solana has room for.
 */
export async function unsignedTransaction(
  rpcUrl: string | undefined,
  { program, accounts, data }: BuiltInstruction,
  payer: string,
): Promise<UnsignedTransaction> {
  if (rpcUrl === undefined) throw new VaultbookError("rpc_unconfigured");
  const node = createNode({ url: rpcUrl, deadline: DEADLINE, budget: BUDGET });
  // Confirmed: the newest that hardly any fork takes back, so that the wallet has the longest time.
  const [{ PublicKey, Transaction }, latest] = await Promise.all([
    import("@solana/web3.js"),
    node.latestBlockhash("confirmed").catch((error: unknown) => {
      // Which node it is, and what is wrong with it, is told to the log alone.
      throw new VaultbookError("chain_unavailable", { retry_after_seconds: RETRY_AFTER_SECONDS }, error);
    }),
  ]);
  const keys = accounts.map(({ address, signer, writable }) => (
    { pubkey: new PublicKey(address), isSigner: signer, isWritable: writable }
  ));
  const transaction = new Transaction({ feePayer: new PublicKey(payer), ...latest })
    .add({ programId: new PublicKey(program), keys, data: Buffer.from(data) });
  try {
    const bytes = transaction.serialize({ requireAllSignatures: false, verifySignatures: false });
    return { transaction: bytes.toString("base64"), lastValidBlockHeight: latest.lastValidBlockHeight };
  } catch (error) {
    const problem = "are more than a transaction has room for";
    throw new VaultbookError(
      "instruction_unsupported",
      { instruction: program, field: "its accounts", problem },
      error,
    );
  }
}
