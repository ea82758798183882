/**
 * Snapshots: one of each vault in each tick, of one moment, and holes that are seen.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { currentTvl, takeSnapshots, takeTvl } from "@/lib/ledger/snapshots.ts";
import { at, close, deposit, initialise, lock, transfer, withdrawal } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { minute, timeTest } from "@/tests/support/ticking.ts";

const [alice, bob, carol] = [key("alice"), key("bob"), key("carol")];

/** Rows of a type in order: when, whose, how much; in minutes of the tests' day. */
async function rowsOf(sql: Sql, type: string): Promise<string[]> {
  const rows = await sql<{ timestamp: Date; vault_owner: string; total_balance: string }[]>`
    select timestamp, vault_owner, total_balance from public.balance_snapshots where snapshot_type = ${type} order by id`;
  const names = new Map([[alice, "alice"], [bob, "bob"], [carol, "carol"]]);
  return rows.map((row) =>
    `${(row.timestamp.getTime() - Date.parse(minute(0))) / 60_000} ${names.get(row.vault_owner)} ${row.total_balance}`
  );
}

async function holes(sql: Sql): Promise<string[]> {
  const rows =
    await sql`select series, ticks, before_tick is null as is_open from vaultbook.missed_ticks order by 1, after_tick`;
  return rows.map(({ series, ticks, is_open }) => `${series} ${ticks}${is_open ? " and counting" : ""}`);
}

timeTest(
  "a tick has one row of each vault, of the moment it was taken, however often it is asked for",
  async (book) => {
    const { take, sql, database } = book;
    await take(at(1, [initialise(alice), initialise(bob)]), at(2, [deposit(alice, 70n)]));
    expect(await takeSnapshots(database, "periodic", minute(6))).toEqual({
      tick: minute(5),
      takenAt: minute(6),
      vaults: 2,
      isNew: true,
      missed: 0,
    });
    await take(at(3, [deposit(bob, 1n)]));
    expect(await takeSnapshots(database, "periodic", minute(9.99))).toEqual({
      tick: minute(5),
      takenAt: minute(6),
      vaults: 2,
      isNew: false,
      missed: 0,
    });
    expect(await takeSnapshots(database, "periodic", minute(10))).toMatchObject({ tick: minute(10), isNew: true });
    const [first, second] = [alice, bob].sort();
    const held = new Map([[alice, ["alice 70", "alice 70"]], [bob, ["bob 0", "bob 1"]]]);
    expect(await rowsOf(sql, "periodic")).toEqual([
      ...[first, second].map((owner) => `6 ${held.get(owner ?? "")?.[0]}`),
      ...[first, second].map((owner) => `10 ${held.get(owner ?? "")?.[1]}`),
    ]);
    // RFC 9562, version 7: the ids say when, and lie in the order that they were written in.
    const ids = await sql<{ id: string }[]>`select id from public.balance_snapshots order by id`;
    for (const { id } of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(ids[0]?.id.replace("-", "").slice(0, 12) ?? "", 16)).toBe(Date.parse(minute(6)));
  },
);

timeTest("missed ticks are flagged and never made up; late calls and a rule that changes invent none", async (book) => {
  const { sql, database } = book;
  for (const minutes of [0, 5, 14.9, 60]) await takeTvl(database, minute(minutes));
  expect(await holes(sql)).toEqual(["tvl 9"]);
  expect((await takeTvl(database, minute(120))).missed).toBe(11);
  await sql`update public.snapshot_rules set every = '1 hour' where series = 'tvl'`;
  expect((await takeTvl(database, minute(185))).missed).toBe(0);
  await sql`update public.snapshot_rules set every = '5 minutes' where series = 'tvl'`;
  expect((await takeTvl(database, minute(185))).missed).toBe(0);
  expect((await takeTvl(database, minute(195))).missed).toBe(1);
  expect(await holes(sql)).toEqual(["tvl 9", "tvl 11", "tvl 1"]);
});

timeTest("a hole is seen while it lasts", async ({ sql, database }) => {
  await takeTvl(database, new Date(Date.now() - 62 * 60_000).toISOString());
  expect(await holes(sql)).toEqual([expect.stringMatching(/^tvl 1[12] and counting$/)]);
});

timeTest("a closed vault that holds nothing has a last row, and then none", async ({ take, sql, database }) => {
  await take(at(1, [initialise(alice), initialise(bob)]), at(2, [deposit(alice, 5n), deposit(bob, 6n)]));
  const long = (times: number): string => new Date(Date.now() + times * 300_000).toISOString();
  const counted = async (times: number): Promise<number> =>
    (await takeSnapshots(database, "periodic", long(times))).vaults;
  await sql`update public.snapshot_rules set every = '1 minute' where series = 'periodic'`;
  expect(await counted(0)).toBe(2);
  await take(at(3, [withdrawal(alice, 5n), close(alice)]));
  expect(await counted(1)).toBe(2);
  await sql`update vaultbook.ticks set recorded_at = recorded_at + interval '1 hour'`;
  expect(await counted(2)).toBe(1);
  // Closed, but not empty: the chain says so, and it counts.
  await take(at(4, [close(bob)]), at(5, [deposit(alice, 1n)]));
  expect(await counted(3)).toBe(2);
  expect(await currentTvl(database)).toEqual({ total: 7n, locked: 0n, available: 7n, vaults: 2 });
});

timeTest("the totals follow whatever moves, is taken back, opens and closes", async ({ take, lose, database }) => {
  const paid = at(2, [deposit(alice, 70n), deposit(bob, 30n), lock(bob, 10n)]);
  await take(at(1, [initialise(alice), initialise(bob)]), paid);
  await take(at(3, [transfer(bob, alice, 15n, "Settlement")]));
  expect(await currentTvl(database)).toEqual({ total: 100n, locked: 0n, available: 100n, vaults: 2 });
  await lose(paid);
  expect(await currentTvl(database)).toEqual({ total: 0n, locked: 0n, available: 0n, vaults: 2 });
  await take({ ...paid, slot: 9 });
  await take(at(10, [close(bob)]));
  expect(await currentTvl(database)).toMatchObject({ total: 100n, vaults: 2 });
});

timeTest("an event snapshot takes a change that is large enough, and one pause after the other", async (book) => {
  const { take, sql } = book;
  const large = 100_000_000n;
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, large - 1n)]));
  const events = async (): Promise<string[]> =>
    (await sql`select total_balance, locked_balance from public.balance_snapshots order by timestamp`)
      .map((row) => Object.values(row).join(" "));
  expect(await events()).toEqual([]);
  await take(at(3, [deposit(alice, 1n)]));
  expect(await events()).toEqual(["100000000 0"]);
  // One of each event would be too many in a busy vault.
  for (let slot = 4; slot < 9; slot++) await take(at(slot, [deposit(alice, large)]));
  expect(await events()).toEqual(["100000000 0"]);
  await sql`update public.snapshot_rules set every = '0' where series = 'event'`;
  await take(at(9, [deposit(alice, 1n)]));
  await take(at(10, [lock(alice, large)]));
  await take(at(11, [lock(alice, large - 1n)]));
  expect(await events()).toEqual(["100000000 0", "600000001 0", "600000001 100000000"]);
});
