import { expect } from "expect";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { at, bookTest, deposit, initialise, lock, transfer, withdrawal } from "@/tests/support/book.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants, wholeBook } from "@/tests/support/ledger_state.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { batches, chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";

const alice = key("alice");
const bob = key("bob");

bookTest("ingest() reaches one state whatever the order, the repetition and the batches", async (reference) => {
  const history = [
    at(1, [initialise(alice)]),
    at(2, [initialise(bob)]),
    at(3, [deposit(alice, 500n)]),
    at(4, [lock(alice, 300n)]),
    at(5, [transfer(alice, bob, 350n)]),
    at(6, [withdrawal(bob, 340n)]),
    at(7, [transfer(bob, alice, 10n, "FeeCollection"), deposit(bob, 1n)]),
    at(8, [withdrawal(alice, 160n)]),
  ];
  await reference.take(...history);
  const expected = await wholeBook(reference.sql);
  const seed = chosenSeed();
  const random = generator(seed);
  for (let run = 0; run < 25; run++) {
    const database = await openTestDatabase();
    const connection = openDatabase(database.url);
    try {
      let number = 0;
      for (const transactions of batches(shuffled([...history, ...history], random), 4, random)) {
        const body = new TextEncoder().encode(`delivery ${number++}`);
        await ingest(connection, { source: "webhook", body, transactions });
      }
      const replay = `seed ${seed}, run ${run}`;
      expect([replay, ...await wholeBook(database.admin)]).toEqual([replay, ...expected]);
      expect(await brokenInvariants(database.admin)).toEqual([]);
    } finally {
      await connection.close();
      await database.close();
    }
  }
});
