import { expect } from "expect";
import type { Sql } from "postgres";
import { privilegeComplaints, PRIVILEGES, readPrivileges, schemaComplaints } from "@/tasks/check/schema.ts";
import { SCHEMA_RULES } from "@/tasks/check/schema_rules.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

/** For each rule a change that breaks it and nothing else, and what the complaint names. */
const VIOLATIONS: Record<string, { plant: string; named: string }> = {
  "every table has row security": {
    plant: "alter table vaultbook.inbox disable row level security",
    named: "vaultbook.inbox",
  },
  "every table and view has a comment": {
    plant: "comment on view public.vault_ledger is null",
    named: "vault_ledger",
  },
  "every column has a comment": {
    plant: "alter table public.vaults add column planted text",
    named: "vaults.planted",
  },
  "every function has a comment": {
    plant: "comment on function vaultbook.usdt(numeric) is null",
    named: "vaultbook.usdt(numeric)",
  },
  "every function pins search_path = ''": {
    plant: "alter function vaultbook.usdt(numeric) set search_path = public",
    named: "vaultbook.usdt(numeric)",
  },
  "neither anon nor authenticated may execute a definer function": {
    plant: "grant execute on function vaultbook.tg_broadcast_tvl() to authenticated",
    named: "vaultbook.tg_broadcast_tvl()",
  },
  "constraints are named as sentences, not by PostgreSQL": {
    plant: "alter table public.vaults add check (total_balance >= 0), add unique (token_account)",
    named: "vaults: vaults_token_account_key",
  },
  "every foreign key has an index that begins with its columns": {
    plant: "drop index public.idx_reconciliation_vault",
    named: "reconciliation_logs: reconciliation_logs_belong_to_a_vault",
  },
  "every view in public is security_invoker": {
    plant: "alter view public.vault_balances set (security_invoker = false)",
    named: "vault_balances",
  },
  "public has no materialized view, which row security does not reach": {
    plant: `
      create materialized view public.planted as select 1 as one;
      comment on materialized view public.planted is 'Planted';
      comment on column public.planted.one is 'One'`,
    named: "planted",
  },
};

/** Works on a change that is undone again. */
async function withPlanted<Result>(admin: Sql, plant: string, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const sql = await admin.reserve();
  try {
    await sql`begin`;
    await sql.unsafe(plant).simple();
    return await work(sql);
  } finally {
    await sql`rollback`;
    sql.release();
  }
}

Deno.test("schemaComplaints() finds nothing in the migrated database", async () => {
  const database = await openTestDatabase();
  expect(await schemaComplaints(database.admin)).toEqual([]);
  await database.close();
});

Deno.test("schemaComplaints() finds what breaks a rule, for every rule", async () => {
  const database = await openTestDatabase();
  expect(Object.keys(VIOLATIONS)).toEqual(SCHEMA_RULES.map(({ promise }) => promise));
  for (const [promise, { plant, named }] of Object.entries(VIOLATIONS)) {
    const complaints = await withPlanted(database.admin, plant, schemaComplaints);
    expect(complaints).toContain(`${named} breaks: ${promise}`);
    expect(complaints.filter((complaint) => !complaint.endsWith(`breaks: ${promise}`))).toEqual([]);
  }
  await database.close();
});

Deno.test("schemaComplaints() sees the names that PostgreSQL gives to checks and foreign keys", async () => {
  const database = await openTestDatabase();
  const plant = `
    alter table public.vaults add check (total_balance >= 0);
    alter table public.alerts add foreign key (vault_owner) references public.vaults (owner)`;
  const complaints = await withPlanted(database.admin, plant, schemaComplaints);
  expect(complaints.map((complaint) => complaint.split(" breaks")[0])).toEqual([
    "alerts: alerts_vault_owner_fkey",
    "vaults: vaults_total_balance_check",
  ]);
  await database.close();
});

Deno.test("schemaComplaints() does not count a partial index for a foreign key", async () => {
  const database = await openTestDatabase();
  const plant = `
    drop index public.idx_reconciliation_vault;
    create index on public.reconciliation_logs (vault_owner) where difference <> 0`;
  expect(await withPlanted(database.admin, plant, schemaComplaints)).toHaveLength(1);
  await database.close();
});

Deno.test("privilegeComplaints() finds nothing where the database is as pinned", async () => {
  const database = await openTestDatabase();
  expect(await privilegeComplaints(database.admin, await Deno.readTextFile(PRIVILEGES))).toEqual([]);
  await database.close();
});

Deno.test("privilegeComplaints() finds what was granted and what was taken away, of every kind", async () => {
  const database = await openTestDatabase();
  const pinned = (await readPrivileges(database.admin)).join("\n");
  const changes: [change: string, complaint: string][] = [
    ["grant insert on public.vaults to anon", "Not pinned: anon insert public.vaults"],
    ["grant update (message) on public.alerts to anon", "Not pinned: anon update public.alerts (message)"],
    ["grant usage on schema vaultbook to public", "Not pinned: public usage schema vaultbook"],
    [
      "grant usage on sequence vaultbook.inbox_id_seq to service_role",
      "Not pinned: service_role usage sequence vaultbook.inbox_id_seq",
    ],
    [
      "grant execute on function vaultbook.usdt(numeric) to public",
      "Not pinned: public execute vaultbook.usdt(amount numeric)",
    ],
    [
      "alter default privileges for role postgres in schema public grant select on tables to anon",
      "Not pinned: anon select future tables of postgres in public",
    ],
    ["revoke select on public.vaults from authenticated", "Pinned, but gone: authenticated select public.vaults"],
  ];
  for (const [change, complaint] of changes) {
    const found = await withPlanted(database.admin, change, (sql) => privilegeComplaints(sql, pinned));
    expect(found.map((line) => line.replace(/ +/g, " "))).toEqual([complaint]);
  }
  await database.close();
});
