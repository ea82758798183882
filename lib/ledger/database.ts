/**
 * The functions' connection to PostgreSQL.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";

/** A pool of one connection, as a hosted function is advised to hold. */
export type Database = Sql;

/**
 * Opens the pool; it connects with the first query. Works through a transaction pooler: nothing here outlives a transaction.
 *
 * int8 and numeric arrive as strings.
 *
 * @param options.max connections at most; default 1.
 */
export function openDatabase(url: string, options: { max?: number } = {}): Database {
  return postgres(url, {
    max: options.max ?? 1,
    prepare: false,
    fetch_types: false,
    idle_timeout: 20,
    connect_timeout: 5,
    onnotice: () => {},
  });
}

/** SQLSTATE classes of a server that cannot take work now: connection, resources, operator, system, and what its timeouts end. */
const UNAVAILABLE = /^(08|53|57|58|55P03)/;
/** What npm:postgres and the runtime call a connection that is not there. */
const DISCONNECTED = /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|EPIPE|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|EAI_AGAIN)/;

/** Whether the error says that the database cannot be reached or has no room or time: the same call may succeed later. */
export function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  return code !== null && (UNAVAILABLE.test(code) || DISCONNECTED.test(code));
}

/** Whether the error ended a transaction only because of another one: the same call may succeed at once. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40P01" || code === "40001";
}

function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : null;
}
