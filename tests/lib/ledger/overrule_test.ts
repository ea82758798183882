/**
 * What the finalized chain shows, against what was delivered of the same signature.
 *
 * @module
 */
import { expect } from "expect";
import { at, type Book, bookTest, deposit, initialise, withdrawal } from "@/tests/support/book.ts";
import { openAlerts, vaultBalances } from "@/tests/support/ledger_state.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

const [alice, bob] = [key("alice"), key("bob")];

async function contents({ sql }: Book, name: string): Promise<string[]> {
  const rows = await sql`
    select concat_ws(' ', outcome, code, content -> 'events' -> 0 ->> 'amount', finalized_at is not null) as line
      from vaultbook.inbox where signature = ${signature(name)} order by line`;
  return rows.map(({ line }) => line);
}

bookTest(
  "row 13: a forged amount gives way to the chain's, with what depended on it, and both stay on record",
  async (book) => {
    await book.take(
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 900n)], { name: "d" }),
      at(3, [withdrawal(alice, 500n)]),
    );
    const truth = at(2, [deposit(alice, 100n)], { name: "d" });
    expect(await book.take(truth)).toEqual(["conflict signature_has_other_content"]);
    expect(await book.takeFinalized(truth)).toEqual(["applied"]);
    expect(await vaultBalances(book.sql, alice)).toEqual(["100", "0", "100", "100", "0"]);
    expect(await contents(book, "d")).toEqual(["applied 100 t", "conflict signature_has_other_content 900 f"]);
    expect(await contents(book, "slot 3")).toEqual(["parked balance_would_be_negative 500 f"]);
    expect((await openAlerts(book.sql)).some((line) => line.startsWith("rolled_back"))).toBe(true);
    // Once more changes nothing.
    expect(await book.takeFinalized(truth)).toEqual(["duplicate"]);
    expect(await vaultBalances(book.sql, alice)).toEqual(["100", "0", "100", "100", "0"]);
  },
);

bookTest("what is final is not contradicted by another node", async (book) => {
  await book.takeFinalized(at(1, [initialise(alice)]), at(2, [deposit(alice, 900n)], { name: "d" }));
  const other = at(2, [deposit(alice, 100n)], { name: "d" });
  expect(await book.takeFinalized(other)).toEqual(["conflict signature_has_other_content"]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["900", "0", "900", "900", "0"]);
});

bookTest("what failed on the chain moves nothing, whatever was delivered; and the other way round", async (book) => {
  await book.take(at(1, [initialise(alice)]));
  await book.take(
    at(2, [deposit(alice, 9n)], { name: "succeeded" }),
    at(3, [deposit(alice, 5n)], { name: "failed", failed: true }),
  );
  const told = await book.takeFinalized(
    at(2, [deposit(alice, 9n)], { name: "succeeded", failed: true }),
    at(3, [deposit(alice, 5n)], { name: "failed" }),
  );
  expect(told).toEqual(["failed", "applied"]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["5", "0", "5", "5", "0"]);
});

bookTest("where the chain shows nothing of ours, what was delivered is taken back", async (book) => {
  await book.take(at(1, [initialise(alice)]), at(2, [deposit(alice, 9n)], { name: "d" }));
  const landing = { signature: signature("d"), slot: 2, transactionIndex: 0, blockTime: null };
  const truth = { verdict: "ignored", code: "other_program", reason: "another's", ...landing } as const;
  expect(await book.take(truth)).toEqual(["conflict signature_has_other_content"]);
  expect(await book.takeFinalized(truth)).toEqual(["ignored other_program"]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["0", "0", "0", "0", "0"]);
  expect(await contents(book, "d")).toEqual(["conflict signature_has_other_content 9 f", "ignored other_program t"]);
});

for (
  const [what, truth] of [
    ["nothing of ours", { verdict: "ignored", code: "other_program", reason: "another's" }],
    ["another vault", at(3, [withdrawal(bob, 900n)])],
  ] as const
) {
  bookTest(`what waited for the room of an overruled content is tried when the chain says ${what}`, async (book) => {
    await book.take(at(1, [initialise(alice), initialise(bob)]), at(2, [deposit(alice, 1000n), deposit(bob, 1000n)]));
    await book.take(at(3, [withdrawal(alice, 900n)], { name: "forged" }));
    expect(await book.take(at(4, [withdrawal(alice, 500n)]))).toEqual(["parked balance_would_be_negative"]);
    const landing = { signature: signature("forged"), slot: 3, transactionIndex: 0, blockTime: null };
    await book.takeFinalized({ ...truth, ...landing });
    expect(await vaultBalances(book.sql, alice)).toEqual(["500", "0", "500", "1000", "500"]);
  });
}

bookTest("what was read as final at a new place is not contradicted by another node", async (book) => {
  await book.take(at(1, [initialise(alice)]), at(2, [deposit(alice, 900n)], { name: "d" }));
  await book.takeFinalized(at(5, [deposit(alice, 900n)], { name: "d" }));
  const told = await book.takeFinalized(at(5, [deposit(alice, 100n)], { name: "d" }));
  expect(told).toEqual(["conflict signature_has_other_content"]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["900", "0", "900", "900", "0"]);
});
