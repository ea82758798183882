/**
 * The things that a ledger hears.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { LostLanding } from "@/lib/ledger/roll_back.ts";
import { type Model, receive, rollBack } from "./model.ts";

/** One delivery, or one roll-back. */
export type Step =
  | readonly ChainTransaction[]
  | { readonly finalized: readonly ChainTransaction[] }
  | { readonly lost: readonly LostLanding[] };

/** Whether a step is a delivery at confirmed commitment. */
export function isConfirmed(step: Step): step is readonly ChainTransaction[] {
  return Array.isArray(step);
}

/** A model after one more step. */
export function heard(model: Model, step: Step): Model {
  if (isConfirmed(step)) return receive(model, step).model;
  return "lost" in step ? rollBack(model, step.lost).model : receive(model, step.finalized, { finalized: true }).model;
}

/** A step of one delivered transaction, where it is only that. */
export function stepOf(delivery: ChainTransaction | Step): Step {
  return "verdict" in delivery ? [delivery] : delivery;
}

/** These are no longer where they say they are. */
export function lost(...transactions: readonly ChainTransaction[]): Step {
  return { lost: transactions.map(({ signature = "", slot = 0 }) => ({ signature, slot })) };
}

/** These are where they say they are, for good. */
export function finalized(...transactions: readonly ChainTransaction[]): Step {
  return { finalized: transactions };
}

/** The same transaction in another place. */
export function again(transaction: ChainTransaction, slot: number, transactionIndex = 0): ChainTransaction {
  return { ...transaction, slot, transactionIndex } as ChainTransaction;
}
