/**
 * A year of ticks, taken and thinned as the default rules say. Lived through with few vaults, so that it can be had in minutes; then ten
 * thousand vaults are given what that left of each: how much it is, and how long questions about it take.
 *
 * @module
 */
import type { Sql } from "postgres";
import { fillVaults, isWanted, median, onDatabase, report, sizeOf, tell, timeOf } from "./measure.ts";

const few = sizeOf("vaults", 20);
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
    // As pg_cron does on Sundays; autovacuum comes oftener.
    if (day % 7 === 0) {
      await sql`reindex index concurrently public.idx_snapshots_vault_time`;
      await sql`vacuum (analyze) public.balance_snapshots`;
    }
    if (day % 30 === 0) {
      tell(`Day ${day}`);
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

/** Gives many vaults the rows that a year left of the few, by the function that the job calls. */
async function grow(sql: Sql): Promise<void> {
  const left = await sql<{ timestamp: string; snapshot_type: string }[]>`
    select distinct timestamp::text, snapshot_type from public.balance_snapshots order by 1`;
  await sql`truncate public.balance_snapshots, vaultbook.ticks`;
  await fillVaults(sql, MANY);
  for (const [place, { timestamp, snapshot_type: series }] of left.entries()) {
    await sql`select vaultbook.take_snapshots(${series}, ${timestamp}::text::timestamptz)`;
    if (place % 500 === 0) tell(`${place} of ${left.length} snapshots of ${MANY} vaults`);
  }
}

async function bench(sql: Sql): Promise<void> {
  await fillVaults(sql, few);
  await live(sql);
  await sql`vacuum (analyze) public.balance_snapshots`;
  const lived = await sizeOfTable(sql, "public.balance_snapshots");
  const all = few * DAYS * (TICKS + 1);
  report({ name: "year/rows", unit: "rows", ours: lived.rows, ceiling: all, ceiling_name: "all that were taken" });
  const [perVault, perRow] = [lived.rows / few, lived.bytes / lived.rows];
  tell(`${perVault} rows a vault are left, ${Math.round(perRow)} bytes a row with what deleted ones left free`);
  const [tvl, ticks] = [await sizeOfTable(sql, "public.tvl_snapshots"), await sizeOfTable(sql, "vaultbook.ticks")];
  tell(
    `TVL: ${tvl.rows} rows, ${Math.round(tvl.bytes / 1e6)} MB; ticks: ${ticks.rows}, ${
      Math.round(ticks.bytes / 1e6)
    } MB`,
  );
  await query(sql, "holes", "select * from vaultbook.missed_ticks");
  await grow(sql);
  await sql`vacuum (analyze) public.balance_snapshots`;
  const grown = await sizeOfTable(sql, "public.balance_snapshots");
  report({
    name: `year/size of ${MANY} vaults`,
    unit: "GB",
    ours: grown.bytes / 1e9,
    ceiling: MANY * DAYS * (TICKS + 1) * grown.bytes / grown.rows / 1e9,
    ceiling_name: "if nothing were thinned",
  });
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
}

if (isWanted("year")) await onDatabase(bench);
