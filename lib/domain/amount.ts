/**
 * Amounts of USDT in base units: 1 USDT = 1 000 000. Always `bigint`, never a JavaScript number.
 *
 * @module
 */

/** The largest amount the ledger holds: a `bigint` column of PostgreSQL. The chain's u64 goes further. */
export const AMOUNT_MAX = 2n ** 63n - 1n;

/** Whether the ledger can hold this amount, in base units. */
export function isAmount(value: bigint): boolean {
  return value >= 0n && value <= AMOUNT_MAX;
}
