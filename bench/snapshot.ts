/**
 * Snapshots of all vaults, beside the bare insert of the same rows into the same table, and beside a table as one would first make it:
 * plain btree indexes, ids by chance, rows in no order.
 *
 * @module
 */
import type { Sql } from "postgres";
import { fillVaults, isWanted, median, onDatabase, report, sizeOf, tell, timeOf } from "./measure.ts";

/** Ticks of each kind, of which the middle one counts; the table holds one already. */
const ROUNDS = 3;
const COLUMNS = "vault_owner, total_balance, locked_balance, available_balance, timestamp, snapshot_type";

const vaults = sizeOf("vaults", 1_000_000);

/** The same rows, ids and order as ours, lying ready: nothing is left to do but to write them. */
async function prepareBare(sql: Sql): Promise<void> {
  await sql`truncate public.balance_snapshots`;
  await sql`truncate vaultbook.ticks`;
  await sql`select vaultbook.take_snapshots('periodic', now() - interval '1 day')`;
  await sql`create unlogged table ready as select * from public.balance_snapshots order by id`;
  await sql`analyze ready`;
}

async function prepareNaive(sql: Sql): Promise<void> {
  await sql`create table naive (like public.balance_snapshots including defaults including constraints, primary key (id))`;
  await sql`create index on naive (vault_owner, timestamp)`;
  await sql`create index on naive (timestamp)`;
  await sql`alter table naive add foreign key (vault_owner) references public.vaults (owner)`;
}

async function emptied(sql: Sql, table: string): Promise<void> {
  await sql.unsafe(`truncate ${table}`);
  await sql`vacuum public.vaults`;
  await sql`checkpoint`;
}

if (isWanted("snapshot/1m") || isWanted("snapshot/naive")) {
  await onDatabase(async (sql) => {
    await fillVaults(sql, vaults);
    await prepareBare(sql);
    await prepareNaive(sql);
    const ways = {
      ours: (tick: number) => sql`select vaultbook.take_snapshots('periodic', now() + ${tick} * interval '5 minutes')`,
      bare: (tick: number) =>
        sql.unsafe(`
        insert into public.balance_snapshots (id, ${COLUMNS})
        select overlay(id::text placing '${
          String(tick).padStart(8, "0")
        }' from 29)::uuid, vault_owner, total_balance, locked_balance,
               available_balance, timestamp + ${tick} * interval '5 minutes', snapshot_type
          from ready`),
      naive: (tick: number) =>
        sql.unsafe(`
        insert into naive (${COLUMNS})
        select owner, total_balance, locked_balance, available_balance, now() + ${tick} * interval '5 minutes', 'periodic'
          from public.vaults`),
    };
    const rates: Record<string, number> = {};
    for (const [way, take] of Object.entries(ways)) {
      if (way === "naive" && !isWanted("snapshot/naive")) continue;
      if (way === "bare" && !isWanted("snapshot/1m")) continue;
      await emptied(sql, way === "naive" ? "naive" : "public.balance_snapshots");
      await take(0);
      const times: number[] = [];
      for (let tick = 1; tick <= ROUNDS; tick++) times.push(await timeOf(() => take(tick)));
      rates[way] = vaults * 1000 / median(times);
      tell(`${way}: ${times.map((time) => Math.round(time)).join(", ")} ms`);
    }
    const { ours = 0, bare = 0, naive = 0 } = rates;
    const shared = { unit: "rows/s", ours };
    if (bare) report({ name: "snapshot/1m", ...shared, ceiling: bare, ceiling_name: "bare INSERT … SELECT" });
    if (naive) {
      report({ name: "snapshot/naive", ...shared, ceiling: naive, ceiling_name: "plain btree, random ids, no order" });
    }
  });
}
