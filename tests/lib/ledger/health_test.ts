import { expect } from "expect";
import type { Sql } from "postgres";
import type { Database } from "@/lib/ledger/database.ts";
import { readHealth } from "@/lib/ledger/health.ts";
import { bookTest } from "@/tests/support/book.ts";

bookTest("a year of ticks makes the health no slower: it looks at those of a day", async ({ sql }) => {
  // A tick each five minutes, but for two that are missing in the last hour, and three half a year ago.
  await sql`
    insert into vaultbook.ticks (series, tick, every, taken_at, vaults, total_balance, locked_balance, changes)
    select 'tvl', tick, '5 minutes', tick, 0, 0, 0, 0
      from (
        select date_bin('5 minutes', now(), '2000-01-01 00:00Z') - n * interval '5 minutes' as tick, n from generate_series(0, 105119) as n
      ) as made
     where n not in (4, 5, 52000, 52001, 52002)`;
  await sql`vacuum (analyze) vaultbook.ticks`;
  await sql.begin(async (own) => {
    const database = { run: (work: (sql: Sql) => Promise<unknown>) => work(own as unknown as Sql) } as Database;
    expect(await readHealth(database, "no program")).toMatchObject({ missed_ticks: 2 });
    expect(await ticksRead(own as unknown as Sql)).toBeLessThan(2000);
    const missed = own`select sum(ticks)::integer as ticks from vaultbook.missed_ticks`;
    expect([...await missed]).toEqual([{ ticks: 5 }]);
  });
});

/** Ticks that this transaction has read, by whatever way. */
async function ticksRead(sql: Sql): Promise<number> {
  const [row] = await sql`
    select (
      pg_stat_get_xact_tuples_returned('vaultbook.ticks'::regclass) + pg_stat_get_xact_tuples_returned('vaultbook.ticks_pkey'::regclass)
    )::integer as read`;
  return row?.read as number;
}
