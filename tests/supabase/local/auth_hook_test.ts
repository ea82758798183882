import { expect } from "expect";
import { newWallet, type RunningAuth, siwsMessage, withAuth } from "./running_auth.ts";

const HOOK = { hook: { customAccessToken: "private.token_hook" } };

/** Makes the hook of a PL/pgSQL body that sees `event` and returns jsonb, as a migration of `postgres` would. */
async function makeHook(auth: RunningAuth, body: string, setup = ""): Promise<void> {
  await auth.database.admin.begin(async (sql) => {
    await sql.unsafe(`
      create schema private authorization postgres;
      set local role postgres;
      ${setup};
      create function private.token_hook(event jsonb) returns jsonb language plpgsql set search_path = '' as
        $hook$ begin ${body} end $hook$;
      revoke execute on function private.token_hook(jsonb) from public;
      grant usage on schema private to supabase_auth_admin;
      grant execute on function private.token_hook(jsonb) to supabase_auth_admin;
    `).simple();
  });
}

/** Signs an anonymous user in by hand: status and body. */
async function signIn(auth: RunningAuth): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await auth.fetch("signup", { method: "POST", body: "{}" });
  return { status: response.status, body: await response.json() };
}

async function expectNobody(auth: RunningAuth): Promise<void> {
  const [count] = await auth.database.admin`
    select (select count(*) from auth.users) as users, (select count(*) from auth.sessions) as sessions`;
  expect(count).toEqual({ users: "0", sessions: "0" });
}

const RETURN_CHANGED = "return jsonb_build_object('claims', (event->'claims') || ";

Deno.test("the hook adds the wallet of a first sign-in, which it sees in the same transaction", () =>
  withAuth(async (auth) => {
    await makeHook(
      auth,
      `return jsonb_set(event, '{claims,wallet_address}', to_jsonb(split_part(
         (select provider_id from auth.identities where user_id = (event ->> 'user_id')::uuid), ':', 3)));`,
    );
    const wallet = await newWallet();
    const message = siwsMessage(wallet.address);
    const client = auth.client();
    const { data, error } = await client.auth.signInWithWeb3({
      chain: "solana",
      message,
      signature: await wallet.sign(message),
    });
    expect(error).toBeNull();
    expect((await auth.keys.verify(data.session?.access_token ?? "")).wallet_address).toBe(wallet.address);
    const { data: refreshed } = await client.auth.refreshSession();
    expect((await auth.keys.verify(refreshed.session?.access_token ?? "")).wallet_address).toBe(wallet.address);
  }, HOOK));

Deno.test("the hook runs as supabase_auth_admin and is told user, claims and method", () =>
  withAuth(async (auth) => {
    await makeHook(
      auth,
      "insert into private.seen values (event || jsonb_build_object('role', current_user)); return event;",
      "create table private.seen (event jsonb); grant insert on private.seen to supabase_auth_admin",
    );
    const client = auth.client();
    const { data } = await client.auth.signInAnonymously();
    await client.auth.refreshSession();
    const rows = await auth.database.admin`select event from private.seen`;
    expect(rows.map(({ event }) => [event.role, event.user_id, event.authentication_method])).toEqual([
      ["supabase_auth_admin", data.user?.id, "anonymous"],
      ["supabase_auth_admin", data.user?.id, "token_refresh"],
    ]);
    const { iat: _iat, exp: _exp, amr: _amr, ...claims } = rows[0]?.event.claims ?? {};
    expect(claims).toEqual({
      iss: auth.keys.issuer,
      sub: data.user?.id,
      aud: "authenticated",
      email: "",
      phone: "",
      role: "authenticated",
      aal: "aal1",
      session_id: (await auth.keys.verify(data.session?.access_token ?? "")).session_id,
      is_anonymous: true,
      app_metadata: {},
      user_metadata: {},
    });
  }, HOOK));

