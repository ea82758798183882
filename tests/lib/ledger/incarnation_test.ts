/**
 * Vaults that are closed, opened again, paused: whose history is whose.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import {
  at,
  bookTest,
  close,
  deposit,
  initialise,
  pause,
  transfer,
  type Unplaced,
  withdrawal,
} from "@/tests/support/book.ts";
import { ledgerOf, openAlerts, vaultBalances, wholeBook } from "@/tests/support/ledger_state.ts";
import { key, vaultOf } from "@/tests/support/raw_delivery.ts";
import { chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";

const [alice, bob, heir] = [key("alice"), key("bob"), key("heir")] as [string, string, string];

/** The event with alice's vault in the hands of another owner. */
function inherited(event: Unplaced): Unplaced {
  return { ...event, owner: heir, vault: vaultOf(alice).vault } as Unplaced;
}

async function statusOf(sql: Sql, owner: string): Promise<unknown> {
  const [row] = await sql`select status from public.vaults where owner = ${owner}`;
  return row?.status;
}

bookTest("a vault is closed, and opened again by its owner, in chain order", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 10n)]), at(3, [withdrawal(alice, 10n)]));
  await take(at(4, [close(alice)]));
  expect(await statusOf(sql, alice)).toBe("closed");
  expect(await openAlerts(sql)).toEqual([`vault_closed ${alice.slice(0, 8)} × 1`]);
  await take(at(8, [initialise(alice)]), at(9, [deposit(alice, 7n)]));
  expect(await statusOf(sql, alice)).toBe("active");
  expect(await openAlerts(sql)).toEqual([]);
  // Late news of what was before changes nothing.
  await take(at(6, [initialise(alice)]), at(7, [close(alice)]));
  expect(await statusOf(sql, alice)).toBe("active");
  expect(await vaultBalances(sql, alice)).toEqual(["7", "0", "7", "17", "10"]);
});

bookTest("row 53: an event after the closing is recorded, and flagged", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [close(alice)]), at(3, [initialise(bob)]), at(4, [deposit(bob, 9n)]));
  expect(await take(at(5, [deposit(alice, 5n)]), at(6, [transfer(bob, alice, 2n)]))).toEqual(["applied", "applied"]);
  expect(await ledgerOf(sql, alice)).toEqual(["deposit confirmed 5 0 5", "transfer_in confirmed 2 5 7"]);
  const [alert] = await sql`select data from public.alerts where alert_type = 'vault_closed'`;
  expect(alert?.data).toMatchObject({ event_after_close: true, transaction_type: "transfer_in", count: 3 });
});

bookTest(
  "row 54: a new owner of an address inherits nothing, whatever order the news come in",
  async ({ take, sql }) => {
    const story: ChainTransaction[] = [
      at(1, [initialise(alice), initialise(bob)]),
      at(2, [deposit(alice, 100n), deposit(bob, 50n)]),
      at(3, [transfer(bob, alice, 20n)]),
      at(4, [withdrawal(alice, 120n)]),
      at(5, [close(alice)]),
      at(7, [inherited(initialise(heir))]),
      at(8, [transfer(bob, alice, 30n)]),
      at(9, [inherited(withdrawal(heir, 12n))]),
    ];
    await take(...story);
    expect(await ledgerOf(sql, alice)).toEqual([
      ...["deposit confirmed 100 0 100", "transfer_in confirmed 20 100 120", "withdrawal confirmed 120 120 0"],
    ]);
    expect(await ledgerOf(sql, heir)).toEqual(["transfer_in confirmed 30 0 30", "withdrawal confirmed 12 30 18"]);
    expect([await statusOf(sql, alice), await statusOf(sql, heir)]).toEqual(["closed", "active"]);
  },
);

bookTest("row 54: a row that turns out to be a new owner's is taken back from the old one", async ({ take, sql }) => {
  await take(
    at(1, [initialise(alice), initialise(bob)]),
    at(2, [deposit(bob, 50n)]),
    at(8, [transfer(bob, alice, 30n)]),
  );
  expect(await take(at(9, [inherited(withdrawal(heir, 12n))]))).toEqual(["parked vault_of_another_owner"]);
  expect(await vaultBalances(sql, alice)).toEqual(["30", "0", "30", "0", "0"]);
  expect(await take(at(7, [inherited(initialise(heir))]))).toEqual(["applied"]);
  expect(await vaultBalances(sql, alice)).toEqual(["0", "0", "0", "0", "0"]);
  expect(await ledgerOf(sql, heir)).toEqual(["transfer_in confirmed 30 0 30", "withdrawal confirmed 12 30 18"]);
  expect(await ledgerOf(sql, bob)).toEqual([
    ...["deposit confirmed 50 0 50", "transfer_out failed 30 50 50", "transfer_out confirmed 30 50 20"],
  ]);
  const [row] =
    await sql`select counterparty from public.transactions where transaction_type = 'transfer_out' and rolled_back_at is null`;
  expect(row?.counterparty).toBe(heir);
  expect(await statusOf(sql, alice)).toBe("closed");
});

bookTest("a vault is paused and resumed by itself, in chain order", async ({ take, sql }) => {
  expect(await take(at(3, [pause(true, alice)]))).toEqual(["parked vault_unknown"]);
  await take(at(1, [initialise(alice), initialise(bob)]));
  expect([await statusOf(sql, alice), await statusOf(sql, bob)]).toEqual(["paused", "active"]);
  expect(await openAlerts(sql)).toEqual([`vault_paused ${alice.slice(0, 8)} × 1`]);
  await take(at(5, [pause(false, alice)]), at(4, [pause(true, alice)]));
  expect(await statusOf(sql, alice)).toBe("active");
  expect(await openAlerts(sql)).toEqual([]);
});

bookTest(
  "pauses, closings and openings come to one status, whatever order they are heard in",
  async ({ take, sql }) => {
    const news = [
      ...[at(1, [initialise(alice)]), at(2, [pause(true, alice)]), at(3, [pause(false, alice)]), at(4, [close(alice)])],
      ...[at(5, [initialise(alice)]), at(6, [pause(true, alice)]), at(7, [close(alice)], { failed: true })],
    ];
    const seed = chosenSeed();
    for (const transaction of shuffled(news, generator(seed))) await take(transaction);
    expect([`SEED=${seed}`, await statusOf(sql, alice)]).toEqual([`SEED=${seed}`, "paused"]);
    expect((await wholeBook(sql)).length).toBe(1);
  },
);
