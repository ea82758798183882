/**
 * What a signature stands for: what its transaction did.
 *
 * @module
 */
import type { ChainTransaction, ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";

/**
 * Whether two are the same transaction. Where it lies is no part of it, and neither is what depends on where
 * it lies, or on how it was read: balances stated after it, the program's clock, an owner that only some roads tell.
 */
export function hasSameContent(one: ChainTransaction, other: ReadTransaction): boolean {
  if (one === other) return true;
  return one.verdict === "read" && one.signature === other.signature && contentOf(one) === contentOf(other);
}

const contents = new WeakMap<ReadTransaction, string>();

function contentOf(transaction: ReadTransaction): string {
  const known = contents.get(transaction);
  if (known !== undefined) return known;
  const { failed, events } = transaction;
  const content = JSON.stringify(
    [failed, events.map(essenceOf)],
    (_, value) => typeof value === "bigint" ? `${value}n` : value,
  );
  contents.set(transaction, content);
  return content;
}

function essenceOf(event: LedgerEvent): Partial<LedgerEvent> {
  switch (event.kind) {
    case "initialise":
      return { ...event, at: null };
    case "deposit":
    case "withdrawal":
      return { ...event, totalAfter: null };
    case "lock":
    case "unlock":
      return { ...event, owner: null, lockedAfter: null, availableAfter: null };
    case "close":
      return { ...event, owner: null };
    default:
      return event;
  }
}
