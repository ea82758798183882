/**
 * Pages of a long history as a client of REST asks for them that names its owner and orders by time or by the chain.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { openTestDatabase } from "@/tests/support/database.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const [alice, bob, carol] = [key("alice"), key("bob"), key("carol")];
/** Of alice and of bob each, in every table; carol has one. */
const ROWS = 40_000;
const PAGE = 50;

const QUESTIONS = [
  "public.transactions where vault_owner = 'OWNER' order by created_at desc",
  "public.vault_ledger where vault_owner = 'OWNER' order by created_at desc",
  "public.vault_ledger where vault_owner = 'OWNER' order by created_at",
  "public.vault_ledger where vault_owner = 'OWNER' order by slot desc, transaction_index desc, event_index desc",
  "public.vault_ledger where vault_owner = 'OWNER' and transaction_type = 'deposit' order by created_at desc",
  "public.vault_ledger where vault_owner = 'OWNER' and created_at < now() + interval '1 hour' order by created_at desc",
  "public.balance_snapshots where vault_owner = 'OWNER' order by \"timestamp\" desc",
];

Deno.test("a page that a client orders reads no more than a page, however many rows its owner and all others have", async () => {
  const database = await openTestDatabase();
  try {
    await fill(database.admin);
    for (const question of QUESTIONS) {
      for (const limit of [PAGE, 20 * PAGE]) {
        for (const [asked, asker, shown] of [[alice, alice, limit], [carol, carol, 1], [alice, carol, 0]] as const) {
          const { rows, read } = await pageOf(
            database.admin,
            asker,
            `${question.replace("OWNER", asked)} limit ${limit}`,
          );
          expect([question, asker, rows, read <= shown]).toEqual([question, asker, shown, true]);
        }
      }
    }
    // deno-lint-ignore no-console -- what was counted
    console.log(`${QUESTIONS.length} questions × 2 lengths of page × 3 askers`);
  } finally {
    await database.close();
  }
});

async function fill(sql: Sql): Promise<void> {
  await sql.begin(async (own) => {
    // Nobody listens, and as many messages would be most of the work.
    await own`set local session_replication_role = replica`;
    await own`set local role vaultbook_ledger`;
    await own`
      insert into public.vaults (owner, vault_address, token_account, total_balance, available_balance)
      select owner, reverse(owner), reverse(owner), 1, 1 from unnest(${[alice, bob, carol]}::text[]) as owner`;
    const owners = own`
      from generate_series(0, ${2 * ROWS}::integer) as n
     cross join lateral (select case when n = 0 then ${carol} when n % 2 = 0 then ${alice} else ${bob} end) as o (owner)`;
    await own`
      insert into public.transactions
        (vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, created_at, confirmed_at, slot,
         transaction_index, event_index, total_after, locked_after)
      select owner, 'deposit', 1, 'made ' || n, 'confirmed', n, n + 1, now() + n * interval '1 ms', now(), n, 0, 0, n + 1, 0 ${owners}`;
    await own`
      insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance, timestamp)
      select owner, n, 0, n, now() + n * interval '1 ms' ${owners}`;
  });
  await sql`vacuum (analyze) public.transactions, public.balance_snapshots`;
}

/** How many rows a page has, and how many were read for it by whatever way, with the settings that REST gives the role. */
async function pageOf(sql: Sql, wallet: string, query: string): Promise<{ rows: number; read: number }> {
  return await sql.begin(async (own) => {
    await own`
      select set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true)
        from pg_roles cross join unnest(rolconfig) as setting where rolname = 'authenticated'`;
    await own`
      select set_config('request.jwt.claims', ${
      JSON.stringify({ role: "authenticated", wallet_address: wallet })
    }, true),
             set_config('role', 'authenticated', true)`;
    const [row] = await own.unsafe(`explain (analyze, timing off, format json) select * from ${query}`);
    const plan = row?.["QUERY PLAN"][0].Plan;
    return { rows: plan["Actual Rows"], read: readBy(plan) };
  });
}

interface Plan {
  readonly "Node Type": string;
  readonly "Actual Rows": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

/** Of all nodes that read a table or an index. */
function readBy(plan: Plan): number {
  const own = plan["Node Type"].includes("Scan") ? plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0) : 0;
  return (plan.Plans ?? []).reduce((read, part) => read + readBy(part), own);
}
