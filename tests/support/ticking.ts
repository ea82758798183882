/**
 * A book, a clock that the test turns, and the jobs that it makes due.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { type Book, bookTest } from "./book.ts";
import { type CronCaller, openCronCaller } from "./cron_caller.ts";

/** What a test of the jobs works with. */
export interface TickingBook extends Book {
  /** Calls with the clock below. */
  readonly caller: CronCaller;
  /** Connection string of the service. */
  readonly url: string;
  /** Another pool, of connections that wait as long as a job may. */
  readonly patient: Database;
  /** The present instant of all callers, ISO 8601; the database's own clock until it is set. */
  clock: string | undefined;
}

/** A time of the day that all tests begin in: `at(5)` is five minutes after midnight. */
export function minute(minutes: number): string {
  return new Date(Date.UTC(2027, 0, 1) + minutes * 60_000).toISOString();
}

/** The same transaction without its block's time, or with another one; seconds since 1970. */
export function timed(transaction: ChainTransaction, blockTime: number | null): ChainTransaction {
  return { ...transaction, blockTime } as ChainTransaction;
}

/** Runs a test on an empty book of its own, and looks at every invariant when it is done. */
export function timeTest(name: string, run: (book: TickingBook) => Promise<void>): void {
  bookTest(name, async (book) => {
    const [row] = await book.sql<{ name: string }[]>`select current_database() as name`;
    const url = new URL(Deno.env.get("VAULTBOOK_TEST_ADMIN_URL") ?? "");
    url.pathname = `/${row?.name}`;
    url.username = "postgres";
    const ticking: TickingBook = {
      ...book,
      url: url.href,
      patient: openDatabase(url.href, { max: 5 }),
      clock: undefined,
      caller: openCronCaller(url.href, { now: () => ticking.clock }),
    };
    try {
      await run(ticking);
    } finally {
      await ticking.caller.close();
      await ticking.patient.close();
    }
  });
}
