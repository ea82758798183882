import { expect } from "expect";
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, bookTest, deposit, initialise, transfer, withdrawal } from "@/tests/support/book.ts";
import { openAlerts } from "@/tests/support/ledger_state.ts";
import { key, vaultOf } from "@/tests/support/raw_delivery.ts";

const [alice, bob] = [key("alice"), key("bob")] as [string, string];

/** The open gaps: after which slot and before which, and how often they showed. */
async function gaps(sql: Sql): Promise<unknown[]> {
  const rows = await sql`
    select data -> 'after_slot' as after, data -> 'before_slot' as before, data -> 'count' as count
      from public.alerts where alert_type = 'gap_detected' and resolved_at is null`;
  return rows.map((row) => [row.after, row.before, row.count]);
}

bookTest(
  "ingest() names the vault and the slots between which an event is missing, until it comes",
  async ({ take, sql }) => {
    await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 100n, 100n)]));
    expect(await gaps(sql)).toEqual([]);
    // The deposit of 5 in slot 3 was lost.
    await take(at(4, [deposit(alice, 7n, 112n)]));
    expect(await gaps(sql)).toEqual([[2, 4, 1]]);
    expect(await openAlerts(sql)).toEqual([`gap_detected ${alice.slice(0, 8)} × 1`]);
    // What comes behind the gap shows it again, and does not move it.
    await take(at(6, [deposit(alice, 1n, 113n)]));
    expect(await gaps(sql)).toEqual([[2, 4, 2]]);
    await take(at(3, [deposit(alice, 5n, 105n)]));
    expect(await gaps(sql)).toEqual([]);
  },
);

bookTest("ingest() moves a gap to where it begins when that becomes known", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]));
  // Of the deposits in slots 2, 4 and 6 only the last arrives first.
  await take(at(6, [deposit(alice, 1n, 111n)]));
  expect(await gaps(sql)).toEqual([[null, 6, 1]]);
  await take(at(4, [deposit(alice, 10n, 110n)]));
  expect(await gaps(sql)).toEqual([[null, 4, 2]]);
  await take(at(2, [deposit(alice, 100n, 100n)]));
  expect(await gaps(sql)).toEqual([]);
});

bookTest("ingest() goes on to the next gap when the first one is filled", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 1n, 1n)]));
  // Those of slots 3 and 5 are missing.
  await take(at(4, [deposit(alice, 1n, 3n)]), at(6, [deposit(alice, 1n, 5n)]));
  expect(await gaps(sql)).toEqual([[2, 4, 1]]);
  await take(at(3, [deposit(alice, 1n, 2n)]));
  expect(await gaps(sql)).toEqual([[4, 6, 2]]);
  await take(at(5, [deposit(alice, 1n, 4n)]));
  expect(await gaps(sql)).toEqual([]);
});

/** The transaction with what its payload says of alice's token account. */
function holding(transaction: ChainTransaction, before: bigint, after: bigint): ChainTransaction {
  const { vault, tokenAccount } = vaultOf(alice);
  return {
    ...transaction,
    tokenBalances: [{ account: tokenAccount, owner: vault, before, after }],
  } as ChainTransaction;
}

async function surplus(sql: Sql): Promise<unknown[]> {
  const rows = await sql`
    select data -> 'surplus' as surplus from public.alerts where alert_type = 'token_surplus' and resolved_at is null`;
  return rows.map((row) => row.surplus);
}

bookTest("ingest() sees by the token account that an event is missing, until it comes", async ({ take, sql }) => {
  await take(at(1, [initialise(alice), initialise(bob)]), holding(at(2, [deposit(alice, 100n)]), 0n, 100n));
  expect(await gaps(sql)).toEqual([]);
  // The transfer of 30 in slot 3 was lost; the one in slot 4 states no balance, but the tokens do.
  await take(holding(at(4, [transfer(alice, bob, 10n)]), 70n, 60n));
  expect(await gaps(sql)).toEqual([[2, 4, 1]]);
  // What follows shows the same difference: no second gap.
  await take(holding(at(5, [transfer(alice, bob, 5n)]), 60n, 55n));
  await take(holding(at(3, [transfer(alice, bob, 30n)]), 100n, 70n));
  expect(await gaps(sql)).toEqual([]);
  expect(await surplus(sql)).toEqual([]);
});

bookTest("ingest() takes more tokens than events tell for a surplus, until the event comes", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), holding(at(4, [deposit(alice, 1n)]), 8n, 9n));
  expect([await gaps(sql), await surplus(sql)]).toEqual([[], ["8"]]);
  await take(holding(at(3, [deposit(alice, 8n)]), 0n, 8n));
  expect([await gaps(sql), await surplus(sql)]).toEqual([[], []]);
});

bookTest("ingest() reports tokens that somebody gave away as a surplus, not as a gap", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), holding(at(2, [deposit(alice, 100n, 100n)]), 0n, 100n));
  await take(holding(at(4, [deposit(alice, 5n, 105n)]), 107n, 112n));
  expect(await gaps(sql)).toEqual([]);
  expect(await surplus(sql)).toEqual(["7"]);
  // Also in the very transaction of an event.
  await take(holding(at(5, [withdrawal(alice, 5n, 100n)]), 112n, 110n));
  expect(await gaps(sql)).toEqual([]);
  expect(await surplus(sql)).toEqual(["10"]);
  // An event that was missing after all, and said so.
  await take(holding(at(6, [deposit(alice, 1n, 101n)]), 100n, 101n));
  expect(await surplus(sql)).toEqual([]);
});

bookTest("ingest() takes tokens that are gone for a gap, whatever the event says", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), holding(at(2, [deposit(alice, 100n, 100n)]), 0n, 100n));
  await take(holding(at(4, [deposit(alice, 5n, 105n)]), 90n, 95n));
  expect(await gaps(sql)).toEqual([[2, 4, 1]]);
});
