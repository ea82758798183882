/**
 * A long ledger, made quickly: for benches that only read it.
 *
 * @module
 */
import type { Sql } from "postgres";
import { tell } from "../measure.ts";

/** Rows written by one statement. */
const PART = 1_000_000;

/**
 * Fills the ledger of the vaults that `fillVaults` made, as many rows of each, which lie between each other as they came in. Past guards,
 * and with the indexes made at the end: what counts is how the rows lie.
 */
export async function fillLedger(sql: Sql, vaults: number, rows: number): Promise<void> {
  const indexes = await sql<{ name: string; definition: string }[]>`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
      from pg_catalog.pg_index as i
     where i.indrelid = 'public.transactions'::regclass and not i.indisprimary`;
  for (const { name } of indexes) await sql.unsafe(`drop index ${name}`);
  await sql`alter table public.transactions disable trigger all`;
  for (let from = 0; from < rows; from += PART) {
    tell(`${from} of ${rows} rows`);
    await sql.unsafe(`
      insert into public.transactions (vault_owner, transaction_type, amount, signature, status, balance_before, balance_after,
                                       created_at, confirmed_at, slot, transaction_index, event_index, total_after, locked_after)
      select 'A' || key || substr(key, 1, 11), 'deposit', 1, 'signature ' || n, 'confirmed', n / ${vaults}, n / ${vaults} + 1,
             block_time, block_time, n / 100, n % 100, 0, n / ${vaults} + 1, 0
        from (
          select n, translate(md5((n % ${vaults} + 1)::text), '0', 'g') as key,
                 timestamptz '2026-01-01T00:00:00Z' + n / 100 * interval '0.4 seconds' as block_time
            from generate_series(${from}, ${Math.min(from + PART, rows) - 1}) as n
        ) as made`);
  }
  await sql`alter table public.transactions enable trigger all`;
  tell("Indexing");
  for (const { definition } of indexes) await sql.unsafe(definition);
  await sql`vacuum (analyze) public.transactions`;
}
