/**
 * A database that counts what goes wrong in it, so that a test can tell that its fault really happened.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { Database } from "@/lib/ledger/database.ts";

/** Between two looks. */
const PAUSE_MS = 5;

/** A database under watch: what it throws is counted by its code, before whoever called makes anything of it. */
export interface WatchedDatabase extends Database {
  /** How often each code was thrown: SQLSTATEs, and the driver's own. */
  readonly thrown: ReadonlyMap<string, number>;
}

/** Puts a database under watch. */
export function watched(database: Database): WatchedDatabase {
  const thrown = new Map<string, number>();
  return {
    thrown,
    async run<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
      try {
        return await database.run(work);
      } catch (error) {
        const code = String((error as { code?: unknown }).code);
        thrown.set(code, (thrown.get(code) ?? 0) + 1);
        throw error;
      }
    },
    close: () => database.close(),
  };
}

/** How many sessions of this database wait for a lock that another one holds. */
export async function waitingForLocks(sql: Sql): Promise<number> {
  const [row] = await sql`
    select count(*)::integer as waiting from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`;
  return Number(row?.waiting);
}

/** Looks again and again, until the work is done. Gives what the work gives, and the highest number of sessions that were seen waiting. */
export async function watchingLocks<Result>(
  sql: Sql,
  work: Promise<Result>,
): Promise<{ result: Result; most: number }> {
  let [most, isDone] = [0, false];
  const watch = (async (): Promise<void> => {
    while (!isDone) {
      most = Math.max(most, await waitingForLocks(sql));
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  })();
  try {
    return { result: await work, most };
  } finally {
    isDone = true;
    await watch;
  }
}