Deno.test("a hook that refuses gives its status and message, and undoes the sign-in", () =>
  withAuth(async (auth) => {
    await makeHook(auth, `return '{"error": {"http_code": 403, "message": "wallets only"}}';`);
    expect(await signIn(auth)).toEqual({
      status: 403,
      body: { code: 403, error_code: "unknown", msg: "wallets only" },
    });
    await expectNobody(auth);
    const { error } = await auth.client().auth.signInAnonymously();
    expect([error?.status, error?.code, error?.message]).toEqual([403, "unknown", "wallets only"]);
    expect(auth.faults).toEqual([]);
  }, HOOK));

Deno.test("a hook that does not exist lets nobody in", () =>
  withAuth(async (auth) => {
    const { status, body } = await signIn(auth);
    expect([status, body.error_code]).toEqual([500, "unexpected_failure"]);
    expect(body.msg).toMatch(
      /^Error running hook URI: pg-functions:\/\/postgres\/private\/token_hook \(.*does not exist/,
    );
    await expectNobody(auth);
    expect(auth.faults.length).toBe(1);
  }, HOOK));

Deno.test("a hook that Auth may not execute lets nobody in", () =>
  withAuth(async (auth) => {
    await makeHook(auth, "return event;");
    await auth.database.admin`revoke execute on function private.token_hook(jsonb) from supabase_auth_admin`;
    const { status, body } = await signIn(auth);
    expect(status).toBe(500);
    expect(body.msg).toContain("permission denied for function token_hook");
    await expectNobody(auth);
  }, HOOK));

Deno.test("a hook that fails or takes longer than two seconds lets nobody in", () =>
  withAuth(async (auth) => {
    await makeHook(
      auth,
      "if (event -> 'claims' ->> 'is_anonymous')::boolean then raise exception 'no luck'; end if; " +
        "perform pg_catalog.pg_sleep(10); return event;",
    );
    const failed = await signIn(auth);
    expect([failed.status, String(failed.body.msg)]).toEqual([500, expect.stringContaining("(no luck)")]);
    const { error } = await auth.client().auth.signUp({ email: "a@example.com", password: "correct horse" });
    expect(error?.message).toContain("statement timeout");
    await expectNobody(auth);
  }, HOOK));

const UNFIT: [body: string, message: string][] = [
  ["return null;", "Error unmarshaling JSON output."],
  ["return '{}';", "output claims field is missing"],
  ["return jsonb_build_object('claims', null);", "(root): Invalid type. Expected: object, given: null"],
  ["return '{\"claims\": []}';", "(root): Invalid type. Expected: object, given: array"],
  ["return jsonb_set(event, '{claims}', (event->'claims') - 'session_id');", "(root): session_id is required"],
  [`${RETURN_CHANGED} '{"exp": "soon"}');`, "exp: Invalid type. Expected: integer, given: string"],
  [`${RETURN_CHANGED} '{"exp": 1.5}');`, "exp: Invalid type. Expected: integer, given: number"],
  [`${RETURN_CHANGED} '{"email": null}');`, "email: Invalid type. Expected: string, given: null"],
  [`${RETURN_CHANGED} '{"app_metadata": 1}');`, "app_metadata: Invalid type. Expected: object, given: integer"],
  [`${RETURN_CHANGED} '{"role": "service_role"}');`, "role: service_role is reserved for the secret key"],
];

for (const [body, message] of UNFIT) {
  Deno.test(`a hook whose output says "${message}" lets nobody in`, () =>
    withAuth(async (auth) => {
      await makeHook(auth, body);
      const { status, body: answer } = await signIn(auth);
      expect([status, answer.msg]).toEqual([500, expect.stringContaining(message)]);
      await expectNobody(auth);
    }, HOOK));
}

Deno.test("openAuth() refuses a hook's name that is more than schema.function", async () => {
  for (const customAccessToken of ["hook", "a.b.c", "private.hook(jsonb)", "a.b; drop table x", 'a."b"']) {
    await expect(withAuth(async () => {}, { hook: { customAccessToken } })).rejects.toThrow(TypeError);
  }
});
