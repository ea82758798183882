/**
 * What a fork of the chain takes back, and where it lands again.
 *
 * @module
 */
import { expect } from "expect";
import { setTimeout as delay } from "node:timers/promises";
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, bookTest, deposit, initialise, lock, transfer, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { ledgerOf, openAlerts, vaultBalances, wholeBook } from "@/tests/support/ledger_state.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const [alice, bob, carol] = [key("alice"), key("bob"), key("carol")] as [string, string, string];

/** The same transaction in another slot. */
function moved(transaction: ChainTransaction, slot: number): ChainTransaction {
  return { ...transaction, slot };
}

/** Why rows were taken back: reason, type and slot, in their order. */
async function compensations(sql: Sql): Promise<string[]> {
  const rows = await sql`
    select c.reason, t.transaction_type, t.slot
      from vaultbook.compensations as c join public.transactions as t on t.id = c.transaction_id
     order by t.slot, t.transaction_type`;
  return rows.map((row) => Object.values(row).join(" "));
}

bookTest("rollBack() takes back what a fork dropped, on record, and once", async ({ take, lose, sql }) => {
  const second = at(3, [deposit(alice, 40n)]);
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)]), second, at(4, [lock(alice, 30n)]));
  expect(await lose(second)).toBe(1);
  expect(await lose(second)).toBe(0);
  expect(await vaultBalances(sql, alice)).toEqual(["100", "30", "70", "100", "0"]);
  expect(await ledgerOf(sql, alice)).toEqual([
    "deposit confirmed 100 0 100",
    "deposit failed 40 100 100",
    "lock confirmed 30 100 70",
  ]);
  expect(await compensations(sql)).toEqual(["landing_lost deposit 3"]);
  expect(await openAlerts(sql)).toEqual([`rolled_back ${alice.slice(0, 8)} × 1`]);
});

bookTest(
  "ingest() refuses what comes late from a lost slot, and takes what landed again",
  async ({ take, lose, sql }) => {
    const lost = at(3, [deposit(alice, 40n)]);
    await take(at(1, [initialise(alice)]), lost);
    await lose(lost);
    expect(await take(lost)).toEqual(["duplicate"]);
    expect(await vaultBalances(sql, alice)).toEqual(["0", "0", "0", "0", "0"]);
    // A fork can hold it earlier, too.
    expect(await take(moved(lost, 2))).toEqual(["applied"]);
    expect(await vaultBalances(sql, alice)).toEqual(["40", "0", "40", "40", "0"]);
    expect(await openAlerts(sql)).toEqual([]);
    expect(await take(lost, moved(lost, 2))).toEqual(["duplicate", "duplicate"]);
    expect(await ledgerOf(sql, alice)).toEqual(["deposit confirmed 40 0 40", "deposit failed 40 0 0"]);
  },
);

bookTest("ingest() refuses a late delivery from a slot that was lost before it came", async ({ take, lose, sql }) => {
  const late = at(3, [deposit(alice, 40n)]);
  await take(at(1, [initialise(alice)]));
  expect(await lose(late)).toBe(0);
  expect(await take(late)).toEqual(["ignored rolled_back"]);
  expect(await ledgerOf(sql, alice)).toEqual([]);
  expect(await take(moved(late, 9))).toEqual(["applied"]);
  expect(await vaultBalances(sql, alice)).toEqual(["40", "0", "40", "40", "0"]);
});

