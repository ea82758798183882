/**
 * What nobody may learn of another tenant by the way: whether a value is there, how common it is, what is read before it is hidden. How long
 * it takes is in timing_test.ts.
 *
 * @module
 */
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import type { ReservedSql, Sql } from "postgres";
import { relationsOf } from "@/tests/support/isolation/catalog.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { newWallet, openTestPlatform } from "@/tests/support/platform.ts";
import { plantTenants } from "@/tests/support/isolation/tenants.ts";

/**
 * What the planner may know: times and places, which the chain tells everybody, and ids, which are random and open nothing.
 * The ledger's own plans need them. An address follows from its owner's, so it says nothing that is not public.
 */
const PUBLIC_ANYWAY =
  /^(id|slot|transaction_index|event_index|signature|vault_address|timestamp|(created|updated|confirmed|finalized|acknowledged|resolved|expires|rolled_back)_at)$/;

/** A book in which some values are far more common than others, with fresh statistics: what makes a planner talk. */
async function fillSkewed(admin: Sql): Promise<void> {
  await admin.begin(async (sql) => {
    await sql`set local role vaultbook_ledger`;
    await sql`
      insert into public.vaults (owner, vault_address, token_account, total_balance, available_balance, status)
      select 'P' || tail, 'V' || tail, 'T' || case when n < 200 then repeat('x', 40) else tail end,
             case when n < 200 then 5555 else n * 1000 end, case when n < 200 then 5555 else n * 1000 end,
             case when n < 100 then 'paused' else 'active' end
        from generate_series(1, 400) as n
       cross join lateral (select translate(lpad(n::text, 6, '0'), '0', 'Z') || repeat('x', 34)) as t (tail)`;
    await sql`
      insert into public.transactions (vault_owner, transaction_type, amount, balance_before, balance_after, note, submitted_signature,
                                       counterparty)
      select owner, 'deposit', case when i < 8 then 777 else i end, 0, 0, case when i < 8 then 'their note' else 'n' || i end,
             case when i = 1 then repeat('5', 88) end, 'P' || repeat('x', 40)
        from public.vaults cross join generate_series(1, 12) as i`;
    await sql`
      insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance)
      select owner, total_balance, 0, total_balance from public.vaults cross join generate_series(1, 5)`;
    await sql`
      insert into public.reconciliation_logs (vault_owner, expected_balance, actual_balance, difference, notes)
      select owner, 4, 4 + i, i, 'their note' from public.vaults cross join generate_series(0, 3) as i`;
    await sql`
      insert into public.alerts (severity, alert_type, message, vault_owner, subject, data, acknowledged, acknowledged_at,
                                 acknowledged_by)
      select 'warning', 'low_balance', case when i < 4 then 'their message' else 'm' || i end, owner, owner || i, '{"a": 1}',
             i < 4, case when i < 4 then now() end, case when i < 4 then owner end
        from public.vaults cross join generate_series(1, 5) as i`;
  });
  await admin`analyze`;
}

/** A value of each type that nobody's row holds. */
const NOBODYS: Record<string, string> = {
  bigint: "987654321987",
  integer: "987654321",
  uuid: "00000000-0000-4000-8000-00000000dead",
  "timestamp with time zone": "2031-01-01",
  text: "zz nobody's",
  "character varying": "zz nobody's",
  jsonb: '{"q": 2}',
  boolean: "true",
};

/** Who own nothing; their addresses lie before and behind all others. */
const ATTACKERS = ["1".repeat(44), "z".repeat(44)] as const;

/** From here on the transaction is this wallet's. */
async function become(sql: ReservedSql, wallet: string): Promise<void> {
  await sql`select set_config('request.jwt.claims', ${
    JSON.stringify({ role: "authenticated", wallet_address: wallet })
  }, true), set_config('role', 'authenticated', true)`;
}

