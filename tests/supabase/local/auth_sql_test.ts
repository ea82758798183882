import { expect } from "expect";
import type { Sql } from "postgres";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";

async function withDatabase(run: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await openTestDatabase({ migrated: false });
  try {
    await run(database);
  } finally {
    await database.close();
  }
}

/** The SQLSTATE that a statement ends with under a role; "" when it goes through. Nothing is kept. */
async function stateAs(admin: Sql, role: string, statement: string): Promise<string> {
  let state = "";
  await admin.begin(async (sql) => {
    await sql.unsafe(`set local role ${role}`);
    await sql.unsafe(statement).catch((error) => state = error.code);
    throw new Error("undo");
  }).catch(() => {});
  return state;
}

const TABLES = ["users", "identities", "sessions", "refresh_tokens", "mfa_amr_claims"];

Deno.test("auth.sql gives the API roles none of Auth's tables and postgres all of them", () =>
  withDatabase(async ({ admin }) => {
    for (const table of TABLES) {
      for (const role of ["anon", "authenticated", "service_role"]) {
        expect([role, table, await stateAs(admin, role, `select from auth.${table}`)]).toEqual([role, table, "42501"]);
      }
      expect(await stateAs(admin, "postgres", `select from auth.${table}`)).toBe("");
      expect(await stateAs(admin, "postgres", `grant select on auth.${table} to authenticated`)).toBe("");
      expect(await stateAs(admin, "postgres", `drop table auth.${table} cascade`)).toBe("42501");
    }
  }));

Deno.test("auth.sql owns the tables by supabase_auth_admin, which is granted to nobody, with row security on", () =>
  withDatabase(async ({ admin }) => {
    const tables = await admin`
      select relname, pg_get_userbyid(relowner) as owner, relrowsecurity as guarded
        from pg_class where relnamespace = 'auth'::regnamespace and relkind = 'r' order by relname`;
    expect(tables.map((table) => table.relname)).toEqual([...TABLES].sort());
    for (const table of tables) expect([table.owner, table.guarded]).toEqual(["supabase_auth_admin", true]);
    const members = await admin`
      select pg_get_userbyid(member) as member from pg_auth_members where roleid = 'supabase_auth_admin'::regrole`;
    expect([...members]).toEqual([]);
    const [{ config }] = await admin`
      select rolconfig as config from pg_roles where rolname = 'supabase_auth_admin'` as unknown as [
      { config: string[] },
    ];
    expect(config).toContain("search_path=auth");
  }));

Deno.test("auth.uid(), role(), email() and jwt() tell every role whose request it is", () =>
  withDatabase(async ({ admin }) => {
    const id = crypto.randomUUID();
    const claims = { sub: id, role: "authenticated", email: "a@example.com", wallet_address: "W" };
    for (const role of ["anon", "authenticated", "service_role", "postgres"]) {
      const [row] = await admin.begin(async (sql) => {
        await sql.unsafe(`set local role ${role}`);
        await sql`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
        return await sql`select auth.uid(), auth.role(), auth.email(), auth.jwt()`;
      });
      expect(row).toEqual({ uid: id, role: "authenticated", email: "a@example.com", jwt: claims });
    }
    const [nobody] = await admin`select auth.uid(), auth.role(), auth.email(), auth.jwt()`;
    expect(nobody).toEqual({ uid: null, role: null, email: null, jwt: null });
  }));

Deno.test("auth.identities holds each identity of a provider once, and ends with its user", () =>
  withDatabase(async ({ admin }) => {
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
    await admin`insert into auth.users (id) values (${first}), (${second})`;
    const add = (user: string, provider: string): Promise<unknown> =>
      admin`insert into auth.identities (provider_id, user_id, identity_data, provider)
            values ('web3:solana:W', ${user}, '{"email": "A@b.c"}', ${provider})`.then(() => "");
    await add(first, "web3");
    await add(second, "other");
    await expect(add(second, "web3")).rejects.toThrow("identities_provider_id_provider_unique");
    await admin`delete from auth.users where id = ${first}`;
    const left = await admin`select provider, email from auth.identities`;
    expect([...left]).toEqual([{ provider: "other", email: "a@b.c" }]);
  }));

Deno.test("auth.sql runs again without changing anything", () =>
  withDatabase(async ({ admin }) => {
    const describe = async (): Promise<unknown> => {
      const [row] = await admin`
        select (select jsonb_agg(to_jsonb(c) - 'relfrozenxid' - 'relminmxid' order by oid) from pg_class as c
                 where relnamespace = 'auth'::regnamespace) as relations,
               (select jsonb_agg(jsonb_build_array(oid, proname, prosrc, proacl, proowner) order by oid) from pg_proc
                 where pronamespace = 'auth'::regnamespace) as functions`;
      return row;
    };
    const before = await describe();
    const text = await Deno.readTextFile(new URL("../../../supabase/local/project/auth.sql", import.meta.url));
    await admin.unsafe(text).simple();
    expect(await describe()).toEqual(before);
  }));
