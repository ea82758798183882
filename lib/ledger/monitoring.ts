/**
 * What is told of because it lasts: low balances, the webhook's silence, jobs that stopped, broken invariants.
 *
 * @module
 */
import { rowOf, rowsOf } from "./attempts.ts";
import { codeOf, type Database } from "./database.ts";

/** One look at low balances. */
export interface JudgedBalances {
  /** Vaults. */
  readonly lookedAt: number;
  /** Alerts raised. */
  readonly raised: number;
  /** Alerts that are over. */
  readonly resolved: number;
}

/**
 * Looks at the vaults that changed since the last look, and in turn at some of the others; raises and resolves `low_balance`.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function judgeBalances(database: Database): Promise<JudgedBalances> {
  const judged = await rowOf(database, (sql) =>
    sql<{ looked_at: number; raised: number; resolved: number }[]>`
    select looked_at::integer, raised, resolved::integer from vaultbook.judge_balances()`);
  return { lookedAt: judged.looked_at, raised: judged.raised, resolved: judged.resolved };
}

/** Raises or resolves `ingest_stalled` by what sweeps brought lately. @throws {VaultbookError} database_unavailable */
export async function judgeSilenceAnew(database: Database): Promise<void> {
  await rowOf(database, (sql) => sql`select vaultbook.judge_silence_anew()`);
}

/** Raises or resolves `gap_detected` for what has been parked for ten minutes. @throws {VaultbookError} database_unavailable */
export async function judgeParked(database: Database): Promise<void> {
  await rowOf(database, (sql) => sql`select vaultbook.judge_parked()`);
}

/**
 * Raises `job_failed` for jobs that are not called any more, resolves it when they are, and has daily ones called again until they are done.
 *
 * @returns how many were called again.
 * @throws {VaultbookError} database_unavailable
 */
export async function watchJobs(database: Database): Promise<number> {
  const { repeated } = await rowOf(database, (sql) =>
    sql<{ repeated: number }[]>`
    select vaultbook.watch_jobs()::integer as repeated`);
  return repeated;
}

/**
 * The invariants that are due and that took no longer than so many seconds last time, the longest neglected first.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function dueInvariants(database: Database, secondsAtMost: number): Promise<string[]> {
  const rows = await rowsOf(database, (sql) =>
    sql<{ invariant: string }[]>`
    select invariant from vaultbook.due_invariants(make_interval(secs => ${secondsAtMost})) as invariant`);
  return rows.map(({ invariant }) => invariant);
}

/**
 * Counts what breaks an invariant; raises and resolves `invariant_violation`.
 *
 * @param timeoutMs after which it is given up, and that put on record.
 * @returns how much breaks it; null when there was not the time to count.
 * @throws {VaultbookError} database_unavailable
 */
export async function checkInvariant(database: Database, invariant: string, timeoutMs: number): Promise<number | null> {
  const { violations } = await rowOf(database, async (sql) => {
    try {
      return await sql.begin(async (own) => {
        await own`select set_config('statement_timeout', ${String(timeoutMs)}, true)`;
        return await own<{ violations: number | null }[]>`
          select vaultbook.check_invariant(${invariant})::integer as violations`;
      });
    } catch (error) {
      if (codeOf(error) !== QUERY_CANCELED) throw error;
      return [{ violations: null }];
    }
  });
  if (violations !== null) return violations;
  await rowOf(database, (sql) =>
    sql`
    select vaultbook.note_invariant(${invariant}, make_interval(secs => ${timeoutMs / 1000}), null, null)`);
  return null;
}

/** SQLSTATE. */
const QUERY_CANCELED = "57014";