bookTest("ingest() follows a signature to its later slot, whichever is heard of first", async ({ take, sql }) => {
  const early = at(3, [deposit(alice, 40n)], { name: "alice's" });
  const others = at(3, [deposit(bob, 40n)], { name: "bob's" });
  await take(at(1, [initialise(alice), initialise(bob)]), early, at(5, [lock(alice, 10n), lock(bob, 10n)]));
  // In slot 4 the locks that follow are still possible: nothing else moves.
  expect(await take(moved(early, 4))).toEqual(["applied"]);
  expect(await take(early)).toEqual(["duplicate"]);
  expect(await take(moved(others, 4))).toEqual(["applied"]);
  expect(await take(others)).toEqual(["duplicate"]);
  expect(await vaultBalances(sql, alice)).toEqual(await vaultBalances(sql, bob));
  const live =
    await sql`select slot from public.transactions where rolled_back_at is null and transaction_type = 'deposit'`;
  expect(live.map(({ slot }) => slot)).toEqual(["4", "4"]);
  expect(await openAlerts(sql)).toEqual([]);
});

bookTest("ingest() answers once for a signature that lies in several places of one delivery", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]));
  const first = at(3, [deposit(alice, 40n)]);
  expect(await take(first, moved(first, 5), moved(first, 4), moved(first, 5))).toEqual([
    ...["duplicate", "applied", "duplicate", "duplicate"],
  ]);
  expect(await ledgerOf(sql, alice)).toEqual(["deposit confirmed 40 0 40"]);
});

bookTest("rollBack() takes what depended on it too, and all of it comes back", async ({ take, lose, sql }) => {
  const income = at(3, [deposit(alice, 50n)]);
  await take(
    ...[at(1, [initialise(alice), initialise(bob), initialise(carol)]), at(2, [deposit(bob, 5n)]), income],
    ...[at(4, [transfer(alice, bob, 50n)]), at(5, [transfer(bob, carol, 55n)]), at(6, [withdrawal(carol, 1n)])],
  );
  const before = await wholeBook(sql);
  expect(await lose(income)).toBe(1);
  expect(await vaultBalances(sql, bob)).toEqual(["5", "0", "5", "5", "0"]);
  expect(await vaultBalances(sql, carol)).toEqual(["0", "0", "0", "0", "0"]);
  expect(await compensations(sql)).toEqual([
    "landing_lost deposit 3",
    ...["depended_on_it transfer_in 4", "depended_on_it transfer_out 4"],
    ...["depended_on_it transfer_in 5", "depended_on_it transfer_out 5", "depended_on_it withdrawal 6"],
  ]);
  expect(await openAlerts(sql)).toEqual(
    [alice, bob, carol].map((owner) => owner.slice(0, 8)).sort().map((owner) =>
      expect.stringMatching(`rolled_back ${owner}`)
    ),
  );
  expect(await take({ ...income, transactionIndex: 7 } as ChainTransaction)).toEqual(["duplicate"]);
  expect(await take(moved(income, 2))).toEqual(["applied"]);
  const live = (lines: string[]): string[] => lines.filter((line) => line.includes("confirmed"));
  expect(live(await wholeBook(sql)).length).toBe(live(before).length);
  expect(await vaultBalances(sql, carol)).toEqual(["54", "0", "54", "0", "1"]);
  expect(await openAlerts(sql)).toEqual([]);
});

bookTest("rollBack() makes room for what waited", async ({ take, lose, sql }) => {
  const spent = at(3, [withdrawal(alice, 60n)]);
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)]), spent);
  expect(await take(at(9, [withdrawal(alice, 70n)]))).toEqual(["parked balance_would_be_negative"]);
  await lose(spent);
  expect(await vaultBalances(sql, alice)).toEqual(["30", "0", "30", "100", "70"]);
});

bookTest("a finalized landing wins over any other, and stays", async ({ take, takeFinalized, lose, sql }) => {
  const tx = at(3, [deposit(alice, 40n)]);
  await take(at(1, [initialise(alice)]), moved(tx, 8));
  expect(await takeFinalized(tx)).toEqual(["applied"]);
  expect(await take(moved(tx, 9))).toEqual(["duplicate"]);
  expect(await lose(tx)).toBe(0);
  const [row] = await sql`select slot, finalized_at from public.transactions where rolled_back_at is null`;
  expect([row?.slot, row?.finalized_at instanceof Date]).toEqual(["3", true]);
  expect(await vaultBalances(sql, alice)).toEqual(["40", "0", "40", "40", "0"]);
});

