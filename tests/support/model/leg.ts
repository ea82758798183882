/**
 * The auditor's words: what one event does to one vault, and where it lies on the chain.
 *
 * The auditor is a model of the ledger written from the chain's description (CHAIN.md, FAULTS.md) alone. It shares no code
 * with the ledger but the types of what comes in, so that a mistake would have to be made twice.
 *
 * @module
 */
import type { ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";
import { byPlace, type Place } from "./place.ts";

/** What a leg is called in the ledger. */
export type LegType = "deposit" | "withdrawal" | "lock" | "unlock" | "transfer_out" | "fee" | "transfer_in";

/** The effect of one event on one vault. */
export interface Leg extends Place {
  /** 1 for where a transfer arrives, else 0: what leaves, leaves first. */
  readonly side: 0 | 1;
  readonly type: LegType;
  /** Address of the vault. Whose it is depends on the place. */
  readonly vault: string;
  /** Whom the event takes for the owner; null where it does not say. */
  readonly named: string | null;
  /** Base units. */
  readonly amount: bigint;
  /** Address of the other vault of a transfer. */
  readonly otherVault: string | null;
  /** Why a transfer happened. */
  readonly reason: string | null;
  /** True: Solana undid it, so it moves nothing. */
  readonly failed: boolean;
}

/**
 * The legs of a transaction, in chain order. A failed one has those of the sources alone: it shows what somebody tried, and
 * nothing arrived anywhere.
 *
 * @throws {RangeError} where the transaction has no place in its block: the model cannot order it.
 */
export function legsOf(transaction: ReadTransaction): Leg[] {
  const { signature, slot, transactionIndex, failed } = transaction;
  if (transactionIndex === null) throw new RangeError(`${signature} has no place in its block`);
  return transaction.events.flatMap((event) =>
    sidesOf(event, failed).map((side): Leg => ({
      ...{ signature, slot, transactionIndex, ordinal: event.ordinal, failed },
      ...{ named: null, otherVault: null, reason: null, side: 0 },
      ...side,
    }))
  );
}

type Side = Pick<Leg, "type" | "vault" | "amount"> & Partial<Leg>;

function sidesOf(event: LedgerEvent, failed: boolean): Side[] {
  switch (event.kind) {
    case "initialise":
    case "pause":
    case "close":
      return [];
    case "transfer": {
      const { vault, toVault, amount, reason } = event;
      const type = reason === "FeeCollection" ? "fee" : "transfer_out";
      const out: Side = { type, vault, amount, otherVault: toVault, reason };
      const arrival: Side = { type: "transfer_in", vault: toVault, amount, otherVault: vault, reason, side: 1 };
      return failed ? [out] : [out, arrival];
    }
    default:
      return [{ type: event.kind, vault: event.vault, named: event.owner, amount: event.amount }];
  }
}

/** Chain order, and within one event: leaving before arriving. */
export function byChainOrder(a: Leg, b: Leg): number {
  return byPlace(a, b) || a.side - b.side;
}
