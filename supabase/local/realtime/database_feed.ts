/**
 * Hears from the database what to deliver: the messages and changes that its triggers recorded in
 * `realtime._local_feed`, transaction by transaction in the order of commits.
 *
 * Each is delivered at most once. When the connection is lost, what was committed meanwhile follows once it is back, in
 * the order of recording; what was committed while no server was open is never delivered.
 *
 * @module
 */
import type { Sql } from "postgres";
import { openFeedListener } from "./feed_listener.ts";
import { type FeedEntry, readFeed, readMissed } from "./feed_query.ts";
import { snapshotSees } from "./snapshot.ts";

export interface DatabaseFeed {
  /** Stops listening and delivering; resolves when the last delivery is over. */
  close(): Promise<void>;
}

/** Where a feed stands. */
interface FeedState {
  readonly sql: Sql;
  readonly deliver: (entry: FeedEntry) => void;
  readonly log: (line: string) => void;
  /** A snapshot. Everything that it sees has been delivered, or was there before us. */
  checkpoint: string;
  /** Transactions delivered that the checkpoint does not see. */
  readonly delivered: Set<string>;
  /** Of transactions begun and not yet in `delivered`: the position reached. More than one only after a failure. */
  readonly reached: Map<string, bigint>;
  /** Transactions to deliver, in the order of their commits. */
  waiting: string[];
  /** Whether notifications may have been missed. */
  mustCatchUp: boolean;
  /** The delivering under way. */
  running: Promise<void> | null;
  retry: ReturnType<typeof setTimeout> | undefined;
  closed: boolean;
}

/** Transactions read at a time. */
const BATCH_TRANSACTIONS = 200;
/** After so many transactions the checkpoint is moved on. */
const CHECKPOINT_TRANSACTIONS = 1000;
const RETRY_MS = 250;

/**
 * Listens. What is committed after this has resolved is delivered.
 *
 * @param sql a pool of a superuser.
 * @param url the same database and user, for a connection of its own.
 * @param deliver called in order; what it throws is logged.
 * @throws {Error} when the database cannot be reached.
 */
export async function openDatabaseFeed(
  sql: Sql,
  url: string,
  deliver: (entry: FeedEntry) => void,
  log: (line: string) => void,
): Promise<DatabaseFeed> {
  const state: FeedState = {
    sql,
    deliver,
    log,
    checkpoint: (await readMissed(sql, null)).snapshot,
    delivered: new Set(),
    reached: new Map(),
    waiting: [],
    mustCatchUp: false,
    running: null,
    retry: undefined,
    closed: false,
  };
  const listener = await openFeedListener(url, {
    onListening(): void {
      state.mustCatchUp = true;
      wake(state);
    },
    onTransaction(id): void {
      state.waiting.push(id);
      wake(state);
    },
  });
  return {
    async close(): Promise<void> {
      state.closed = true;
      clearTimeout(state.retry);
      await listener.close();
      await state.running;
    },
  };
}

/** Sees to it that somebody delivers what is waiting, and only one. */
function wake(state: FeedState): void {
  if (state.closed || state.running) return;
  clearTimeout(state.retry);
  state.running = run(state);
}

/** Delivers until nothing is waiting. Never rejects. */
async function run(state: FeedState): Promise<void> {
  try {
    while (!state.closed && (state.mustCatchUp || state.waiting.length > 0)) {
      if (state.mustCatchUp) {
        await catchUp(state);
        // Meanwhile more may have been missed, which must come before what waits.
        continue;
      }
      const transactions = state.waiting.filter((transaction) => !isDelivered(state, transaction));
      state.waiting = [];
      await deliverTransactions(state, transactions);
      if (state.delivered.size >= CHECKPOINT_TRANSACTIONS) await moveCheckpoint(state);
    }
    state.running = null;
  } catch (error) {
    state.running = null;
    if (state.closed) return;
    state.log(`Realtime lost its database: ${error instanceof Error ? error.message : String(error)}`);
    // The checkpoint knows what is owed, whatever of it has been notified.
    state.mustCatchUp = true;
    state.retry = setTimeout(() => wake(state), RETRY_MS);
  }
}

async function catchUp(state: FeedState): Promise<void> {
  state.mustCatchUp = false;
  const { snapshot, transactions } = await readMissed(state.sql, state.checkpoint);
  await deliverTransactions(state, transactions.filter((transaction) => !isDelivered(state, transaction)));
  setCheckpoint(state, snapshot);
}

async function moveCheckpoint(state: FeedState): Promise<void> {
  const { snapshot, transactions } = await readMissed(state.sql, state.checkpoint);
  // A transaction is visible a moment before its notification comes. Then the next time is early enough.
  if (transactions.every((transaction) => isDelivered(state, transaction))) setCheckpoint(state, snapshot);
}

function setCheckpoint(state: FeedState, snapshot: string): void {
  state.checkpoint = snapshot;
  // They had committed before the snapshot was taken, so it sees them all.
  state.delivered.clear();
}

function isDelivered({ delivered, checkpoint }: FeedState, transaction: string): boolean {
  return delivered.has(transaction) || snapshotSees(checkpoint, transaction);
}

async function deliverTransactions(state: FeedState, transactions: string[]): Promise<void> {
  const { delivered, reached } = state;
  for (let from = 0; from < transactions.length; from += BATCH_TRANSACTIONS) {
    const batch = transactions.slice(from, from + BATCH_TRANSACTIONS);
    for await (const { transaction, position, entry } of readFeed(state.sql, batch)) {
      if (state.closed) return;
      if (position <= (reached.get(transaction) ?? -1n)) continue;
      reached.set(transaction, position);
      if (entry) deliverOne(state, entry);
    }
    for (const transaction of batch) {
      delivered.add(transaction);
      reached.delete(transaction);
    }
  }
}

function deliverOne(state: FeedState, entry: FeedEntry): void {
  try {
    state.deliver(entry);
  } catch (error) {
    state.log(`UnableToBroadcastChanges: ${error instanceof Error ? error.message : String(error)}`);
  }
}
