/**
 * What a scenario is, and who plays in it.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, type Unplaced } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import type { Status } from "./status.ts";
import type { Step } from "./step.ts";

export const alice = key("alice");
export const bob = key("bob");
export const carol = key("carol");

/** A history that really can happen, whatever order the news of it come in. */
export interface Scenario {
  readonly name: string;
  /** Seven, in chain order but for repetitions. A roll-back is one too. */
  readonly deliveries: readonly (ChainTransaction | Step)[];
  /** Total, locked, available, deposited, withdrawn, by owner. */
  readonly holdings: Readonly<Record<string, string>>;
  /** By owner; the others' vaults are active. */
  readonly status?: Readonly<Record<string, Status>>;
}

/** Solana undid it. */
export function failed(slot: number, ...events: Unplaced[]): ChainTransaction {
  return at(slot, events, { failed: true });
}
