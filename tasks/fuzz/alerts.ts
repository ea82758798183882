/**
 * Honest histories, delivered as Helius does and seen final by sweeps: of each alert there is what the rules ask for, and nothing else.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { configureAuthorities } from "@/lib/ledger/authorities.ts";
import { judgeBalances } from "@/lib/ledger/monitoring.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { generator, shuffled } from "@/tests/support/seeded.ts";
import type { TestServer } from "../test/server.ts";
import { type Counts, type Kind, refuse } from "./campaign.ts";
import { AUTHORITY, HonestChain } from "./honest_chain.ts";

/** What a round is made of. */
export interface Alerts {
  readonly events: number;
  readonly vaults: number;
  /** Most transactions of a delivery. */
  readonly delivery: number;
  /** What is on trial. */
  readonly ingest: typeof ingest;
}

const FULL: Alerts = { events: 100_000, vaults: 1_000, delivery: 1_000, ingest };

/** Honest histories of this shape. */
export function alerts(shape: Partial<Alerts> = {}): Kind {
  const given = { ...FULL, ...shape };
  return {
    mustHappen: ["events", "repeated", "final", "large", "failed", "low"],
    open: (server) => Promise.resolve({ round: (seed) => round(server, given, seed), close: () => Promise.resolve() }),
  };
}

async function round(server: TestServer, shape: Alerts, seed: number): Promise<Counts> {
  const book = await openTestDatabase({ server: server.adminUrl });
  const database = openDatabase(book.url);
  try {
    await configureAuthorities(database, [AUTHORITY]);
    return await play(server, shape, seed, book, database);
  } finally {
    await database.close();
    await book.close();
  }
}

async function play(
  server: TestServer,
  shape: Alerts,
  seed: number,
  book: TestDatabase,
  database: Database,
): Promise<Counts> {
  const random = generator(seed);
  const chain = new HonestChain(`seed ${seed}`, shape.vaults, random);
  const counts = { events: 0, repeated: 0, final: 0, large: 0, failed: 0, low: 0 };
  let last: readonly ChainTransaction[] = [];
  const send = async (transactions: readonly ChainTransaction[], finalized: boolean): Promise<void> => {
    const body = new TextEncoder().encode(`${counts.events} ${counts.repeated} ${counts.final}`);
    await shape.ingest(database, { source: finalized ? "sweep" : "webhook", body, transactions, finalized });
  };
  while (counts.events < shape.events && !server.interrupted.aborted) {
    const fresh = chain.next(1 + Math.floor(random() * Math.min(shape.delivery, shape.events - counts.events)));
    // What was delivered lately comes again, amid what is new, and in whatever order.
    const again = last.filter(() => random() < 0.1);
    await send(shuffled([...fresh, ...again].slice(0, 1000), random), false);
    if (random() < 0.5) {
      await send(fresh, true);
      counts.final += fresh.length;
    }
    await lookAtBalances(database, shape.vaults);
    chain.noteLow();
    counts.events += fresh.length;
    counts.repeated += again.length;
    last = fresh;
  }
  if (server.interrupted.aborted) return counts;
  // The invariants are looked at with plans for a book of this size, and not for the empty one that it was a moment ago.
  await book.admin`analyze`;
  const { large, failed, low, wasLow } = chain.expected();
  refuse("Alerts are not those that the rules ask for", [
    ...await differences(book, "large_tx", large, true),
    ...await differences(book, "failed_tx", failed, true),
    ...await differences(book, "low_balance", new Map([...low].map((owner) => [owner, 1])), false),
    ...await strangers(book, wasLow),
    ...await brokenInvariants(book.admin),
  ]);
  const total = (of: ReadonlyMap<string, number>): number => [...of.values()].reduce((sum, one) => sum + one, 0);
  return { ...counts, large: total(large), failed: total(failed), low: wasLow.size };
}

/** Until every vault that changed was looked at. */
async function lookAtBalances(database: Database, vaults: number): Promise<void> {
  for (let seen = 0; seen < 2 * vaults;) {
    const { lookedAt } = await judgeBalances(database);
    if (lookedAt === 0) return;
    seen += lookedAt;
  }
}

/** Where the open alerts of a type are on others than expected, or do not count as many. */
async function differences(
  book: TestDatabase,
  type: string,
  expected: ReadonlyMap<string, number>,
  counted: boolean,
): Promise<string[]> {
  const rows = await book.admin<{ subject: string; count: string }[]>`
    select subject, data ->> 'count' as count from public.alerts where alert_type = ${type} and resolved_at is null`;
  const found = new Map(rows.map(({ subject, count }) => [subject, counted ? Number(count) : 1]));
  return [...new Set([...found.keys(), ...expected.keys()])]
    .filter((subject) => found.get(subject) !== expected.get(subject))
    .map((subject) => `${type} of ${subject}: ${found.get(subject) ?? 0} and not ${expected.get(subject) ?? 0}`);
}

/** Alerts of any other type, open or over; and low balances of who never had one. */
async function strangers(book: TestDatabase, wasLow: ReadonlySet<string>): Promise<string[]> {
  const rows = await book.admin<{ alert_type: string; subject: string; message: string }[]>`
    select alert_type, subject, message from public.alerts where alert_type not in ('large_tx', 'failed_tx')`;
  return rows.filter(({ alert_type, subject }) => alert_type !== "low_balance" || !wasLow.has(subject))
    .map(({ alert_type, subject, message }) => `${alert_type} of ${subject}: ${message}`);
}
