/**
 * What a scenario is, and who plays in it.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, type Unplaced } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";

export const alice = key("alice");
export const bob = key("bob");
export const carol = key("carol");

/** A history that really can happen, whatever order the news of it come in. */
export interface Scenario {
  readonly name: string;
  /** Seven, in chain order but for repetitions. */
  readonly deliveries: readonly ChainTransaction[];
  /** Total, locked, available, deposited, withdrawn, by owner. */
  readonly holdings: Readonly<Record<string, string>>;
}

/** Solana undid it. */
export function failed(slot: number, ...events: Unplaced[]): ChainTransaction {
  return at(slot, events, { failed: true });
}
