/**
 * Counts tests.
 *
 * @module
 */

/** How some tests went. */
export interface Tally {
  readonly passed: number;
  /** One line for each that failed. */
  readonly failed: readonly string[];
  /** One line for each that was left out, with the reason. */
  readonly skipped: readonly string[];
}

/** No test at all. */
export const NOTHING: Tally = { passed: 0, failed: [], skipped: [] };

/** All of them together, in this order. */
export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, tally) => total + tally.passed, 0),
    failed: tallies.flatMap((tally) => tally.failed),
    skipped: tallies.flatMap((tally) => tally.skipped),
  };
}
