/**
 * The functions' connection to PostgreSQL.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";

/** A pool that outlives the server's restarts. */
export interface Database {
  /**
   * Runs queries and gives what they give.
   *
   * A connection that turns out to be broken is replaced and the work is done once more, so it must be safe to repeat: what was
   * committed before an answer got lost is committed when it comes again.
   *
   * @throws the database's error; see {@link isUnavailable} and {@link isTransient}.
   */
  run<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** Longest that one piece of work may take before the database counts as away. */
const DEADLINE_MS = 20_000;

/**
 * Opens a pool; it connects with the first query. Works through a transaction pooler: nothing here outlives a transaction.
 * int8 and numeric arrive as strings.
 *
 * @param options.max connections at most; default 1, as a hosted function is advised to hold.
 * @param options.deadlineMs after which {@link Database.run} gives up; default 20 000.
 */
export function openDatabase(url: string, options: { max?: number; deadlineMs?: number } = {}): Database {
  const open = (): Sql =>
    postgres(url, {
      max: options.max ?? 1,
      prepare: false,
      fetch_types: false,
      idle_timeout: 20,
      connect_timeout: 5,
      onnotice: () => {},
    });
  let pool = open();
  // The driver can be left waiting on a connection that the server ended: then nothing but a new pool helps.
  const replace = (broken: Sql): void => {
    if (pool === broken) pool = open();
    void broken.end({ timeout: 0 }).catch(() => {});
  };
  const attempt = async <Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> => {
    const current = pool;
    try {
      return await withDeadline(work(current), options.deadlineMs ?? DEADLINE_MS);
    } catch (error) {
      if (isDisconnected(error)) replace(current);
      throw error;
    }
  };
  return {
    async run<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
      try {
        return await attempt(work);
      } catch (error) {
        if (!isDisconnected(error) || codeOf(error) === "DEADLINE") throw error;
        return await attempt(work);
      }
    },
    async close(): Promise<void> {
      await pool.end({ timeout: 5 });
    },
  };
}

async function withDeadline<Result>(work: Promise<Result>, deadlineMs: number): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const late = Object.assign(new Error(`The database did not answer within ${deadlineMs} ms`), { code: "DEADLINE" });
    timer = setTimeout(() => reject(late), deadlineMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** SQLSTATE classes of a server that cannot take work now: connection, resources, operator, system, and what its timeouts end. */
const UNAVAILABLE = /^(08|53|57|58|55P03)/;
/** What npm:postgres and the runtime call a connection that is not there, and SQLSTATEs that end one. */
const DISCONNECTED =
  /^(CONNECTION_|CONNECT_TIMEOUT|DEADLINE|ECONN|EPIPE|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|EAI_AGAIN|08|53300|57P)/;

/** Whether the error says that the database cannot be reached or has no room or time: the same call may succeed later. */
export function isUnavailable(error: unknown): boolean {
  return UNAVAILABLE.test(codeOf(error)) || isDisconnected(error);
}

/** Whether the error ended a transaction only because of another one: the same call may succeed at once. */
export function isTransient(error: unknown): boolean {
  return /^(40P01|40001)$/.test(codeOf(error));
}

function isDisconnected(error: unknown): boolean {
  return DISCONNECTED.test(codeOf(error));
}

/** The SQLSTATE, or the driver's own code; empty where the error has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}
