/**
 * One vault's history: its legs in chain order, and the balances that run along them.
 *
 * @module
 */
import type { Leg } from "./leg.ts";

/** What a vault holds, in base units. */
export interface Balances {
  readonly total: bigint;
  readonly locked: bigint;
  readonly available: bigint;
  /** All that was ever deposited. */
  readonly deposited: bigint;
  /** All that was ever withdrawn. */
  readonly withdrawn: bigint;
}

/** A vault that has just come to be. */
export const NOTHING: Balances = { total: 0n, locked: 0n, available: 0n, deposited: 0n, withdrawn: 0n };

/** Why a history cannot have happened, or cannot be held. */
export type Impossibility = "negative" | "too_large";

/** What the ledger's columns hold at most. The chain's u64 goes further. */
const LARGEST = 2n ** 63n - 1n;

/** The balances after a leg, however impossible. A failed leg moves nothing. */
export function after(before: Balances, leg: Leg): Balances {
  if (leg.failed) return before;
  const { total, locked, available, deposited, withdrawn } = before;
  const { amount } = leg;
  switch (leg.type) {
    case "deposit":
      return { total: total + amount, locked, available: available + amount, deposited: deposited + amount, withdrawn };
    case "withdrawal":
      return { total: total - amount, locked, available: available - amount, deposited, withdrawn: withdrawn + amount };
    case "lock":
      return { total, locked: locked + amount, available: available - amount, deposited, withdrawn };
    case "unlock":
      return { total, locked: locked - amount, available: available + amount, deposited, withdrawn };
    case "transfer_in":
      return { total: total + amount, locked, available: available + amount, deposited, withdrawn };
    case "transfer_out":
    case "fee": {
      // Settling a loss takes collateral that was set aside for it, and the rest from what is free.
      const fromLocked = amount < locked ? amount : locked;
      const fromAvailable = amount - fromLocked;
      return {
        ...{ total: total - amount, locked: locked - fromLocked, available: available - fromAvailable },
        ...{ deposited, withdrawn },
      };
    }
  }
}

/** What is wrong with balances; null where nothing is. */
export function impossibilityOf({ total, locked, available, deposited, withdrawn }: Balances): Impossibility | null {
  if (total < 0n || locked < 0n || available < 0n) return "negative";
  return total > LARGEST || deposited > LARGEST || withdrawn > LARGEST ? "too_large" : null;
}

/** The first leg with which a history is impossible; null where it is possible. Takes the legs in chain order. */
export function firstImpossible(legs: readonly Leg[]): { at: number; leg: Leg; why: Impossibility } | null {
  let balances = NOTHING;
  for (const [at, leg] of legs.entries()) {
    balances = after(balances, leg);
    const why = impossibilityOf(balances);
    if (why) return { at, leg, why };
  }
  return null;
}
