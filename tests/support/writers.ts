/**
 * Several writers on one empty book, each with a connection of its own, as so many instances of a function have.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { openTestDatabase, type TestDatabase } from "./database.ts";
import { watched, type WatchedDatabase } from "./watched_database.ts";

/** An empty book and those who write into it. */
export interface Writers {
  readonly database: TestDatabase;
  /** Ingests one delivery over the connection of this writer, by number from 0. */
  take(transactions: readonly ChainTransaction[], writer?: number): Promise<Settlement[]>;
  /** Works over the connection of every writer. */
  each(work: (sql: Sql) => Promise<unknown>): Promise<void>;
  /** How often a call of any writer was ended with this code. */
  thrown(code: string): number;
  close(): Promise<void>;
}

/** How the writers are set up. */
export interface WritersOptions {
  /** How many connections a pooler holds for all of them; default none, each has its own. */
  readonly pooler?: number;
  /** As for {@link openDatabase}. */
  readonly deadlineMs?: number;
  /** Changes the address they connect to. */
  readonly through?: (url: string) => string;
}

/** Opens an empty book for so many writers. */
export async function openWriters(count: number, options: WritersOptions = {}): Promise<Writers> {
  const { pooler = 0, deadlineMs, through = (url: string): string => url } = options;
  const database = await openTestDatabase({ pooler });
  const connect = (): WatchedDatabase =>
    watched(openDatabase(through(database.url), { max: 1, ...(deadlineMs === undefined ? {} : { deadlineMs }) }));
  const connections = Array.from({ length: count }, connect);
  let deliveries = 0;
  return {
    database,
    async take(transactions, writer = 0): Promise<Settlement[]> {
      const connection = connections[writer];
      if (!connection) throw new RangeError(`There is no writer ${writer}`);
      const body = new TextEncoder().encode(`delivery ${deliveries++}`);
      return await ingest(connection, { source: "webhook", body, transactions });
    },
    async each(work): Promise<void> {
      await Promise.all(connections.map((connection) => connection.run(work)));
    },
    thrown: (code) => connections.reduce((sum, { thrown }) => sum + (thrown.get(code) ?? 0), 0),
    async close(): Promise<void> {
      await Promise.all(connections.map((connection) => connection.close()));
      await database.close();
    },
  };
}

/** Runs a test on an empty book with so many writers. */
export function writersTest(
  name: string,
  count: number,
  run: (writers: Writers) => Promise<void>,
  options: WritersOptions = {},
): void {
  Deno.test(name, async () => {
    const writers = await openWriters(count, options);
    try {
      await run(writers);
    } finally {
      await writers.close();
    }
  });
}
