/**
 * Snapshots of all vaults, beside the bare insert of the same rows into the same table, and beside a table as one would first make it:
 * plain btree indexes, ids by chance, rows in no order.
 *
 * @module
 */
import type { Sql } from "postgres";
import { fillVaults, isWanted, median, onDatabase, report, sizeOf, tell, timeOf } from "./measure.ts";

/** Ticks of each way, by turns, of which the middle one counts; each table holds one already. */
const rounds = sizeOf("rounds", 3);
const COLUMNS = "vault_owner, total_balance, locked_balance, available_balance, timestamp, snapshot_type";

const vaults = sizeOf("vaults", 1_000_000);

/** Rows like ours lie ready, with ids behind all there are, and in their order: nothing is left to do but to write them. */
async function prepareBare(sql: Sql, tick: number): Promise<void> {
  const stamp = (Date.now() + tick * 300_000 + 60_000).toString(16).padStart(12, "0");
  await sql`drop table if exists ready`;
  await sql.unsafe(`
    create unlogged table ready as
    select overlay(id::text placing '${stamp.slice(0, 8)}-${
    stamp.slice(8)
  }' from 1)::uuid as id, vault_owner, total_balance,
           locked_balance, available_balance, now() + ${tick} * interval '5 minutes' as timestamp, snapshot_type
      from first order by id`);
  await sql`analyze ready`;
}

async function prepareNaive(sql: Sql): Promise<void> {
  await sql`create table naive (like public.balance_snapshots including defaults including constraints, primary key (id))`;
  await sql`create index on naive (vault_owner, timestamp)`;
  await sql`create index on naive (timestamp)`;
  await sql`alter table naive add foreign key (vault_owner) references public.vaults (owner)`;
}

if (isWanted("snapshot/1m") || isWanted("snapshot/naive")) {
  await onDatabase(async (sql) => {
    await fillVaults(sql, vaults);
    await sql`select vaultbook.take_snapshots('periodic', now() - interval '1 day')`;
    await sql`create unlogged table first as select * from public.balance_snapshots order by id`;
    await prepareNaive(sql);
    const ways = {
      ours: (tick: number) => sql`select vaultbook.take_snapshots('periodic', now() + ${tick} * interval '5 minutes')`,
      bare: () => sql.unsafe(`insert into public.balance_snapshots (id, ${COLUMNS}) select id, ${COLUMNS} from ready`),
      naive: (tick: number) =>
        sql.unsafe(`
        insert into naive (${COLUMNS})
        select owner, total_balance, locked_balance, available_balance, now() + ${tick} * interval '5 minutes', 'periodic'
          from public.vaults`),
    };
    const wanted = [
      ...["ours", ...(isWanted("snapshot/1m") ? ["bare"] : []), ...(isWanted("snapshot/naive") ? ["naive"] : [])],
    ] as (keyof typeof ways)[];
    if (wanted.includes("naive")) await ways.naive(0);
    const times: Record<string, number[]> = {};
    for (let tick = 1; tick <= rounds; tick++) {
      for (const way of wanted) {
        if (way === "bare") await prepareBare(sql, tick);
        await sql`checkpoint`;
        const time = await timeOf(() => ways[way](tick));
        (times[way] ??= []).push(time);
        tell(`${way}: ${Math.round(time)} ms`);
      }
    }
    const [ours, bare, naive] = (["ours", "bare", "naive"] as const)
      .map((way) => times[way] ? vaults * 1000 / median(times[way]) : 0);
    const shared = { unit: "rows/s", ours: ours ?? 0 };
    if (bare) report({ name: "snapshot/1m", ...shared, ceiling: bare, ceiling_name: "bare INSERT … SELECT" });
    if (naive) {
      report({ name: "snapshot/naive", ...shared, ceiling: naive, ceiling_name: "plain btree, random ids, no order" });
    }
  });
}
