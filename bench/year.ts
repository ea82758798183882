/**
 * A year of ticks, taken and thinned as the default rules say: how much is left of it, and how long questions about it take. The vaults are
 * few, so that it can be had in minutes; rows and bytes grow with their number, which is what is counted on below.
 *
 * @module
 */
import type { Sql } from "postgres";
import { fillVaults, isWanted, median, onDatabase, report, sizeOf, tell, timeOf } from "./measure.ts";

const vaults = sizeOf("vaults", 20);
const MANY = 10_000;
const DAYS = 365;
const TICKS = 288;
const CALLS = 200;

/** Day by day: each tick by the functions that the jobs call, and at the end of the day what the monitor calls. */
async function live(sql: Sql): Promise<void> {
  for (let day = 0; day < DAYS; day++) {
    const midnight = `timestamptz '2026-01-01 00:00Z' + ${day} * interval '1 day'`;
    await sql.unsafe(`
      do $$
      declare
        own timestamptz;
      begin
        for own in select ${midnight} + tick * interval '5 minutes' from generate_series(0, ${TICKS - 1}) as tick loop
          perform vaultbook.take_snapshots('periodic', own);
          perform vaultbook.take_tvl(own);
        end loop;
        perform vaultbook.take_snapshots('daily_summary', ${midnight} + interval '5 minutes');
      end
      $$`);
    for (;;) {
      const [batch] = await sql.unsafe(`select is_complete from vaultbook.retain(${midnight} + interval '1 day')`);
      if (batch?.is_complete) break;
    }
    if (day % 30 === 0) {
      tell(`Day ${day}`);
      await sql`vacuum (analyze) public.balance_snapshots`;
      await sql`vacuum (analyze) public.tvl_snapshots`;
      await sql`vacuum (analyze) vaultbook.ticks`;
    }
  }
}

/** Bytes of a table with its indexes, and its rows. */
async function sizeOfTable(sql: Sql, table: string): Promise<{ bytes: number; rows: number }> {
  const [row] = await sql.unsafe<{ bytes: number; rows: number }[]>(
    `select pg_total_relation_size('${table}')::float8 as bytes, (select count(*) from ${table})::float8 as rows`,
  );
  return row ?? { bytes: 0, rows: 0 };
}

async function query(sql: Sql, name: string, text: string): Promise<void> {
  const [row] = await sql<{ owner: string }[]>`select owner from public.vaults offset 3 limit 1`;
  const times: number[] = [];
  const bare: number[] = [];
  for (let call = 0; call < CALLS; call++) {
    times.push(await timeOf(() => sql.unsafe(text, text.includes("$1") ? [row?.owner ?? ""] : [])));
    bare.push(await timeOf(() => sql`select total_balance from public.vaults where owner = ${row?.owner ?? ""}`));
  }
  const ceiling = { ceiling: median(bare), ceiling_name: "look-up of one vault" };
  report({ name: `year/${name}`, unit: "ms", ours: median(times), ...ceiling });
}

async function bench(sql: Sql): Promise<void> {
  await fillVaults(sql, vaults);
  await live(sql);
  await sql`vacuum (analyze) public.balance_snapshots`;
  const [left, tvl] = [
    await sizeOfTable(sql, "public.balance_snapshots"),
    await sizeOfTable(sql, "public.tvl_snapshots"),
  ];
  const all = vaults * DAYS * (TICKS + 1);
  report({ name: "year/rows", unit: "rows", ours: left.rows, ceiling: all, ceiling_name: "all that were taken" });
  const [perVault, perRow] = [left.rows / vaults, left.bytes / left.rows];
  tell(
    `${perVault} rows a vault are left; ${Math.round(perRow)} bytes a row with indexes and what deleted rows left free`,
  );
  report({
    name: `year/size of ${MANY} vaults`,
    unit: "GB",
    ours: perVault * MANY * perRow / 1e9,
    ceiling: all / vaults * MANY * perRow / 1e9,
    ceiling_name: "if nothing were thinned",
  });
  tell(`${tvl.rows} rows of the TVL are left, ${Math.round(tvl.bytes / 1e6)} MB`);
  const rows = "select timestamp, total_balance from public.balance_snapshots where vault_owner = $1 and timestamp >=";
  await query(sql, "a vault's last day", `${rows} '2026-12-31' order by timestamp`);
  await query(sql, "a vault's last 30 days", `${rows} '2026-12-01' order by timestamp`);
  await query(sql, "a vault's year", `${rows} '2026-01-01' order by timestamp`);
  await query(
    sql,
    "all vaults at one tick",
    "select * from public.balance_snapshots where timestamp = '2026-12-31 23:55Z'",
  );
  await query(
    sql,
    "the TVL's last day",
    "select * from public.tvl_snapshots where timestamp >= '2026-12-31' order by timestamp",
  );
  await query(sql, "holes", "select * from vaultbook.missed_ticks");
}

if (isWanted("year")) await onDatabase(bench);
