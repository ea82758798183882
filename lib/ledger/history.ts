/**
 * Snapshots in a span of time: of one vault, and of all of them together.
 *
 * @module
 */
import type { Caller } from "@/lib/domain/caller.ts";
import { rowsFor } from "./as_caller.ts";
import { rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";
import { type Statement, statement } from "./statement.ts";

/** What is asked for. */
export interface Span {
  /** ISO 8601, with it. */
  readonly from: string;
  /** ISO 8601, without it. */
  readonly to: string;
  /** raw: all that are left; hour, day: of each (UTC) the last. */
  readonly interval: "raw" | "hour" | "day";
  /** Snapshots at most. */
  readonly limit: number;
}

/** A snapshot of the TVL: amounts are decimal strings in base units, the time ISO 8601. */
export interface TvlSnapshot {
  readonly timestamp: string;
  readonly total_value_locked: string;
  readonly total_locked: string;
  readonly total_available: string;
  readonly active_vaults: number;
}

/** A snapshot of a vault: amounts are decimal strings in base units, the time ISO 8601. */
export interface BalanceSnapshot {
  readonly timestamp: string;
  readonly snapshot_type: "periodic" | "event" | "daily_summary";
  readonly total_balance: string;
  readonly locked_balance: string;
  readonly available_balance: string;
}

/** The oldest of them first; next: where to ask on from, null at the end. */
export interface Series<Point> {
  readonly points: Point[];
  readonly next: string | null;
}

/**
 * The TVL in a span of time.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function readTvlHistory(database: Database, span: Span): Promise<Series<TvlSnapshot>> {
  const query = statement`
    select jsonb_build_object(
             'timestamp', s.timestamp, 'total_value_locked', s.total_value_locked::text, 'total_locked', s.total_locked::text,
             'total_available', s.total_available::text, 'active_vaults', s.active_vaults
           ) as point
      from ${lastOfEach(span, statement`public.tvl_snapshots`)} as s
     order by s.timestamp, s.id`;
  const rows = await rowsOf(database, (sql) => sql.unsafe<{ point: TvlSnapshot }[]>(query.toString()));
  return seriesOf(rows.map(({ point }) => point), span.limit);
}

/**
 * Snapshots of a vault in a span of time, of one type or of all.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function readSnapshots(
  database: Database,
  caller: Caller,
  owner: string,
  span: Span & { readonly type?: BalanceSnapshot["snapshot_type"] | undefined },
): Promise<Series<BalanceSnapshot>> {
  const { type = null } = span;
  const own = statement`(
      select * from public.balance_snapshots as b
       where b.vault_owner = ${owner} and (${type}::text is null or b.snapshot_type = ${type}::text)
    )`;
  const query = statement`
    select jsonb_build_object(
             'timestamp', s.timestamp, 'snapshot_type', s.snapshot_type, 'total_balance', s.total_balance::text,
             'locked_balance', s.locked_balance::text, 'available_balance', s.available_balance::text
           ) as point
      from ${lastOfEach(span, own)} as s
     order by s.timestamp, s.id`;
  const rows = await rowsFor<{ point: BalanceSnapshot }>(database, caller, query);
  return seriesOf(rows.map(({ point }) => point), span.limit);
}

/** Of these snapshots those of the span, the oldest first and one more than are asked for: each, or of each hour or day the last. */
function lastOfEach({ from, to, interval, limit }: Span, snapshots: Statement): Statement {
  const one = interval === "raw"
    ? statement`(select own.timestamp, own.id)`
    : statement`(select date_trunc(${interval}::text, own.timestamp, 'UTC'), null::uuid)`;
  return statement`(
    select distinct on (one.bucket, one.alone) own.*
      from ${snapshots} as own
     cross join lateral ${one} as one (bucket, alone)
     where own.timestamp >= ${from}::text::timestamptz and own.timestamp < ${to}::text::timestamptz
     order by one.bucket, one.alone, own.timestamp desc, own.id desc
     limit ${limit + 1}
  )`;
}

/** Those of one moment stay together: where the next question begins, none of this answer comes again. */
function seriesOf<Point extends { readonly timestamp: string }>(points: Point[], limit: number): Series<Point> {
  const beyond = points[limit];
  if (!beyond) return { points, next: null };
  return {
    points: points.filter(({ timestamp }) => timestamp !== beyond.timestamp).slice(0, limit),
    next: beyond.timestamp,
  };
}