/** How many rows the planner expects for a filter, as somebody who owns none. */
async function estimate(sql: ReservedSql, relation: string, filter: string): Promise<number> {
  await sql`begin`;
  try {
    await become(sql, ATTACKERS[0]);
    const [row] = await sql.unsafe(`explain (format json) select 1 from ${relation} where ${filter}`);
    return row?.["QUERY PLAN"][0].Plan["Plan Rows"];
  } finally {
    await sql`rollback`;
  }
}

Deno.test("row 47: the planner expects as many rows of another owner's value as of a value that nobody has, in every column", async () => {
  const database = await openTestDatabase();
  const sql = await database.admin.reserve();
  try {
    await fillSkewed(database.admin);
    const told: string[] = [];
    let cells = 0;
    for (const { name, columns } of await relationsOf(sql, ["public"])) {
      const relation = `public.${name}`;
      if (!columns.includes("vault_owner") && name !== "vaults" && name !== "vault_balances") continue;
      for (const column of columns.filter((one) => !PUBLIC_ANYWAY.test(one))) {
        const [common] = await sql.unsafe(`
          select ${column}::text as value, pg_typeof(${column})::text as type from ${relation}
           where ${column} is not null group by ${column} order by count(*) desc, 1 limit 1`);
        if (!common) continue;
        const nobodys = common.type === "boolean" && common.value === "true" ? "false" : NOBODYS[common.type];
        const operators = common.type === "boolean" || common.type === "jsonb" ? ["="] : ["=", "<", ">", "<>"];
        for (const operator of operators) {
          cells += 1;
          const about = (value: string): string =>
            `${column} ${operator} '${value.replaceAll("'", "''")}'::${common.type}`;
          const theirs = await estimate(sql, relation, about(common.value));
          const random = await estimate(sql, relation, about(nobodys ?? ""));
          if (theirs !== random) {
            told.push(`${relation} where ${about(common.value)}: ${theirs}, of nobody's ${random}`);
          }
        }
      }
    }
    showFigure(`${cells} pairs of estimates`);
    expect(told).toEqual([]);
    expect(cells).toBeGreaterThanOrEqual(150);
    // Of an expression that an index holds, ANALYZE would learn what it may not learn of the column.
    const learned = await sql`
      select s.tablename as index from pg_stats as s join pg_class as c on c.relname = s.tablename and c.relkind = 'i'
       where s.schemaname = 'public'`;
    expect(learned.map(({ index }) => index)).toEqual(["idx_transactions_signature"]);

    // With statistics it would be told: so much is one amount the commonest.
    await database.admin`alter table public.transactions alter column amount set statistics 100`;
    await database.admin`analyze public.transactions`;
    const [theirs, random] = [
      await estimate(sql, "public.transactions", "amount = 777"),
      await estimate(sql, "public.transactions", "amount = 987654321987"),
    ];
    expect(theirs).toBeGreaterThan(random);
  } finally {
    sql.release();
    await database.close();
  }
});

