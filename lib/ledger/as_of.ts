/**
 * What a vault held at a time.
 *
 * @module
 */
import { rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/** A vault's balances at a time. Base units. */
export interface BalanceAsOf {
  readonly total: bigint;
  readonly locked: bigint;
  readonly available: bigint;
  /** Slot of the last transaction that counts; null before the first. */
  readonly slot: number | null;
}

/**
 * The ledger of a vault in chain order, up to the last block at or before this time, as the ledger knows the chain now: what arrived
 * late counts, what was taken back does not. Blocks that nobody told the time of count with the one before them.
 *
 * @param at an instant, ISO 8601.
 * @returns null where nobody knows the vault.
 * @throws {VaultbookError} database_unavailable
 */
export async function balanceAsOf(database: Database, owner: string, at: string): Promise<BalanceAsOf | null> {
  const [row] = await rowsOf(
    database,
    (sql) =>
      sql<{ total: string; locked: string; available: string; slot: number | null }[]>`
    select total_balance as total, locked_balance as locked, available_balance as available, slot::float8
      from vaultbook.balance_as_of(${owner}, ${at}::text::timestamptz)`,
  );
  if (!row) return null;
  return {
    total: BigInt(row.total),
    locked: BigInt(row.locked),
    available: BigInt(row.available),
    slot: row.slot,
  };
}
