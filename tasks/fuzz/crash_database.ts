/**
 * `kill -9` of PostgreSQL amid concurrent writers.
 *
 * @module
 */
import postgres from "postgres";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { generator } from "@/tests/support/seeded.ts";
import { holdsExactly } from "./acknowledged.ts";
import type { Counts } from "./campaign.ts";
import { randomChronicle } from "./chronicle.ts";
import { killAmid } from "./kills.ts";
import type { MortalPostgres } from "./mortal_postgres.ts";
import { type Parcel, startSenders } from "./senders.ts";

/** Writers at a time. */
export const WRITERS = 6;

/** What happens in one book. */
export interface CrashRound {
  readonly seed: number;
  /** Kills at most. */
  readonly kills: number;
  readonly interrupted: AbortSignal;
}

/**
 * Fills a book in its own database while the server under it is killed, and holds the book against the auditor in the end.
 *
 * @param write what is on trial.
 * @throws {Error} with what was lost, doubled or half done.
 */
export async function crashDatabase(
  server: MortalPostgres,
  { seed, kills, interrupted }: CrashRound,
  write: typeof ingest = ingest,
): Promise<Counts> {
  const dice = diceOf(generator(seed));
  const parcels = randomParcels(seed, kills);
  const database = await openTestDatabase({ server: server.adminUrl });
  // Each writer like a function of its own, which holds one connection.
  const connections = Array.from({ length: WRITERS }, () => openDatabase(database.url));
  const idle = [...connections];
  const senders = startSenders(parcels, WRITERS, async ({ body, transactions }) => {
    const connection = idle.pop();
    if (!connection) throw new Error("More parcels under way than writers");
    try {
      return await write(connection, { source: "webhook", body, transactions });
    } finally {
      idle.push(connection);
    }
  });
  const open = (): postgres.Sql => postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  const victim = { name: "database", kill: () => server.kill(), revive: () => server.revive() };
  try {
    const counts = await killAmid(victim, senders, open, { most: kills, dice, interrupted });
    if (!interrupted.aborted) await holdsExactly(database.admin, parcels.flatMap(({ transactions }) => transactions));
    return { ...counts, receipts: senders.receipts().length };
  } finally {
    senders.stop();
    await senders.done;
    await Promise.all(connections.map((connection) => connection.close()));
    await database.close();
  }
}

/** Histories as parcels, as many as so many kills leave time for; some come twice. */
function randomParcels(seed: number, kills: number): Parcel[] {
  const dice = diceOf(generator(seed + 0.5));
  const { posts } = randomChronicle(`seed ${seed}`, dice, { transactions: 40 + kills * 100, hot: 30, cold: 9 });
  const twice = posts.flatMap((post) => dice.chance(0.1) ? [post, post] : [post]);
  return twice.map((transactions, number) => ({
    body: new TextEncoder().encode(`seed ${seed} parcel ${number}`),
    transactions,
  }));
}