bookTest("what was taken for lost and is finalized takes effect again", async ({ take, takeFinalized, lose, sql }) => {
  const tx = at(3, [deposit(alice, 40n)]);
  await take(at(1, [initialise(alice)]), tx);
  await lose(tx);
  expect(await takeFinalized(tx)).toEqual(["applied"]);
  expect(await takeFinalized(tx)).toEqual(["duplicate"]);
  expect(await vaultBalances(sql, alice)).toEqual(["40", "0", "40", "40", "0"]);
});

bookTest("rollBack() of a vault's initialisation takes all that happened in it", async ({ take, lose, sql }) => {
  const opening = at(2, [initialise(alice)]);
  await take(at(1, [initialise(bob)]), opening, at(3, [deposit(alice, 9n)]), at(4, [transfer(alice, bob, 4n)]));
  expect(await lose(opening)).toBe(1);
  expect(await vaultBalances(sql, bob)).toEqual(["0", "0", "0", "0", "0"]);
  const [vault] = await sql`select status from public.vaults where owner = ${alice}`;
  expect(vault?.status).toBe("closed");
  const waiting = await sql`select code from vaultbook.inbox where outcome = 'parked'`;
  expect(waiting.map(({ code }) => code)).toEqual(["vault_unknown", "vault_unknown"]);
  expect(await take(moved(opening, 1), moved(opening, 3))).toEqual(["duplicate", "applied"]);
  expect(await vaultBalances(sql, bob)).toEqual(["4", "0", "4", "0", "0"]);
  expect(await vaultBalances(sql, alice)).toEqual(["5", "0", "5", "9", "0"]);
});

bookTest("rollBack() of a failed transaction takes back its row only", async ({ take, lose, sql }) => {
  const failed = at(3, [withdrawal(alice, 40n)], { failed: true });
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 1n)]), failed);
  await lose(failed);
  expect(await take(moved(failed, 6))).toEqual(["failed"]);
  const rows =
    await sql`select slot, rolled_back_at is null as live from public.transactions where status = 'failed' order by slot`;
  expect(rows.map((row) => Object.values(row).join(" "))).toEqual(["3 false", "6 true"]);
});

bookTest("rollBack() of a pause resumes", async ({ take, lose, sql }) => {
  const pause: Unplaced = { kind: "pause", vault: null, paused: true, authority: key("admin") };
  await take(at(3, [pause]));
  expect(await openAlerts(sql)).toEqual(["vault_paused protocol × 1"]);
  await lose(at(3, [pause]));
  expect(await openAlerts(sql)).toEqual([]);
});

bookTest("what one call takes back is told of once, though another call waits for it", async (book) => {
  const paid = at(2, [deposit(alice, 900n)], { name: "d" });
  await book.sql`update public.snapshot_rules set threshold = 1, every = '0' where series = 'event'`;
  await book.take(at(1, [initialise(alice), initialise(bob)]), paid);
  const snapshots = async (): Promise<number> =>
    Number((await book.sql`select count(*) from public.balance_snapshots where vault_owner = ${alice}`)[0]?.count);
  const before = await snapshots();
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const held = book.sql.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock_shared(hashtext('vaultbook.ingest'))`;
    await release;
  });
  await delay(200);
  const lost = book.lose(paid);
  await delay(200);
  const other = book.take(at(3, [deposit(bob, 1n)])); // Of another vault; it only waits for its turn.
  await delay(200);
  resolve();
  await Promise.all([held, lost, other]);
  const told = (await openAlerts(book.sql)).filter((line) => line.startsWith("rolled_back"));
  expect([told.map((line) => line.split(" × ")[1]), await snapshots() - before]).toEqual([["1"], 1]);
});
