/**
 * Snapshots of all vaults and of their sum, once in each tick, and the sum as it is now.
 *
 * @module
 */
import { rowOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/** Snapshots of every vault: once a tick, or once a day. */
export type SnapshotSeries = "periodic" | "daily_summary";

/** What was taken in a tick. */
export interface Taken {
  /** Beginning of the tick, ISO 8601, UTC. */
  readonly tick: string;
  /** The moment that it shows, ISO 8601, UTC. */
  readonly takenAt: string;
  /** How many vaults it counted. */
  readonly vaults: number;
  /** False: it had been taken in this tick before, and nothing was written now. */
  readonly isNew: boolean;
  /** Ticks that are missing right before it. */
  readonly missed: number;
}

interface TakenRow {
  readonly tick: Date;
  readonly taken_at: Date;
  readonly vaults: number;
  readonly is_new: boolean;
  readonly missed: number;
}

/**
 * Takes a snapshot of every vault, all of one moment. Once in each tick, however often it is called.
 *
 * @param now an instant, ISO 8601; default the database's clock.
 * @throws {VaultbookError} database_unavailable – nothing was taken, or it was and the answer is lost: call again.
 */
export async function takeSnapshots(database: Database, series: SnapshotSeries, now?: string): Promise<Taken> {
  return takenOf(
    await rowOf(database, (sql) =>
      sql<TakenRow[]>`
      select t.tick, t.taken_at, t.vaults::integer, t.is_new, t.missed::integer
        from vaultbook.take_snapshots(${series}, ${now ?? null}) as t`),
  );
}

/**
 * Takes a snapshot of the TVL. Once in each tick, however often it is called.
 *
 * @param now an instant, ISO 8601; default the database's clock.
 * @throws {VaultbookError} database_unavailable – nothing was taken, or it was and the answer is lost: call again.
 */
export async function takeTvl(database: Database, now?: string): Promise<Taken> {
  return takenOf(
    await rowOf(database, (sql) =>
      sql<TakenRow[]>`
      select t.tick, t.taken_at, t.vaults::integer, t.is_new, t.missed::integer
        from vaultbook.take_tvl(${now ?? null}) as t`),
  );
}

function takenOf({ tick, taken_at: takenAt, vaults, is_new: isNew, missed }: TakenRow): Taken {
  return {
    tick: tick.toISOString(),
    takenAt: takenAt.toISOString(),
    vaults,
    isNew,
    missed,
  };
}

/** What all vaults hold together. Base units. */
export interface Tvl {
  readonly total: bigint;
  readonly locked: bigint;
  readonly available: bigint;
  /** How many vaults that is: those that are not closed, and closed ones that hold something. */
  readonly vaults: number;
}

/**
 * What all vaults hold now, in a time that does not depend on how many there are.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function currentTvl(database: Database): Promise<Tvl> {
  const row = await rowOf(
    database,
    (sql) =>
      sql<{ total: string; locked: string; vaults: number }[]>`
    select total_value_locked as total, total_locked as locked, active_vaults::integer as vaults from vaultbook.current_tvl`,
  );
  const [total, locked] = [BigInt(row.total), BigInt(row.locked)];
  return { total, locked, available: total - locked, vaults: row.vaults };
}
