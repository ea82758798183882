/**
 * Reads as whoever asks: the policies of the tables decide what is there, as for a client that reads them directly.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { Caller } from "@/lib/domain/caller.ts";
import { answered, rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/** Longest that one question may take: a page is asked for by a person. */
const TIMEOUT = "5s";

/**
 * The rows of a query, under the caller's own rights; it can change nothing.
 *
 * @throws {VaultbookError} database_unavailable; else the database's own error.
 */
export async function rowsFor<Row>(
  database: Database,
  caller: Caller,
  query: (sql: Sql) => PromiseLike<readonly Row[]>,
): Promise<Row[]> {
  const role = caller.kind === "service" ? "service_role" : "authenticated";
  const claims = JSON.stringify(caller.kind === "service" ? { role } : { ...caller.claims, role });
  return await rowsOf<Row>(database, async (sql) => {
    const rows = await sql.begin("read only", async (own) => {
      // The planner is told nothing of how many rows an owner has (that would show), takes them for few, and would rather read and sort
      // them all than follow an index that has them in order.
      await own`
        select set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true),
               set_config('statement_timeout', ${TIMEOUT}, true), set_config('request.jwt.claims', ${claims}, true),
               set_config('role', ${role}, true)`;
      return [...await query(own as unknown as Sql)];
    });
    return rows as Row[];
  });
}

/** The same for a query that answers one row. */
export async function rowFor<Row>(
  database: Database,
  caller: Caller,
  query: (sql: Sql) => PromiseLike<readonly Row[]>,
): Promise<Row> {
  return answered((await rowsFor(database, caller, query))[0]);
}
