import { expect } from "expect";
import type { AuthError } from "@supabase/supabase-js";
import { withAuth } from "./running_auth.ts";

const EMAIL = "anna@example.com";
const PASSWORD = "correct horse";

function shown(error: AuthError | null): unknown[] {
  return [error?.status, error?.code, error?.message];
}

Deno.test("signUp() makes a confirmed user with an email identity and signs in", () =>
  withAuth(async (auth) => {
    const { data, error } = await auth.client().auth.signUp({
      email: "Anna@Example.com",
      password: PASSWORD,
      options: { data: { nickname: "an" } },
    });
    expect(error).toBeNull();
    const { user, session } = data;
    expect(user).toMatchObject({
      aud: "authenticated",
      role: "authenticated",
      email: EMAIL,
      phone: "",
      is_anonymous: false,
      app_metadata: { provider: "email", providers: ["email"] },
      user_metadata: { nickname: "an", email: EMAIL, email_verified: true, phone_verified: false, sub: user?.id },
    });
    expect(user?.email_confirmed_at).toBe(user?.confirmed_at);
    expect(user?.identities).toMatchObject([{
      id: user?.id,
      user_id: user?.id,
      provider: "email",
      email: EMAIL,
      identity_data: { sub: user?.id, email: EMAIL, email_verified: false },
    }]);
    expect(session).toMatchObject({ token_type: "bearer", expires_in: 3600 });
    const claims = await auth.keys.verify(session?.access_token ?? "");
    expect(claims).toMatchObject({
      iss: auth.keys.issuer,
      sub: user?.id,
      aud: "authenticated",
      role: "authenticated",
      email: EMAIL,
      phone: "",
      aal: "aal1",
      is_anonymous: false,
      app_metadata: { provider: "email", providers: ["email"] },
    });
    expect(claims.amr).toMatchObject([{ method: "password" }]);
    expect(claims.exp).toBe(session?.expires_at);
    const [row] = await auth.database.admin`select encrypted_password from auth.users`;
    expect(row?.encrypted_password).toMatch(/^\$2a\$10\$/);
  }));

Deno.test("signUp() refuses a known email, weak and overlong passwords, and what is no email", () =>
  withAuth(async (auth) => {
    const client = auth.client();
    await client.auth.signUp({ email: EMAIL, password: PASSWORD });
    const attempt = async (email: string, password: string): Promise<unknown[]> =>
      shown((await client.auth.signUp({ email, password })).error);
    expect(await attempt("ANNA@example.com", PASSWORD)).toEqual([
      422,
      "user_already_exists",
      "User already registered",
    ]);
    expect(await attempt("b@example.com", "12345")).toEqual([
      422,
      "weak_password",
      "Password should be at least 6 characters.",
    ]);
    expect(await attempt("b@example.com", "x".repeat(73))).toEqual([
      400,
      "validation_failed",
      "Password cannot be longer than 72 characters",
    ]);
    expect(await attempt("not an email", PASSWORD)).toEqual([
      400,
      "validation_failed",
      "Unable to validate email address: invalid format",
    ]);
    const phone = await client.auth.signUp({ phone: "+4912345", password: PASSWORD });
    expect(shown(phone.error)).toEqual([400, "phone_provider_disabled", "Phone signups are disabled"]);
  }));

Deno.test("signUp() at the same time with one email makes one user", () =>
  withAuth(async (auth) => {
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => auth.client().auth.signUp({ email: EMAIL, password: PASSWORD })),
    );
    expect(outcomes.filter(({ error }) => error === null).length).toBe(1);
    expect(outcomes.flatMap(({ error }) => error?.code ?? [])).toEqual(Array(4).fill("user_already_exists"));
    expect(auth.faults).toEqual([]);
  }));

