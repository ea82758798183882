/**
 * Reads as whoever asks: the policies of the tables decide what is there, as for a client that reads them directly.
 *
 * @module
 */
import type { Caller } from "@/lib/domain/caller.ts";
import { answered, rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";
import { type Statement, statement } from "./statement.ts";

/** Longest that one question may take: a page is asked for by a person. */
const TIMEOUT = "5s";

/**
 * The rows of a query, under the caller's own rights; it can change nothing.
 *
 * Role and query go in one message, which is one transaction and one round trip: where the role cannot be taken, the server passes over
 * what follows, and whatever becomes of it, the connection is its own again afterwards.
 *
 * @throws {VaultbookError} database_unavailable; else the database's own error.
 */
export async function rowsFor<Row>(database: Database, caller: Caller, query: Statement): Promise<Row[]> {
  const role = caller.kind === "service" ? "service_role" : "authenticated";
  const claims = JSON.stringify(caller.kind === "service" ? { role } : { ...caller.claims, role });
  // The planner is told nothing of how many rows an owner has (that would show), takes them for few, and would rather read and sort
  // them all than follow an index that has them in order.
  const message = statement`
    select set_config('transaction_read_only', 'on', true), set_config('enable_bitmapscan', 'off', true),
           set_config('enable_sort', 'off', true), set_config('statement_timeout', ${TIMEOUT}, true),
           set_config('request.jwt.claims', ${claims}, true), set_config('role', ${role}, true);
    ${query}`;
  return await rowsOf<Row>(database, async (sql) => {
    const [, rows] = await sql.unsafe(message.toString()).simple() as unknown as [unknown, readonly Row[] | undefined];
    return answered(rows);
  });
}
