/**
 * What a story is, and who plays in it.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, initialise, type Unplaced } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import type { Step } from "./step.ts";

/** A short history, about one thing that a ledger can get wrong. It leaves the ledger no choice. */
export interface Story {
  readonly name: string;
  /** As it is told, one after the other. */
  readonly steps: readonly Step[];
}

/** Who plays, and how things come to happen. */
export interface Stage {
  readonly alice: string;
  readonly bob: string;
  readonly carol: string;
  /** Has no vault. */
  readonly nobody: string;
  /** In this slot, alone in its block. */
  tx(slot: number, ...events: Unplaced[]): ChainTransaction;
  /** In this slot, at this place of the block. */
  beside(slot: number, place: number, ...events: Unplaced[]): ChainTransaction;
  failed(slot: number, ...events: Unplaced[]): ChainTransaction;
  /** All three vaults come to be. */
  opening(): ChainTransaction;
}

/** Tells a story. Its name makes owners and signatures of its own, so that all stories can be told to one ledger. */
export function story(name: string, tell: (stage: Stage) => Step[]): Story {
  const [alice, bob, carol, nobody] = ["alice", "bob", "carol", "nobody"].map((who) => key(`${name}: ${who}`)) as [
    ...[string, string, string, string],
  ];
  const tx = (slot: number, ...events: Unplaced[]): ChainTransaction => at(slot, events, { name: `${name}: ${slot}` });
  return {
    name,
    steps: tell({
      ...{ alice, bob, carol, nobody, tx },
      beside: (slot, place, ...events): ChainTransaction =>
        ({ ...at(slot, events, { name: `${name}: ${slot}, ${place}` }), transactionIndex: place }) as ChainTransaction,
      failed: (slot, ...events) => at(slot, events, { name: `${name}: ${slot}`, failed: true }),
      opening: () => tx(1, initialise(alice), initialise(bob), initialise(carol)),
    }),
  };
}
