/**
 * What becomes of a delivered transaction.
 *
 * @module
 */

/** Every delivered transaction ends in exactly one of these (invariant I2). */
export const OUTCOMES = ["applied", "duplicate", "ignored", "failed", "parked", "quarantined", "conflict"] as const;

/** One of {@link OUTCOMES}. */
export type Outcome = (typeof OUTCOMES)[number];

/** The answer for one element of a delivery. */
export interface Settlement {
  /** Null where no signature could be read. */
  readonly signature: string | null;
  readonly outcome: Outcome;
  /** Why, for every outcome but applied and duplicate. */
  readonly code: string | null;
}
