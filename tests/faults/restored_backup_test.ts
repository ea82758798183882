/**
 * Row 59: the database is lost, and yesterday's copy of it is all that is left. The chain has gone on.
 *
 * @module
 */
import { expect } from "expect";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { openArchive } from "@/tests/support/archive.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { foundAfterwards } from "@/tests/support/model/afterwards.ts";
import { histories } from "@/tests/support/model/histories.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { batches, chosenSeed, generator, jostled } from "@/tests/support/seeded.ts";

const YESTERDAY = 50;
/** What is fetched again begins before the copy ends: a sweep begins where nothing can be missing. */
const OVERLAP = 20;

Deno.test("row 59: yesterday's copy becomes today's book when everything since is delivered again; nothing is doubled", async () => {
  const seed = chosenSeed();
  const dice = diceOf(generator(seed));
  const transactions = histories(`seed ${seed}`, dice, 5, { owners: 3, transactions: 18 });
  const order = jostled(transactions, 12, dice.random);
  const database = await openTestDatabase({ pooler: 0 });
  const archive = await openArchive(database);
  let deliveries = 0;
  const take = async (heard: readonly ChainTransaction[]): Promise<string[]> => {
    const connection = openDatabase(database.url);
    const outcomes: string[] = [];
    for (const batch of batches(heard, 5, dice.random)) {
      const body = new TextEncoder().encode(`delivery ${deliveries++}`);
      const settled = await ingest(connection, { source: "sweep", body, transactions: batch });
      outcomes.push(...settled.map(({ outcome }) => outcome));
    }
    await connection.close();
    return outcomes;
  };
  const found = async (heard: readonly ChainTransaction[]): Promise<string[]> =>
    (await foundAfterwards(database.admin, heard)).map((line) => `seed ${seed}: ${line}`);
  try {
    await take(order.slice(0, YESTERDAY));
    await archive.copy();
    await take(order.slice(YESTERDAY));
    expect(await found(order)).toEqual([]);

    await archive.bringBack();
    expect(await found(order.slice(0, YESTERDAY))).toEqual([]);
    const again = jostled(order.slice(YESTERDAY - OVERLAP), 12, dice.random);
    const duplicates = (await take(again)).filter((outcome) => outcome === "duplicate");
    expect(duplicates).toHaveLength(OVERLAP);
    expect(await found(order)).toEqual([]);
  } finally {
    await archive.close();
    await database.close();
  }
});
