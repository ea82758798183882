/**
 * Every policy that lets a client see or change something is held by pgTAP from both sides: where it is opened to everybody,
 * and where it is closed to everybody, an assertion of supabase/tests falls.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import type { Sql } from "postgres";
import { runSqlTestsOn } from "@/tasks/test/sql_tests.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

/** The chapters that ask who sees and changes what. */
const FILES = ["11_realtime", "12_access", "24_ops_views", "29_notices"].map((name) => `supabase/tests/${name}.sql`);

interface Policy {
  readonly table: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

/** All policies of our tables and of the messages that Realtime asks about. */
async function policiesOf(sql: Sql): Promise<Policy[]> {
  return [
    ...await sql<Policy[]>`
    select format('%I.%I', schemaname, tablename) as "table", policyname as name, roles::text[] as roles,
           qual as "using", with_check as "check"
      from pg_catalog.pg_policies
     where schemaname in ('public', 'vaultbook', 'realtime')
     order by 1, 2`,
  ];
}

Deno.test("every policy for clients has a test in supabase/tests that falls when it lets everybody in, and one when nobody", async () => {
  const database = await openTestDatabase();
  const sql = database.admin;
  const fails = async (): Promise<boolean> => {
    const tests = { root: fileURLToPath(new URL("../..", import.meta.url)), files: FILES, adminUrl: database.adminUrl };
    const { failed } = await runSqlTestsOn(sql, { ...tests, say: () => {}, interrupted: new AbortController().signal });
    return failed.length > 0;
  };
  const set = async ({ table, name, using, check }: Policy, to?: string): Promise<void> => {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    const clauses = [using && `using (${to ?? using})`, check && `with check (${to ?? check})`].filter(Boolean).join(
      " ",
    );
    await sql.unsafe(`alter policy ${quoted} on ${table} ${clauses}`);
  };
  try {
    expect(await fails()).toBe(false);
    const clients = (await policiesOf(sql)).filter(({ roles }) => roles.some((role) => role !== "vaultbook_ledger"));
    const untested: string[] = [];
    for (const policy of clients) {
      for (const to of ["true", "false"]) {
        if (policy.using === to) continue;
        await set(policy, to);
        if (!await fails()) untested.push(`${policy.table}: "${policy.name}" can be ${to}`);
        await set(policy);
      }
    }
    showFigure(`${clients.length} policies, opened and closed`);
    expect(untested).toEqual([]);
    expect(clients.length).toBeGreaterThanOrEqual(12);
  } finally {
    await database.close();
  }
});

Deno.test("every other policy is the ledger's own, and nobody can become the ledger but the owner of the tables", async () => {
  const database = await openTestDatabase();
  try {
    const others = (await policiesOf(database.admin)).filter(({ roles }) => roles.includes("vaultbook_ledger"));
    expect(others.filter(({ roles }) => roles.length !== 1)).toEqual([]);
    const [ledger] = await database.admin`
      select r.rolcanlogin, r.rolbypassrls, r.rolsuper,
             array(select m.member::regrole::text from pg_auth_members as m where m.roleid = r.oid) as members
        from pg_roles as r where r.rolname = 'vaultbook_ledger'`;
    expect(ledger).toMatchObject({ rolcanlogin: false, rolbypassrls: false, rolsuper: false });
    const clients = ["anon", "authenticated", "authenticator", "service_role", "supabase_auth_admin"];
    expect((ledger?.members as string[]).filter((member) => clients.includes(member))).toEqual([]);
  } finally {
    await database.close();
  }
});

Deno.test("row 51: no policy, view or function reads user_metadata, which users write themselves", async () => {
  const database = await openTestDatabase();
  try {
    const readers = await database.admin`
      select format('policy %s', policyname) as reader from pg_policies
       where schemaname in ('public', 'vaultbook', 'realtime') and concat(qual, with_check) ~* 'user_meta_?data'
      union all
      select 'function ' || p.oid::regprocedure from pg_proc as p
       where p.pronamespace in ('public'::regnamespace, 'vaultbook'::regnamespace) and p.prosrc ~* 'user_meta_?data'
      union all
      select format('view %s.%s', schemaname, viewname) from pg_views
       where schemaname in ('public', 'vaultbook') and definition ~* 'user_meta_?data' and viewname not like 'breaks\\_%'`;
    expect(readers.map(({ reader }) => reader)).toEqual([]);
  } finally {
    await database.close();
  }
});
