/**
 * Thinning of old snapshots: what stays, what goes, and that it can be stopped anywhere.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { retainSnapshots } from "@/lib/ledger/retention.ts";
import { takeSnapshots, takeTvl } from "@/lib/ledger/snapshots.ts";
import { at, bookTest, deposit, initialise } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { minute } from "@/tests/support/ticking.ts";

const [alice, bob] = [key("alice"), key("bob")];
const HOUR = 60;
const DAY = 24 * HOUR;

/** The snapshots that are left of each vault, in hours of the tests' first day; `d` behind a daily summary. */
async function left(sql: Sql, owner = alice): Promise<string> {
  const rows = await sql<{ line: string }[]>`
    select round(extract(epoch from timestamp - ${minute(0)}::timestamptz) / 3600, 2)::float8::text
           || case snapshot_type when 'daily_summary' then 'd' else '' end as line
      from public.balance_snapshots where vault_owner = ${owner} order by timestamp, snapshot_type`;
  return rows.map(({ line }) => line).join(" ");
}

async function leftTvl(sql: Sql): Promise<string> {
  const rows = await sql<{ line: string }[]>`
    select round(extract(epoch from timestamp - ${minute(0)}::timestamptz) / 3600, 2)::float8::text as line
      from public.tvl_snapshots order by timestamp`;
  return rows.map(({ line }) => line).join(" ");
}

bookTest("old snapshots are thinned to one an hour, then one a day, then none; the ledger never", async (book) => {
  const { take, sql, database } = book;
  await take(at(1, [initialise(alice), initialise(bob)]), at(2, [deposit(alice, 7n)]));
  await sql`update public.retention_rules set raw_for = '1 day', hourly_for = '2 days', daily_for = '4 days'`;
  for (const time of [0, 5, 55, HOUR + 5, HOUR + 30, DAY, DAY + 5]) {
    await takeSnapshots(database, "periodic", minute(time));
    await takeTvl(database, minute(time));
  }
  await takeSnapshots(database, "daily_summary", minute(5));
  const all = "0 0.08d 0.08 0.92 1.08 1.5 24 24.08";
  const retain = async (time: number): Promise<string> => {
    expect((await retainSnapshots(database, { now: minute(time) })).isComplete).toBe(true);
    return await left(sql);
  };
  expect(await left(sql)).toBe(all);
  expect(await retain(DAY)).toBe(all);
  expect(await retain(DAY + HOUR + 59)).toBe("0.08d 0.92 1.08 1.5 24 24.08");
  expect(await leftTvl(sql)).toBe("0.92 1.08 1.5 24 24.08");
  expect(await retain(DAY + 2 * HOUR)).toBe("0.08d 0.92 1.5 24 24.08");
  expect(await retain(3 * DAY - 1)).toBe("0.08d 0.92 1.5 24.08");
  expect(await retain(3 * DAY)).toBe("0.08d 24.08");
  expect(await leftTvl(sql)).toBe("1.5 24.08");
  expect(await retain(4 * DAY)).toBe("0.08d 24.08");
  expect(await retain(5 * DAY)).toBe("24.08");
  expect(await left(sql, bob)).toBe("24.08");
  expect(await retain(9 * DAY)).toBe("");
  expect(await leftTvl(sql)).toBe("");
  const [kept] = await sql`
    select (select count(*) from public.transactions)::integer as rows, (select count(*) from vaultbook.inbox)::integer as items,
           (select count(*) from vaultbook.ticks)::integer as ticks`;
  expect(kept).toEqual({ rows: 1, items: 2, ticks: 15 });
});

bookTest("by default a week stays whole, a quarter by the hour, and a day for ever", async (book) => {
  const { take, sql, database } = book;
  await take(at(1, [initialise(alice)]));
  for (const time of [0, 5, HOUR, HOUR + 5]) await takeSnapshots(database, "periodic", minute(time));
  const retained = async (days: number): Promise<[number, string]> => {
    const { removed } = await retainSnapshots(database, { now: minute(days * DAY) });
    return [removed.balance_snapshots, await left(sql)];
  };
  expect(await retained(7)).toEqual([0, "0 0.08 1 1.08"]);
  expect(await retained(8)).toEqual([2, "0.08 1.08"]);
  expect(await retained(90)).toEqual([0, "0.08 1.08"]);
  expect(await retained(91)).toEqual([1, "1.08"]);
  expect(await retained(5_000)).toEqual([0, "1.08"]);
  // A rule that grows brings nothing back; one that shrinks is effective at once.
  await sql`update public.retention_rules set daily_for = '100 days' where series = 'vaults'`;
  expect(await retained(5_000)).toEqual([1, ""]);
});

bookTest("thinning goes on where it was stopped, vault by vault, and by several at once", async (book) => {
  const { take, sql, database } = book;
  const owners = Array.from({ length: 2_100 }, (_, number) => key(`owner ${number}`));
  await take(at(1, [initialise(alice)]));
  await sql.begin(async (own) => {
    await own`set local role vaultbook_ledger`;
    await own`insert into public.vaults (owner, vault_address, token_account) select o, o, o from unnest(${owners}::text[]) as o`;
    await own`select vaultbook.recount_totals()`;
  });
  for (const time of [0, 5, 10, HOUR, HOUR + 5]) await takeSnapshots(database, "periodic", minute(time));
  const now = minute(8 * DAY);
  const count = async (): Promise<number> =>
    (await sql<{ count: number }[]>`select count(*)::integer from public.balance_snapshots`)[0]?.count ?? 0;
  expect(await count()).toBe(5 * 2_101);
  const stoppedAfter = async (batches: number): Promise<number> => {
    const { isComplete, removed } = await retainSnapshots(database, {
      now,
      goesOn: () => Promise.resolve(--batches > 0),
    });
    expect(isComplete).toBe(false);
    return removed.balance_snapshots;
  };
  // Three find nothing: the days and hours of the TVL, and the days of the vaults.
  expect(await stoppedAfter(4)).toBe(2_000);
  expect(await stoppedAfter(2)).toBe(2_202);
  const reports = await Promise.all([1, 2, 3].map(() => retainSnapshots(database, { now })));
  expect(reports.map(({ isComplete }) => isComplete)).toEqual([true, true, true]);
  expect(reports.reduce((all, { removed }) => all + removed.balance_snapshots, 0)).toBe(2_101);
  expect(await count()).toBe(2 * 2_101);
});
