/**
 * Balances as of a time: exact, whatever arrived when, and whatever the blocks' times are.
 *
 * @module
 */
import { expect } from "expect";
import { balanceAsOf } from "@/lib/ledger/as_of.ts";
import type { Database } from "@/lib/ledger/database.ts";
import { at, bookTest, deposit, initialise, lock } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { batches, chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";
import { timed } from "@/tests/support/ticking.ts";

const [alice, bob, nobody] = [key("alice"), key("bob"), key("nobody")];
/** What the tests' blocks are dated from: slot 7 is 7 seconds later. */
const EPOCH = 1_700_000_000;

/** Total, locked, and the slot of the last row, so many seconds after the first slot could be. */
async function held(database: Database, owner: string, seconds: number): Promise<string | null> {
  const balance = await balanceAsOf(database, owner, new Date((EPOCH + seconds) * 1000).toISOString());
  if (balance === null) return null;
  expect(balance.available).toBe(balance.total - balance.locked);
  return `${balance.total} ${balance.locked} ${balance.slot}`;
}

bookTest("a balance as of a time is that of the last block at or before it", async ({ take, database }) => {
  await take(
    at(1, [initialise(alice), initialise(bob)]),
    at(3, [deposit(alice, 10n), deposit(alice, 5n)]),
    at(5, [lock(alice, 4n), deposit(bob, 1n)]),
  );
  const seen = await Promise.all([0, 1, 2.9, 3, 4.999, 5, 1e9].map((seconds) => held(database, alice, seconds)));
  expect(seen).toEqual(["0 0 null", "0 0 null", "0 0 null", "15 0 3", "15 0 3", "15 4 5", "15 4 5"]);
  expect(await held(database, bob, 4)).toBe("0 0 null");
  expect(await held(database, nobody, 4)).toBe(null);
});

bookTest("what arrives late counts from its block on, and what is taken back does not", async (book) => {
  const { take, lose, database } = book;
  const early = at(2, [deposit(alice, 100n)]);
  await take(at(1, [initialise(alice)]), at(5, [deposit(alice, 1n)]));
  expect(await held(database, alice, 3)).toBe("0 0 null");
  await take(early);
  expect([await held(database, alice, 3), await held(database, alice, 5)]).toEqual(["100 0 2", "101 0 5"]);
  await lose(early);
  expect([await held(database, alice, 3), await held(database, alice, 5)]).toEqual(["0 0 null", "1 0 5"]);
  await take({ ...early, slot: 4, blockTime: EPOCH + 4 });
  expect([await held(database, alice, 3), await held(database, alice, 4)]).toEqual(["0 0 null", "100 0 4"]);
});

bookTest("row 40: a block without a time counts with the one before it, whoever's that was", async (book) => {
  const { take, database } = book;
  await take(
    at(1, [initialise(alice), initialise(bob)]),
    at(2, [deposit(bob, 1n)]),
    timed(at(3, [deposit(alice, 10n)]), null),
    at(4, [deposit(bob, 1n)]),
    timed(at(6, [deposit(alice, 10n)]), null),
  );
  const seen = await Promise.all([1, 2, 3, 4, 9].map((seconds) => held(database, alice, seconds)));
  expect(seen).toEqual(["0 0 null", "10 0 3", "10 0 3", "20 0 6", "20 0 6"]);
});

bookTest("row 40: a wrong time is taken for none: a block's place is that of its slot", async ({ take, database }) => {
  await take(
    at(1, [initialise(alice)]),
    at(2, [deposit(alice, 1n)]),
    timed(at(3, [deposit(alice, 10n)]), EPOCH - 1_000_000),
    at(4, [deposit(alice, 100n)]),
    timed(at(5, [deposit(alice, 1_000n)]), EPOCH + 1_000_000),
    at(6, [deposit(alice, 10_000n)]),
  );
  const seen = await Promise.all([1, 2, 3, 4, 5, 6, 1e5].map((seconds) => held(database, alice, seconds)));
  expect(seen).toEqual([
    ...["0 0 null", "11 0 3", "11 0 3", "1111 0 5", "1111 0 5", "11111 0 6", "11111 0 6"],
  ]);
});

const seed = chosenSeed();
bookTest(`at every time a random history holds what its blocks up to then say (SEED=${seed})`, async (book) => {
  const random = generator(seed);
  let seconds = 10;
  const blocks = Array.from({ length: 30 }, (_, number) => {
    seconds += Math.floor(random() * 3);
    return {
      slot: 2 + number * 3,
      seconds: random() < 0.2 ? null : seconds,
      amount: BigInt(1 + Math.floor(random() * 99)),
    };
  });
  await book.take(at(1, [initialise(alice)], { name: "opening" }));
  for (const batch of batches(shuffled(blocks, random), 4, random)) {
    await book.take(
      ...batch.map(({ slot, seconds, amount }) =>
        timed(at(slot, [deposit(alice, amount)]), seconds === null ? null : EPOCH + seconds)
      ),
    );
  }
  for (let when = 9; when <= seconds + 1; when++) {
    let [total, last, time]: [bigint, number | null, number] = [0n, null, 1];
    for (const block of blocks) {
      time = block.seconds ?? time;
      if (time > when) break;
      [total, last] = [total + block.amount, block.slot];
    }
    expect([when, await held(book.database, alice, when)]).toEqual([when, `${total} 0 ${last}`]);
  }
});
