/**
 * How often a call of the ledger's functions is made, and what is said when none of them succeeds.
 *
 * @module
 */
import type { Sql } from "postgres";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { type Database, isTransient, isUnavailable } from "./database.ts";

/** How often a call is made that other transactions keep ending. */
const ATTEMPTS_MAX = 6;
/** After so many attempts the next one is made with no other writer beside it. */
const TOGETHER_MAX = 3;
/** First pause between two attempts; it doubles, and a random part of it is waited. */
const BACKOFF_MS = 20;
/** What a sender is asked to wait while the database is away. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Makes a call again while other transactions end it (40001, 40P01); the last times `alone`, with no other writer beside it.
 *
 * @throws what the call throws, in the end.
 */
export async function repeated<Result>(call: (alone: boolean) => Promise<Result>): Promise<Result> {
  for (let attempt = 1;; attempt++) {
    try {
      return await call(attempt > TOGETHER_MAX);
    } catch (error) {
      if (!isTransient(error) || attempt === ATTEMPTS_MAX) throw error;
      const pause = BACKOFF_MS * 2 ** (attempt - 1) * Math.random();
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
}

/** The one row of an answer: the driver can take the end of a connection for the end of the rows. */
export function answered<Row>(row: Row | undefined): Row {
  if (!row) throw Object.assign(new Error("The connection ended before the answer"), { code: "CONNECTION_CLOSED" });
  return row;
}

/**
 * The rows that one of the ledger's functions answers. It must be safe to repeat.
 *
 * @throws {VaultbookError} database_unavailable – try again; else the database's own error.
 */
export async function rowsOf<Row>(
  database: Database,
  query: (sql: Sql) => PromiseLike<readonly Row[]>,
): Promise<Row[]> {
  try {
    return await repeated(() => database.run(async (sql) => [...await query(sql)]));
  } catch (error) {
    throw isUnavailable(error) || isTransient(error) ? unavailable(error) : error;
  }
}

/** The same for functions that answer one row. */
export async function rowOf<Row>(database: Database, query: (sql: Sql) => PromiseLike<readonly Row[]>): Promise<Row> {
  return answered((await rowsOf(database, query))[0]);
}

/** What is said when the database cannot take the work now: nothing was changed, and the same call may succeed later. */
export function unavailable(cause: unknown): VaultbookError {
  return new VaultbookError("database_unavailable", { retry_after_seconds: RETRY_AFTER_SECONDS }, cause);
}
