import { expect } from "expect";
import type { AuthError } from "@supabase/supabase-js";
import { SECRET, withAuth } from "./running_auth.ts";

const EMAIL = "ops@example.com";
const PASSWORD = "correct horse";

function shown(error: AuthError | null): unknown[] {
  return [error?.status, error?.code];
}

Deno.test("admin.createUser() makes an ops user whose token carries the role", () =>
  withAuth(async (auth) => {
    const { data, error } = await auth.admin().auth.admin.createUser({
      email: "Ops@Example.com",
      password: PASSWORD,
      email_confirm: true,
      app_metadata: { role: "ops" },
      user_metadata: { name: "Olga" },
    });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({
      email: EMAIL,
      role: "authenticated",
      app_metadata: { provider: "email", providers: ["email"], role: "ops" },
      user_metadata: { name: "Olga", email_verified: true },
      identities: [{ provider: "email", identity_data: { email: EMAIL } }],
    });
    const { data: signedIn } = await auth.client().auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
    const claims = await auth.keys.verify(signedIn.session?.access_token ?? "");
    expect(claims).toMatchObject({ role: "authenticated", app_metadata: { role: "ops" } });
  }));

Deno.test("admin.createUser() without confirmation makes a user who cannot sign in yet", () =>
  withAuth(async (auth) => {
    const { data } = await auth.admin().auth.admin.createUser({ email: EMAIL, password: PASSWORD });
    const before = await auth.client().auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
    expect(shown(before.error)).toEqual([400, "email_not_confirmed"]);
    await auth.admin().auth.admin.updateUserById(data.user?.id ?? "", { email_confirm: true });
    const after = await auth.client().auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
    expect(after.error).toBeNull();
  }));

Deno.test("admin.createUser() refuses taken emails and ids, no email, and reserved roles", () =>
  withAuth(async (auth) => {
    const admin = auth.admin().auth.admin;
    const id = crypto.randomUUID();
    expect((await admin.createUser({ id, email: EMAIL })).data.user?.id).toBe(id);
    expect(shown((await admin.createUser({ email: "OPS@example.com" })).error)).toEqual([422, "email_exists"]);
    expect(shown((await admin.createUser({ password: PASSWORD })).error)).toEqual([400, "validation_failed"]);
    expect(shown((await admin.createUser({ id: "1", email: "b@example.com" })).error)).toEqual([
      400,
      "validation_failed",
    ]);
    for (const role of ["service_role", "supabase_admin", "postgres"]) {
      expect(shown((await admin.createUser({ email: "b@example.com", role })).error)).toEqual([
        400,
        "validation_failed",
      ]);
    }
  }));

Deno.test("admin endpoints are for the secret key alone", () =>
  withAuth(async (auth) => {
    expect(shown((await auth.client().auth.admin.listUsers()).error)).toEqual([403, "not_admin"]);
    const client = auth.client();
    const { data } = await client.auth.signInAnonymously();
    const token = `Bearer ${data.session?.access_token}`;
    const asUser = await auth.fetch("admin/users", { headers: { authorization: token } });
    expect(asUser.status).toBe(403);
    const userBesideSecret = await auth.fetch("admin/users", { headers: { apikey: SECRET, authorization: token } });
    expect([userBesideSecret.status, (await userBesideSecret.json()).error_code]).toEqual([403, "not_admin"]);
    await asUser.body?.cancel();
    expect((await auth.admin().auth.admin.listUsers()).error).toBeNull();
  }));

Deno.test("admin.listUsers() gives pages, the newest user first", () =>
  withAuth(async (auth) => {
    const admin = auth.admin().auth.admin;
    for (let i = 0; i < 3; i++) {
      await auth.client().auth.signInAnonymously({ options: { data: { i } } });
      auth.passSeconds(1);
    }
    const { data } = await admin.listUsers({ page: 1, perPage: 2 });
    expect(data.users.map((user) => user.user_metadata.i)).toEqual([2, 1]);
    expect(data).toMatchObject({ aud: "authenticated", total: 3, nextPage: 2, lastPage: 2 });
    const { data: second } = await admin.listUsers({ page: 2, perPage: 2 });
    expect(second.users.map((user) => user.user_metadata.i)).toEqual([0]);
    expect(second).toMatchObject({ nextPage: null, lastPage: 2 });
    for (const query of ["page=0", "page=-1", "page=x", "per_page=1e9", "page=99999999999999999999"]) {
      const response = await auth.fetch(`admin/users?${query}`, { headers: { apikey: SECRET } });
      expect([query, response.status, (await response.json()).error_code]).toEqual([query, 400, "validation_failed"]);
    }
  }));