Deno.test("row 47: REST counts, refuses and fails alike for another owner and for one that does not exist", async () => {
  const platform = await openTestPlatform();
  try {
    const tenants = await plantTenants(platform);
    await platform.database.admin`analyze`;
    const client = platform.client();
    await tenants.alice.signIn(client);
    const token = (await client.auth.getSession()).data.session?.access_token ?? "";
    const headers = {
      apikey: platform.publishable,
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    };
    const tell = async (
      owner: string,
      method: string,
      path: string,
      prefer: string,
      body?: unknown,
    ): Promise<string> => {
      const response = await fetch(`${platform.url}/rest/v1/${path.replaceAll("OWNER", owner)}`, {
        method,
        headers: { ...headers, prefer },
        ...(body === undefined ? {} : { body: JSON.stringify(body).replaceAll("OWNER", owner) }),
      });
      return [response.status, response.headers.get("content-range"), await response.text()].join(" ").replaceAll(
        owner,
        "OWNER",
      );
    };
    const nobody = newWallet().address;
    let pairs = 0;
    for (const { name, columns, keys } of await relationsOf(platform.database.admin, ["public"])) {
      const column = columns.includes("vault_owner") ? "vault_owner" : columns.includes("owner") ? "owner" : undefined;
      if (!column) continue;
      const row = { [column]: "OWNER" };
      const asked: [string, string, string, unknown?][] = [
        ...["exact", "planned", "estimated"].map((
          count,
        ): [string, string, string] => ["GET", `${name}?${column}=eq.OWNER`, `count=${count}`]),
        ["GET", `${name}?${column}=neq.OWNER`, "count=planned"],
        ["GET", `${name}?or=(${column}.eq.OWNER,${column}.is.null)`, "count=planned"],
        ["POST", name, "return=minimal", row],
        ...keys.map((
          key,
        ): [string, string, string, unknown] => [
          "POST",
          `${name}?on_conflict=${key}`,
          "resolution=merge-duplicates",
          row,
        ]),
        ["PATCH", `${name}?${column}=eq.OWNER`, "count=exact", row],
        ["PUT", `${name}?${column}=eq.OWNER`, "return=minimal", row],
        ["DELETE", `${name}?${column}=eq.OWNER`, "count=exact"],
      ];
      for (const [method, path, prefer, body] of asked) {
        pairs += 1;
        const [theirs, nobodys] = [
          await tell(tenants.bob.address, method, path, prefer, body),
          await tell(nobody, method, path, prefer, body),
        ];
        expect([method, path, prefer, theirs]).toEqual([method, path, prefer, nobodys]);
        expect(theirs).not.toMatch(/23505|23503/);
      }
    }
    showFigure(`${pairs} pairs of answers`);
  } finally {
    await platform.close();
  }
});

/** How many rows were read for a filter and then hidden. */
async function hidden(sql: ReservedSql, attacker: string, relation: string, filter: string): Promise<number> {
  await sql`begin`;
  try {
    await become(sql, attacker);
    const [row] = await sql.unsafe(`explain (analyze, format json) select * from ${relation} where ${filter}`);
    const removed = JSON.stringify(row).matchAll(/"Rows Removed by [A-Za-z ]+":\s*(\d+)/g);
    return [...removed].reduce((sum, [, rows]) => sum + Number(rows), 0);
  } finally {
    await sql`rollback`;
  }
}

/** Whose rows an attacker asks for, and when: filters that tempt the planner into each index of an owner's. */
const ABOUT_SOMEBODY = [
  "COLUMN = 'OWNER'",
  "COLUMN = 'OWNER' and TIME > now() - interval '1 minute'",
  "COLUMN in ('OWNER', '')",
  "(COLUMN = 'OWNER' or COLUMN is null)",
];

Deno.test("row 47: none of another owner's rows is read before it is hidden, in any table: their number takes no time", async () => {
  const database = await openTestDatabase();
  const sql = await database.admin.reserve();
  try {
    await fillSkewed(database.admin);
    const owned = await sql<{ relation: string; column: string; time: string }[]>`
      select format('public.%I', c.relname) as relation, a.attname as column,
             (select t.attname from pg_attribute as t
               where t.attrelid = c.oid and t.attname in ('created_at', 'timestamp')) as time
        from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attname in ('owner', 'vault_owner')
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`;
    expect(owned.map(({ relation }) => relation)).toEqual([
      "public.alerts",
      "public.balance_snapshots",
      "public.reconciliation_logs",
      "public.transactions",
      "public.vaults",
    ]);
    const [theirs] = await sql`select owner from public.vaults order by owner limit 1`;
    for (const { relation, column, time } of owned) {
      for (const about of ABOUT_SOMEBODY) {
        const filter = about.replaceAll("COLUMN", column).replaceAll("TIME", time)
          .replaceAll("OWNER", theirs?.owner);
        for (const attacker of ATTACKERS) {
          const read = await hidden(sql, attacker, relation, filter);
          expect([attacker, relation, filter, read]).toEqual([attacker, relation, filter, 0]);
        }
      }
    }
  } finally {
    sql.release();
    await database.close();
  }
});
