/**
 * Row 23: many writers on the same vaults at once.
 *
 * @module
 */
import { expect } from "expect";
import { at, deposit, initialise, transfer } from "@/tests/support/book.ts";
import { foundAfterwards } from "@/tests/support/model/afterwards.ts";
import { histories } from "@/tests/support/model/histories.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { batches, chosenSeed, generator, jostled } from "@/tests/support/seeded.ts";
import { sendAll } from "@/tests/support/sender.ts";
import { watchingLocks } from "@/tests/support/watched_database.ts";
import { writersTest } from "@/tests/support/writers.ts";

const WRITERS = 32;
const ROUNDS = 3;
/** So many writers have to be seen waiting for each other at one moment, or they were not at it together. */
const CROWD = 8;

const alice = key("alice");
const bob = key("bob");

writersTest("row 23: 32 concurrent writers on two hot vaults leave exact sums", WRITERS, async ({ database, take }) => {
  const { admin } = database;
  const opening = [
    at(1, [initialise(alice), initialise(bob)]),
    at(2, [deposit(alice, 100_000n), deposit(bob, 100_000n)]),
  ];
  await take(opening);
  const heard = [...opening];
  const writing = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let round = 0; round < ROUNDS; round++) {
      const slot = 1_000 + round * 100 + writer;
      const name = `${writer} ${round}`;
      const [from, to] = writer % 2 === 0 ? [alice, bob] : [bob, alice];
      const both = [
        at(slot, [transfer(from, to, 7n)], { name }),
        at(slot + 50, [deposit(from, 1n)], { name: `${name} deposit` }),
      ];
      heard.push(...both);
      const settled = await take(writer % 3 === 0 ? both : both.toReversed(), writer);
      expect(settled.map(({ outcome }) => outcome)).toEqual(["applied", "applied"]);
      // The same again, as another writer would deliver it.
      const again = await take(both, (writer + 1) % WRITERS);
      expect(again.map(({ outcome }) => outcome)).toEqual(["duplicate", "duplicate"]);
    }
  });
  const { most } = await watchingLocks(admin, Promise.all(writing));
  expect(most).toBeGreaterThanOrEqual(CROWD);
  const [sums] = await admin`
    select (select sum(total_balance) from public.vaults) as total, (select count(*) from public.transactions) as rows`;
  expect(sums).toEqual({ total: String(200_000 + WRITERS * ROUNDS), rows: String(2 + WRITERS * ROUNDS * 3) });
  expect(await foundAfterwards(admin, heard)).toEqual([]);
});

writersTest(
  "row 23: 32 concurrent writers leave what the auditor says of a history in disorder",
  WRITERS,
  async (book) => {
    const seed = chosenSeed();
    const dice = diceOf(generator(seed));
    const transactions = histories(`seed ${seed}`, dice, 6, { owners: 3, transactions: 20 });
    const order = jostled(transactions.flatMap((item) => dice.chance(0.5) ? [item, item] : [item]), 20, dice.random);
    const sending = sendAll(batches(order, 3, dice.random), WRITERS, book.take);
    const { most } = await watchingLocks(book.database.admin, sending);
    expect([`seed ${seed}`, ...await foundAfterwards(book.database.admin, transactions)]).toEqual([`seed ${seed}`]);
    expect(most).toBeGreaterThanOrEqual(CROWD);
  },
);
