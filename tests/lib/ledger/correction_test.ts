/**
 * Corrections in the ledger: each comes to the balances it was written for, or gives way to what happened.
 *
 * @module
 */
import { expect } from "expect";
import { openPending } from "@/lib/ledger/pending.ts";
import { at, type Book, bookTest, deposit, initialise, lock, unlock, withdrawal } from "@/tests/support/book.ts";
import { correct, type Correction, correctionsOf } from "@/tests/support/corrections.ts";
import { ledgerOf, openAlerts, vaultBalances } from "@/tests/support/ledger_state.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");
const FIVE: Correction = { owner: alice, slot: 10, kind: "deposit", amount: 5n, totalAfter: 105n };

/** A vault with 100. */
async function hundred({ take }: Book, owner = alice): Promise<void> {
  await take(at(1, [initialise(owner)], { name: `${owner} 1` }), at(2, [deposit(owner, 100n)], { name: `${owner} 2` }));
}

/** Why rows were taken back. */
async function reasons({ sql }: Book): Promise<string[]> {
  return (await sql`select reason from vaultbook.compensations order by compensated_at`).map(({ reason }) => reason);
}

bookTest("a correction is a row with its reason, final, and once", async (book) => {
  await hundred(book);
  await book.take(at(12, [deposit(alice, 10n)]));
  expect(await correct(book.sql, FIVE)).toBe("applied");
  expect(await correct(book.sql, FIVE)).toBe("duplicate");
  expect(await vaultBalances(book.sql, alice)).toEqual(["115", "0", "115", "115", "0"]);
  expect(await ledgerOf(book.sql, alice)).toEqual([
    "deposit confirmed 100 0 100",
    "deposit confirmed 5 100 105",
    "deposit confirmed 10 105 115",
  ]);
  const [row] = await book.sql`
    select note, finalized_at is not null as final, amount from public.transactions where vaultbook.is_correction(signature)`;
  expect(row).toEqual({ note: "Correction", final: true, amount: "5" });
  expect(await book.sql`select outcome, amount from vaultbook.corrections`).toEqual([{
    outcome: "applied",
    amount: "5",
  }]);
  // A fork cannot take away what is on no chain.
  expect(await book.take(at(14, [withdrawal(alice, 115n)]))).toEqual(["applied"]);
  expect(await openAlerts(book.sql)).toEqual([]);
});

bookTest("a correction that does not come to its balances has no effect", async (book) => {
  await hundred(book);
  expect(await correct(book.sql, { ...FIVE, totalAfter: 106n })).toBe("parked");
  expect(await correct(book.sql, { ...FIVE, kind: "withdrawal", amount: 101n, totalAfter: -1n })).toBe("parked");
  expect(await vaultBalances(book.sql, alice)).toEqual(["100", "0", "100", "100", "0"]);
  expect(await ledgerOf(book.sql, alice)).toEqual(["deposit confirmed 100 0 100"]);
});

bookTest("row 21: a correction gives way to the late event that it stood for, and to no later one", async (book) => {
  await hundred(book);
  await correct(book.sql, FIVE);
  await book.take(at(20, [deposit(alice, 1n)]));
  expect(await correctionsOf(book.sql, alice)).toEqual(["10 applied"]);
  expect(await book.take(at(3, [deposit(alice, 5n)]))).toEqual(["applied"]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["106", "0", "106", "106", "0"]);
  expect(await correctionsOf(book.sql, alice)).toEqual(["10 parked correction_outdated"]);
  expect(await reasons(book)).toEqual(["correction_outdated"]);
  // Nothing that a chain did was taken back.
  expect(await openAlerts(book.sql)).toEqual([]);
});

bookTest("a correction gives way to what is impossible beside it", async (book) => {
  await hundred(book);
  await correct(book.sql, { ...FIVE, kind: "withdrawal", amount: 80n, totalAfter: 20n });
  expect(await book.take(at(3, [withdrawal(alice, 80n)]))).toEqual(["applied"]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["20", "0", "20", "100", "80"]);
  expect(await correctionsOf(book.sql, alice)).toEqual(["10 parked correction_outdated"]);
});

bookTest("a correction gives way to a late lock too: it was written for what is available as well", async (book) => {
  await hundred(book);
  await correct(book.sql, FIVE);
  await book.take(at(3, [lock(alice, 3n)]));
  expect(await correctionsOf(book.sql, alice)).toEqual(["10 parked correction_outdated"]);
  await book.take(at(4, [unlock(alice, 3n)]));
  expect(await correctionsOf(book.sql, alice)).toEqual(["10 applied"]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["105", "0", "105", "105", "0"]);
});

bookTest("what is impossible with and without it moves no correction", async (book) => {
  await hundred(book);
  await correct(book.sql, FIVE);
  expect(await book.take(at(3, [withdrawal(alice, 1_000n)]))).toEqual(["parked balance_would_be_negative"]);
  expect(await book.take(at(4, [deposit(alice, 900n)], { failed: true }))).toEqual(["failed"]);
  expect(await correctionsOf(book.sql, alice)).toEqual(["10 applied"]);
  expect(await reasons(book)).toEqual([]);
  expect((await ledgerOf(book.sql, alice)).filter((row) => row.includes(" 5 "))).toEqual([
    "deposit confirmed 5 100 105",
  ]);
});

bookTest("of two corrections only the one gives way whose event came", async (book) => {
  await hundred(book);
  await correct(book.sql, FIVE);
  await correct(book.sql, { ...FIVE, slot: 20, amount: 2n, totalAfter: 107n });
  await book.take(at(3, [deposit(alice, 5n)]));
  expect(await correctionsOf(book.sql, alice)).toEqual(["10 parked correction_outdated", "20 applied"]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["107", "0", "107", "107", "0"]);
  await book.take(at(15, [deposit(alice, 2n)]));
  expect(await correctionsOf(book.sql, alice)).toEqual([
    "10 parked correction_outdated",
    "20 parked correction_outdated",
  ]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["107", "0", "107", "107", "0"]);
});

bookTest(
  "row 7: a correction gives way when a fork drops what it was built on, and is right again when that lands",
  async (book) => {
    await hundred(book);
    const built = at(3, [deposit(alice, 50n)]);
    await book.take(built);
    await correct(book.sql, { ...FIVE, totalAfter: 155n });
    expect(await book.lose(built)).toBe(1);
    expect(await correctionsOf(book.sql, alice)).toEqual(["10 parked correction_outdated"]);
    expect(await vaultBalances(book.sql, alice)).toEqual(["100", "0", "100", "100", "0"]);
    await book.take({ ...built, slot: 4 });
    expect(await correctionsOf(book.sql, alice)).toEqual(["10 applied"]);
    expect(await vaultBalances(book.sql, alice)).toEqual(["155", "0", "155", "155", "0"]);
  },
);

bookTest("a correction settles nothing that a wallet announced", async (book) => {
  await hundred(book);
  const { id } = await openPending(book.database, {
    owner: alice,
    type: "deposit",
    amount: 5n,
    idempotencyKey: "five",
  });
  await correct(book.sql, FIVE);
  expect(await book.sql`select status from public.transactions where id = ${id}`).toEqual([{ status: "pending" }]);
});
