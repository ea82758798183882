import { expect } from "expect";
import type { Sql } from "postgres";
import type { Database } from "@/lib/ledger/database.ts";
import { type LedgerQuestion, readLedgerPage } from "@/lib/ledger/ledger_page.ts";
import type { Caller } from "@/lib/domain/caller.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const [alice, bob] = [key("alice"), key("bob")];
const ROWS = 200_000;
/** A page and one row more, of each segment, and what an index reads beside it. */
const READ_MOST = 400;

Deno.test("a page of a long ledger reads no more than a page of it, wherever in it that is", async () => {
  const database = await openTestDatabase();
  const sql = database.admin;
  const middle = { at: "chain", slot: ROWS / 2, place: [0, 0, false], id: crypto.randomUUID() } as const;
  const end = { at: "expired", createdAt: "2020-01-01T00:00:00Z", id: crypto.randomUUID() } as const;
  try {
    await fill(sql);
    for (const caller of [{ kind: "service" }, userOf(alice)] as const) {
      for (const [after, shown] of [[null, 50], [middle, 50], [end, 0]] as const) {
        const { rows, read } = await pageOf(sql, caller, { owner: alice, after, limit: 50 });
        expect([caller.kind, after?.at, rows, read < READ_MOST, read]).toEqual([
          caller.kind,
          after?.at,
          shown,
          true,
          read,
        ]);
      }
    }
    const { rows, read } = await pageOf(sql, userOf(bob), { owner: bob, after: null, limit: 50 });
    expect([rows, read < READ_MOST, read]).toEqual([1, true, read]);
  } finally {
    await database.close();
  }
});

function userOf(wallet: string): Caller {
  return {
    kind: "user",
    id: "x",
    wallet,
    isOperator: false,
    claims: { role: "authenticated", wallet_address: wallet },
  } as unknown as Caller;
}

/** Many rows of alice, as many of all others together, and one of bob: nothing tells the planner whose are how many. */
async function fill(sql: Sql): Promise<void> {
  await sql.begin(async (own) => {
    // Nobody listens, and as many messages would be most of the work.
    await own`set local session_replication_role = replica`;
    await own`set local role vaultbook_ledger`;
    await own`
      insert into public.vaults (owner, vault_address, token_account, total_balance, available_balance)
      select owner, reverse(owner), translate(owner, 'abcdefgh', 'hgfedcba'), 1, 1
        from unnest(${[alice, bob, ...Array.from({ length: 100 }, (_, n) => key(`other ${n}`))]}::text[]) as owner`;
    await own`
      insert into public.transactions
        (vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, created_at, confirmed_at, slot,
         transaction_index, event_index, total_after, locked_after)
      select case when n = 1 then ${bob} when n % 2 = 0 then ${alice} else others.owners[1 + n / 2 % 100] end,
             'deposit', 1, 'made ' || n, 'confirmed', n, n + 1, now() + n * interval '1 second', now(), n, 0, 0, n + 1, 0
        from generate_series(1, ${ROWS}::integer) as n
       cross join (select array_agg(owner) as owners from public.vaults where owner not in (${alice}, ${bob})) as others`;
  });
  await sql`vacuum (analyze) public.transactions`;
}

/** How many rows a page has, and how many were read for it by whatever way. */
async function pageOf(sql: Sql, caller: Caller, question: LedgerQuestion): Promise<{ rows: number; read: number }> {
  return await sql.begin(async (own) => {
    const transaction = Object.assign(own, {
      begin: (_: string, work: (sql: Sql) => unknown) => work(own as unknown as Sql),
    });
    const database = { run: (work: (sql: Sql) => Promise<unknown>) => work(transaction as unknown as Sql) } as Database;
    const { rows } = await readLedgerPage(database, caller, question);
    await own`reset role`;
    const [count] = await own`
      select (
        pg_stat_get_xact_tuples_returned('public.transactions'::regclass)
        + (select sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) from pg_index as i where i.indrelid = 'public.transactions'::regclass)
      )::integer as read`;
    return { rows: rows.length, read: count?.read as number };
  });
}
