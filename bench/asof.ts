/**
 * A balance as of a time in a ledger of ten million rows, beside the look-up of one row by the same index.
 *
 * @module
 */
import type { Sql } from "postgres";
import { isWanted, median, onDatabase, report, sizeOf, tell, timeOf } from "./measure.ts";

const rows = sizeOf("rows", 10_000_000);

/** One Solana transaction moves five vaults; a tenth of all rows belongs to one busy vault, the rest to ten thousand. */
const LEGS = 5;
const VAULTS = 10_000;
/** Rows written by one statement. */
const PART = 1_000_000;
const CALLS = 3_000;
/** The first block; each slot is 0.4 seconds. */
const EPOCH = "2026-01-01T00:00:00Z";

/** Past guards and checks and without the indexes that nobody asks here: what counts is how the rows lie. */
async function fill(sql: Sql): Promise<void> {
  for (const table of ["public.vaults", "public.transactions", "vaultbook.inbox"]) {
    await sql.unsafe(`alter table ${table} disable trigger all`);
  }
  for (const index of ["type", "status", "created_at", "signature"]) {
    await sql.unsafe(`drop index public.idx_transactions_${index}`);
  }
  await sql`
    do $$
    declare
      own record;
    begin
      for own in
        select c.conrelid::regclass as holder, c.conname from pg_catalog.pg_constraint as c
         where c.conrelid in ('public.transactions'::regclass, 'vaultbook.inbox'::regclass) and c.contype in ('c', 'f', 'p')
      loop
        execute format('alter table %s drop constraint %I cascade', own.holder, own.conname);
      end loop;
    end
    $$`;
  await sql`drop index public.idx_transactions_vault_owner, vaultbook.inbox_block_time_idx, vaultbook.inbox_signature_is_accepted_once`;
  const owner = "'A' || translate(md5(vault::text), '0', 'g') || repeat('B', 11)";
  await sql.unsafe(`
    insert into public.vaults (owner, vault_address, token_account)
    select ${owner}, ${owner}, ${owner} from generate_series(0, ${VAULTS}) as vault`);
  for (let from = 0; from < rows; from += PART) {
    tell(`${from} of ${rows} rows`);
    const part = Math.min(PART, rows - from);
    await sql.unsafe(`
      insert into public.transactions (vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, created_at,
                                       confirmed_at, slot, transaction_index, event_index, total_after, locked_after)
      select ${owner}, 'deposit', 1, 'signature ' || slot, 'confirmed', n, n + 1, block_time, block_time, slot, 0, n % ${LEGS}, n + 1, 0
        from (
          select n, n / ${LEGS} as slot, timestamptz '${EPOCH}' + n / ${LEGS} * interval '0.4 seconds' as block_time,
                 case when n % 10 = 0 then 0 else 1 + hashint4(n) & ${VAULTS - 1} % ${VAULTS} end as vault
            from generate_series(${from}, ${from + part - 1}) as n
        ) as made`);
    await sql.unsafe(`
      insert into vaultbook.inbox (signature, slot, transaction_index, block_time, outcome, content, content_sha256, delivery_id,
                                   delivery_position, decided_at)
      select 'signature ' || slot, slot, 0, timestamptz '${EPOCH}' + slot * interval '0.4 seconds', 'applied', '{}', '', 1, slot, now()
        from generate_series(${from / LEGS}, ${(from + part) / LEGS - 1}) as slot`);
  }
  tell("Indexing");
  await sql`create index idx_transactions_vault_owner on public.transactions (vault_owner, slot, transaction_index, event_index)`;
  await sql`create index inbox_block_time_idx on vaultbook.inbox (block_time, slot) where outcome = 'applied' and block_time is not null`;
  for (const table of ["public.vaults", "public.transactions", "vaultbook.inbox"]) {
    await sql.unsafe(`vacuum (analyze) ${table}`);
  }
}

async function bench(sql: Sql): Promise<void> {
  await fill(sql);
  const owners = await sql<{ owner: string }[]>`select owner from public.vaults order by total_balance, owner`;
  const last = rows / LEGS;
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let call = 0; call < CALLS; call++) {
    // Every other call is of the busy one.
    const place = call % 2 ? 0 : 1 + (call * 7919) % VAULTS;
    const owner = owners[place]?.owner ?? "";
    const slot = Math.floor(last * ((call * 104_729) % 1000) / 1000);
    const when = new Date(Date.parse(EPOCH) + slot * 400).toISOString();
    times.ours.push(await timeOf(() => sql`select * from vaultbook.balance_as_of(${owner}, ${when})`));
    times.bare.push(
      await timeOf(() =>
        sql`select total_after, locked_after, slot from public.transactions where vault_owner = ${owner} and slot <= ${slot}
             order by slot desc limit 1`
      ),
    );
  }
  for (const [way, of] of Object.entries(times)) {
    tell(`${way}: p99 ${of.toSorted((a, b) => a - b)[Math.floor(of.length * 0.99)]?.toFixed(2)} ms`);
  }
  report({
    ...{ name: "asof", unit: "ms", ours: median(times.ours), ceiling: median(times.bare) },
    ceiling_name: "one index look-up",
  });
}

if (isWanted("asof")) await onDatabase(bench);