Deno.test("signInAnonymously() makes a user without identity, who can become a permanent one", () =>
  withAuth(async (auth) => {
    const client = auth.client();
    const { data } = await client.auth.signInAnonymously({ options: { data: { colour: "red" } } });
    expect(data.user).toMatchObject({
      is_anonymous: true,
      email: "",
      identities: [],
      app_metadata: {},
      user_metadata: { colour: "red" },
    });
    expect(await auth.keys.verify(data.session?.access_token ?? "")).toMatchObject({
      is_anonymous: true,
      role: "authenticated",
    });
    const alone = await client.auth.updateUser({ password: PASSWORD });
    expect(shown(alone.error).slice(0, 2)).toEqual([422, "validation_failed"]);
    const { data: changed, error } = await client.auth.updateUser({ email: EMAIL, password: PASSWORD });
    expect(error).toBeNull();
    expect(changed.user).toMatchObject({ id: data.user?.id, is_anonymous: false, email: EMAIL });
    expect(changed.user?.identities).toMatchObject([{ provider: "email" }]);
    const signedIn = await auth.client().auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
    expect(signedIn.data.user?.id).toBe(data.user?.id);
  }));

Deno.test("signInWithPassword() takes the right password and answers every wrong one alike", () =>
  withAuth(async (auth) => {
    await auth.client().auth.signUp({ email: EMAIL, password: PASSWORD });
    const client = auth.client();
    const { data, error } = await client.auth.signInWithPassword({ email: "ANNA@EXAMPLE.COM", password: PASSWORD });
    expect(error).toBeNull();
    expect(data.user?.last_sign_in_at).toBeDefined();
    const wrong = [400, "invalid_credentials", "Invalid login credentials"];
    for (
      const [email, password] of [[EMAIL, "wrong horse"], [EMAIL, ""], ["nobody@example.com", PASSWORD], ["x", "\0"]]
    ) {
      const attempt = await auth.client().auth.signInWithPassword({ email: email ?? "", password: password ?? "" });
      expect(shown(attempt.error)).toEqual(wrong);
    }
    const anonymous = await auth.client().auth.signInAnonymously();
    const empty = await auth.client().auth.signInWithPassword({
      email: anonymous.data.user?.email ?? "",
      password: "",
    });
    expect(shown(empty.error)).toEqual([400, "validation_failed", "missing email or phone"]);
  }));

Deno.test("getUser() gives the user of the token, and getClaims() verifies it by the project's JWKS", () =>
  withAuth(async (auth) => {
    const client = auth.client();
    const { data: signedUp } = await client.auth.signUp({ email: EMAIL, password: PASSWORD });
    const { data } = await client.auth.getUser();
    expect(data.user?.id).toBe(signedUp.user?.id);
    const { data: verified, error } = await client.auth.getClaims();
    expect(error).toBeNull();
    expect(verified?.claims.sub).toBe(signedUp.user?.id);
  }));

Deno.test("getUser() refuses tokens that are missing, foreign, expired, or of a user or session that is gone", () =>
  withAuth(async (auth) => {
    const client = auth.client();
    const { data } = await client.auth.signUp({ email: EMAIL, password: PASSWORD });
    const token = data.session?.access_token ?? "";
    const { sub, session_id } = await auth.keys.verify(token);
    const answer = async (bearer?: string): Promise<unknown[]> => {
      const response = await auth.fetch("user", bearer === undefined ? {} : { headers: { authorization: bearer } });
      const body = await response.json();
      return [response.status, body.error_code, body.msg];
    };
    expect(await answer()).toEqual([401, "no_authorization", "This endpoint requires a valid Bearer token"]);
    expect(await answer("Bearer sb_publishable_test")).toEqual([403, "bad_jwt", "invalid claim: missing sub claim"]);
    expect((await answer("Bearer a.b.c")).slice(0, 2)).toEqual([403, "bad_jwt"]);
    const forged = await auth.keys.sign({ sub, session_id: crypto.randomUUID() }, 60);
    expect((await answer(`Bearer ${forged}`)).slice(0, 2)).toEqual([403, "session_not_found"]);
    const ghost = await auth.keys.sign({ sub: crypto.randomUUID(), session_id }, 60);
    expect((await answer(`Bearer ${ghost}`)).slice(0, 2)).toEqual([403, "user_not_found"]);
    auth.passSeconds(3601);
    expect(await answer(`Bearer ${token}`)).toEqual([
      403,
      "bad_jwt",
      "invalid JWT: unable to parse or verify signature, JWT expired",
    ]);
  }));

