/**
 * `getSignaturesForAddress`, as a node answers it: newest first, a page at a time.
 *
 * @module
 */
import type { DemoChain } from "./chain.ts";
import { memoColumn } from "./memo.ts";
import { configAt, invalidParams, readAddress, readCount, readSignature, readSlot } from "./rpc_request.ts";
import type { TransactionError } from "./transaction.ts";

const SIGNATURES_MAX = 1000;

/** One row of the answer. */
export interface SignatureRow {
  readonly blockTime: number;
  readonly confirmationStatus: Commitment;
  readonly err: TransactionError | null;
  readonly memo: string | null;
  readonly signature: string;
  readonly slot: number;
  readonly transactionIndex: number;
}

export type Commitment = "processed" | "confirmed" | "finalized";

/** Compares two transactions by their numbers: below 0 when the first one comes first on the chain. */
export type ChainOrder = (chain: DemoChain) => (a: number, b: number) => number;

/** By the place in the block, as nodes have done since 1.18. */
export const byIndex: ChainOrder = () => (a, b) => a - b;

/** Inside a slot by the signature, as nodes before 1.18 did. */
export const bySignature: ChainOrder = (chain) => {
  const keys = new Map<number, { slot: number; signature: string }>();
  const keyOf = (number: number): { slot: number; signature: string } => {
    const known = keys.get(number);
    if (known) return known;
    const { slot, signatures: [signature = ""] } = chain.record(number);
    keys.set(number, { slot, signature });
    return { slot, signature };
  };
  return (a, b) => {
    const [one, other] = [keyOf(a), keyOf(b)];
    if (one.slot !== other.slot) return one.slot - other.slot;
    return one.signature < other.signature ? -1 : one.signature > other.signature ? 1 : 0;
  };
};

/** The page of rows that the parameters ask for. */
export function getSignaturesForAddress(
  chain: DemoChain,
  params: readonly unknown[],
  order: ChainOrder = byIndex,
): SignatureRow[] {
  const address = readAddress(params[0]);
  const config = configAt(params, 1);
  const slot = readSlot(chain, config, true);
  const limit = readCount(config["limit"], "limit") ?? SIGNATURES_MAX;
  if (limit < 1 || limit > SIGNATURES_MAX) throw invalidParams(`Invalid limit; max ${SIGNATURES_MAX}`);
  const seen = chain.countUpTo(slot);
  const before = numberAmong(chain, seen, config["before"]);
  // An unknown `before` gives nothing; an unknown `until` is silently no bound at all, and gives the newest page.
  if (before === "unknown") return [];
  const until = numberAmong(chain, seen, config["until"]);
  const compare = order(chain);
  const found = chain.naming(address).filter((number) =>
    number < seen &&
    (before === null || compare(number, before) < 0) &&
    (until === null || until === "unknown" || compare(number, until) > 0)
  );
  if (order !== byIndex) found.sort(compare);
  const tips = chain.tips();
  return found.slice(-limit).reverse().map((number) => signatureRow(chain, number, tips));
}

/** How far the chain has come to hold a slot for good. */
export function commitmentOf(slot: number, tips: ReturnType<DemoChain["tips"]>): Commitment {
  if (slot <= tips.finalized) return "finalized";
  return slot <= tips.confirmed ? "confirmed" : "processed";
}

/** The number of a signature; null when none is given. Unknown is what is not among the first `seen`. */
function numberAmong(chain: DemoChain, seen: number, signature: unknown): number | "unknown" | null {
  if (signature === undefined || signature === null) return null;
  const number = chain.find(readSignature(signature));
  return number === undefined || number >= seen ? "unknown" : number;
}

function signatureRow(chain: DemoChain, number: number, tips: ReturnType<DemoChain["tips"]>): SignatureRow {
  const record = chain.record(number);
  const memos = record.steps.flatMap((step) => step.kind === "memo" ? [step.text] : []);
  return {
    blockTime: record.time,
    confirmationStatus: commitmentOf(record.slot, tips),
    err: chain.errorOf(number),
    memo: memoColumn(memos),
    signature: record.signatures[0] ?? "",
    slot: record.slot,
    transactionIndex: record.index,
  };
}
