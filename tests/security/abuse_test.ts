/**
 * What somebody can wear out who has nothing but the publishable key.
 *
 * @module
 */
import { expect } from "expect";
import postgres from "postgres";
import { relationsOf } from "@/tests/support/isolation/catalog.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";

let platform: TestPlatform;
Deno.test.beforeAll(async () => {
  platform = await openTestPlatform();
});
Deno.test.afterAll(() => platform.close());

/** The platform that all of them share has timers and processes of its own. */
function abuseTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

abuseTest("row 48: the publishable key reads the TVL, a thousand rows at most, and nothing else at all", async () => {
  const { admin } = platform.database;
  await admin.begin(async (sql) => {
    await sql`set local role vaultbook_ledger`;
    await sql`
        insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available, timestamp)
        select i, 1, 0, i, now() - i * interval '1 minute' from generate_series(1, 1500) as i`;
  });
  const ask = async (path: string, init: RequestInit = {}): Promise<{ status: number; body: string }> => {
    const response = await fetch(`${platform.url}${path}`, {
      ...init,
      headers: { apikey: platform.publishable, ...init.headers },
    });
    return { status: response.status, body: await response.text() };
  };
  for (
    const path of ["tvl_snapshots?limit=100000", "tvl_history?limit=100000", "tvl_snapshots?limit=1500&offset=0"]
  ) {
    const { status, body } = await ask(`/rest/v1/${path}`);
    expect([path, status, JSON.parse(body).length]).toEqual([path, 200, 1000]);
  }
  let relations = 0;
  for (const { name } of await relationsOf(admin, ["public"])) {
    if (name.startsWith("tvl_")) continue;
    relations += 1;
    const { status, body } = await ask(`/rest/v1/${name}`);
    expect([name, status, JSON.parse(body).code]).toEqual([name, 401, "42501"]);
  }
  expect(relations).toBeGreaterThanOrEqual(11);
  const { status, body } = await ask("/rest/v1/");
  // Whether it describes anything to anon is PostgREST's affair; of what is hidden it says nothing.
  expect([status < 500, /vaultbook|deliveries|inbox/.test(body)]).toEqual([true, false]);
});

abuseTest("row 48: a body of 11 MiB is refused, and one that nobody asked for is not read", async () => {
  const post = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
    const body = new Uint8Array(11 * 1024 * 1024);
    const response = await fetch(`${platform.url}/functions/v1/api${path}`, { method: "POST", body, headers }).catch(
      () => null,
    );
    await response?.body?.cancel();
    return response?.status ?? 0;
  };
  expect(await post("/webhooks/helius")).toBe(401);
  expect(await post("/webhooks/helius", { authorization: "the platform test's webhook secret" })).toBe(413);
  expect(await post(`/alerts/${crypto.randomUUID()}/acknowledge`)).toBe(401);
  expect(await post("/tvl")).toBe(405);
});

abuseTest("row 48: every role that comes from outside is stopped after seconds, and may become no other", async () => {
  const sql = postgres(platform.database.authenticatorUrl, { max: 1, onnotice: () => {} });
  try {
    const [own] = await sql`select current_setting('statement_timeout') as timeout`;
    expect(own?.timeout).toBe("8s");
    const roles = await platform.database.admin`
      select rolname, array(select unnest(rolconfig) order by 1)::text as settings, rolsuper or rolcreaterole or rolcreatedb or rolreplication as is_mighty, rolbypassrls
        from pg_roles where rolname in ('anon', 'authenticated') order by 1`;
    expect(roles.map((role) => ({ ...role }))).toEqual([
      { rolname: "anon", settings: "{statement_timeout=3s}", is_mighty: false, rolbypassrls: false },
      {
        rolname: "authenticated",
        settings: "{random_page_cost=1.1,statement_timeout=8s}",
        is_mighty: false,
        rolbypassrls: false,
      },
    ]);
    for (const role of ["postgres", "supabase_admin", "supabase_auth_admin", "vaultbook_ledger"]) {
      await expect(sql.unsafe(`set role ${role}`)).rejects.toThrow("permission denied");
    }
  } finally {
    await sql.end();
  }
});
