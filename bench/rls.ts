/**
 * An owner's page of the ledger as supabase-js asks for it – `from("vault_ledger").select().eq("vault_owner", …).order("slot",
 * { ascending: false }).limit(50)` –, under row-level security, beside the same query by the table's owner. The text is PostgREST's,
 * prepared as it prepares it; role and claims are set before, which is part of both.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import { fillLedger } from "./books/long_ledger.ts";
import { fillVaults, isWanted, median, onDatabase, quantile, report, sizeOf, tell, timeOf } from "./measure.ts";

const rows = sizeOf("rows", 1_000_000);
const vaults = sizeOf("vaults", 1_000);

const CALLS = 2_000;
const WARM_UP = 100;

const PAGE = `
  with pgrst_source as (
    select "public"."vault_ledger".* from "public"."vault_ledger"
     where "public"."vault_ledger"."vault_owner" = $1
     order by "public"."vault_ledger"."slot" desc limit $2 offset $3
  )
  select null::bigint as total_result_set, pg_catalog.count(_postgrest_t) as page_total,
         coalesce(json_agg(_postgrest_t), '[]') as body,
         nullif(current_setting('response.headers', true), '') as response_headers,
         nullif(current_setting('response.status', true), '') as response_status, '' as response_inserted
    from (select * from pgrst_source) _postgrest_t`;

async function bench(sql: Sql, url: string): Promise<void> {
  await fillVaults(sql, vaults);
  await fillLedger(sql, vaults, rows);
  const owners = await sql<{ owner: string }[]>`select owner from public.vaults order by owner limit 100`;
  // `postgres` owns the tables, and may take the other role.
  const [ours, bare] = [postgres(url, { max: 1 }), postgres(url, { max: 1 })];
  await ours`set role authenticated`;
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let call = -WARM_UP; call < CALLS; call++) {
    const { owner } = owners[Math.abs(call) % owners.length] ?? { owner: "" };
    const claims = JSON.stringify({ sub: "1", role: "authenticated", wallet_address: owner });
    for (const [way, of] of [["ours", ours], ["bare", bare]] as const) {
      await of`select set_config('request.jwt.claims', ${claims}, false)`;
      const time = await timeOf(async () => {
        const [row] = await of.unsafe(PAGE, [owner, 50, 0], { prepare: true });
        if (row?.page_total !== "50") throw new Error(`${way}: a page of ${row?.page_total}`);
      });
      if (call >= 0) times[way].push(time);
    }
  }
  await ours.end();
  await bare.end();
  for (const [way, of] of Object.entries(times)) tell(`${way}: p99 ${quantile(of, 0.99).toFixed(2)} ms`);
  report({
    ...{ name: "rls/read", unit: "ms", ours: median(times.ours), ceiling: median(times.bare) },
    ...{ ceiling_name: "the same by the table's owner", goal: "<= 1.3" },
  });
}

if (isWanted("rls/read")) await onDatabase(bench);