Deno.test("admin.getUserById() finds users and refuses unknown ids", () =>
  withAuth(async (auth) => {
    const admin = auth.admin().auth.admin;
    const { data } = await admin.createUser({ email: EMAIL });
    expect((await admin.getUserById(data.user?.id ?? "")).data.user).toEqual(data.user);
    expect(shown((await admin.getUserById(crypto.randomUUID())).error)).toEqual([404, "user_not_found"]);
    const odd = await auth.fetch("admin/users/1%20or%201=1", { headers: { apikey: SECRET } });
    expect([odd.status, (await odd.json()).msg]).toEqual([404, "user_id must be an UUID"]);
  }));

Deno.test("admin.updateUserById() merges metadata, changes email and password, bans and unbans", () =>
  withAuth(async (auth) => {
    const admin = auth.admin().auth.admin;
    const { data } = await admin.createUser({ email: EMAIL, password: PASSWORD, email_confirm: true });
    const id = data.user?.id ?? "";
    const client = auth.client();
    await client.auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
    const { data: changed, error } = await admin.updateUserById(id, {
      email: "New@example.com",
      password: "another horse",
      app_metadata: { role: "ops", provider: null },
    });
    expect(error).toBeNull();
    expect(changed.user).toMatchObject({
      email: "new@example.com",
      app_metadata: { providers: ["email"], role: "ops" },
    });
    expect(changed.user?.app_metadata).not.toHaveProperty("provider");
    expect(changed.user?.identities?.[0]?.identity_data?.email).toBe("new@example.com");
    expect((await client.auth.getUser()).error?.name).toBe("AuthSessionMissingError");
    const signIn = async (): Promise<unknown[]> =>
      shown((await client.auth.signInWithPassword({ email: "new@example.com", password: "another horse" })).error);
    expect(await signIn()).toEqual([undefined, undefined]);
    await admin.updateUserById(id, { ban_duration: "1h30m" });
    expect(await signIn()).toEqual([400, "user_banned"]);
    expect(shown((await client.auth.getUser()).error)).toEqual([403, "user_banned"]);
    expect(shown((await client.auth.refreshSession()).error)).toEqual([400, "user_banned"]);
    auth.passSeconds(5401);
    expect(await signIn()).toEqual([undefined, undefined]);
    await admin.updateUserById(id, { ban_duration: "24h" });
    await admin.updateUserById(id, { ban_duration: "none" });
    expect(await signIn()).toEqual([undefined, undefined]);
    expect(shown((await admin.updateUserById(id, { ban_duration: "soon" })).error)).toEqual([400, "validation_failed"]);
    expect(shown((await admin.updateUserById(id, { role: "service_role" })).error)).toEqual([400, "validation_failed"]);
  }));

Deno.test("admin.deleteUser() removes a user with identities and sessions", () =>
  withAuth(async (auth) => {
    const client = auth.client();
    const { data } = await client.auth.signUp({ email: EMAIL, password: PASSWORD });
    const { error } = await auth.admin().auth.admin.deleteUser(data.user?.id ?? "");
    expect(error).toBeNull();
    const [left] = await auth.database.admin`
      select (select count(*) from auth.users) as users,
             (select count(*) from auth.identities) as identities,
             (select count(*) from auth.sessions) as sessions,
             (select count(*) from auth.refresh_tokens) as tokens`;
    expect(left).toEqual({ users: "0", identities: "0", sessions: "0", tokens: "0" });
    expect(shown((await client.auth.getUser()).error)).toEqual([403, "user_not_found"]);
  }));

Deno.test("admin.deleteUser() softly keeps the row and nothing personal, and frees the email", () =>
  withAuth(async (auth) => {
    const { data } = await auth.client().auth.signUp({ email: EMAIL, password: PASSWORD });
    const id = data.user?.id ?? "";
    await auth.admin().auth.admin.deleteUser(id, true);
    const rows = await auth.database.admin`
      select row_to_json(account)::text || row_to_json(identity)::text as content, account.deleted_at
        from auth.users as account join auth.identities as identity on identity.user_id = account.id`;
    expect(rows.length).toBe(1);
    expect(rows[0]?.deleted_at).not.toBeNull();
    expect(rows[0]?.content).not.toContain("example.com");
    const again = await auth.client().auth.signUp({ email: EMAIL, password: PASSWORD });
    expect(again.error).toBeNull();
    expect(again.data.user?.id).not.toBe(id);
  }));