Deno.test("updateUser() merges metadata, changes email and password, and ends the other sessions", () =>
  withAuth(async (auth) => {
    const [here, there] = [auth.client(), auth.client()];
    await here.auth.signUp({ email: EMAIL, password: PASSWORD, options: { data: { a: 1, b: 2 } } });
    await there.auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
    const { data } = await here.auth.updateUser({ data: { b: null, c: [3] } });
    expect(data.user?.user_metadata).toMatchObject({ a: 1, c: [3] });
    expect(data.user?.user_metadata).not.toHaveProperty("b");
    expect((await there.auth.getUser()).error).toBeNull();
    const same = await here.auth.updateUser({ password: PASSWORD });
    expect(shown(same.error).slice(0, 2)).toEqual([422, "same_password"]);
    const { error } = await here.auth.updateUser({ email: "New@example.com", password: "another horse" });
    expect(error).toBeNull();
    expect((await here.auth.getUser()).data.user?.email).toBe("new@example.com");
    expect((await there.auth.getUser()).error?.name).toBe("AuthSessionMissingError");
    const again = await auth.client().auth.signInWithPassword({ email: "new@example.com", password: "another horse" });
    expect(again.error).toBeNull();
  }));

Deno.test("updateUser() refuses app metadata and another user's email", () =>
  withAuth(async (auth) => {
    await auth.client().auth.signUp({ email: "other@example.com", password: PASSWORD });
    const client = auth.client();
    const { data } = await client.auth.signUp({ email: EMAIL, password: PASSWORD });
    const taken = await client.auth.updateUser({ email: "Other@example.com" });
    expect(shown(taken.error)).toEqual([
      422,
      "email_exists",
      "A user with this email address has already been registered",
    ]);
    const response = await auth.fetch("user", {
      method: "PUT",
      headers: { authorization: `Bearer ${data.session?.access_token}` },
      body: JSON.stringify({ app_metadata: { role: "ops" } }),
    });
    expect([response.status, (await response.json()).error_code]).toEqual([403, "not_admin"]);
    const [row] = await auth.database.admin`select raw_app_meta_data from auth.users where email = ${EMAIL}`;
    expect(row?.raw_app_meta_data).toEqual({ provider: "email", providers: ["email"] });
  }));

Deno.test("signOut() ends this session, the others, or all", () =>
  withAuth(async (auth) => {
    const clients = [auth.client(), auth.client(), auth.client()];
    await clients[0]?.auth.signUp({ email: EMAIL, password: PASSWORD });
    for (const client of clients.slice(1)) await client.auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
    const tokens = await Promise.all(
      clients.map(async (each) => (await each.auth.getSession()).data.session?.access_token),
    );
    const alive = async (): Promise<boolean[]> => {
      const answers = tokens.map((token) => auth.client().auth.getUser(token));
      return (await Promise.all(answers)).map(({ error }) => error === null);
    };
    await clients[0]?.auth.signOut({ scope: "local" });
    expect(await alive()).toEqual([false, true, true]);
    await clients[1]?.auth.signOut({ scope: "others" });
    expect(await alive()).toEqual([false, true, false]);
    await clients[1]?.auth.signOut();
    expect(await alive()).toEqual([false, false, false]);
    const [left] = await auth.database.admin`
      select (select count(*) from auth.sessions) as sessions, (select count(*) from auth.refresh_tokens) as tokens`;
    expect(left).toEqual({ sessions: "0", tokens: "0" });
  }));

Deno.test("signOut() refuses another scope", () =>
  withAuth(async (auth) => {
    const { data } = await auth.client().auth.signInAnonymously();
    const headers = { authorization: `Bearer ${data.session?.access_token}` };
    const response = await auth.fetch("logout?scope=everyone", { method: "POST", headers });
    expect([response.status, (await response.json()).msg]).toEqual([400, 'Unsupported logout scope "everyone"']);
  }));

Deno.test("settings, health and an unknown endpoint answer", () =>
  withAuth(async (auth) => {
    const settings = await (await auth.fetch("settings")).json();
    expect(settings).toMatchObject({ mailer_autoconfirm: true, external: { email: true, anonymous_users: true } });
    expect(await (await auth.fetch("health")).json()).toMatchObject({ name: "GoTrue" });
    const unknown = await auth.fetch("recover", { method: "POST", body: "{}" });
    expect([unknown.status, (await unknown.json()).msg]).toEqual([404, "The local Auth does not serve POST /recover"]);
  }));
