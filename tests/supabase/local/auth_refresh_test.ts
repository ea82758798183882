import { expect } from "expect";
import { type RunningAuth, withAuth } from "./running_auth.ts";

interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  readonly refreshToken: string;
  readonly accessToken: string;
}

async function signIn(auth: RunningAuth): Promise<string> {
  const { data } = await auth.client().auth.signInAnonymously();
  return data.session?.refresh_token ?? "";
}

async function refresh(auth: RunningAuth, refreshToken: string): Promise<Outcome> {
  const response = await auth.fetch("token?grant_type=refresh_token", {
    method: "POST",
    body: JSON.stringify({ refresh_token: refreshToken }),
  });
  const body = await response.json();
  return {
    status: response.status,
    code: body.error_code,
    refreshToken: body.refresh_token,
    accessToken: body.access_token,
  };
}

Deno.test("refreshSession() swaps the refresh token and keeps the session", () =>
  withAuth(async (auth) => {
    const client = auth.client();
    const { data: first } = await client.auth.signInAnonymously();
    auth.passSeconds(3700);
    const { data: second, error } = await client.auth.refreshSession();
    expect(error).toBeNull();
    expect(second.session?.refresh_token).not.toBe(first.session?.refresh_token);
    const claims = await auth.keys.verify(second.session?.access_token ?? "");
    expect(claims.amr).toMatchObject([{ method: "anonymous" }]);
    const sessions = await auth.database.admin`select id, refreshed_at from auth.sessions`;
    expect(sessions.length).toBe(1);
    expect(sessions[0]?.id).toBe(claims.session_id);
    expect(Math.abs(sessions[0]?.refreshed_at.getTime() - auth.now())).toBeLessThan(5000);
  }));

Deno.test("refreshSession() at the same time gives every client the same next token", () =>
  withAuth(async (auth) => {
    // At once, so that all of the pool's connections are open before it counts.
    const tokens = await Promise.all(Array.from({ length: 6 }, () => signIn(auth)));
    for (const token of tokens) {
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => refresh(auth, token)));
      expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect(new Set(outcomes.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    }
  }));

Deno.test("refreshSession() takes a lost token again as long as its successor was never used", () =>
  withAuth(async (auth) => {
    const first = await signIn(auth);
    const second = await refresh(auth, first);
    auth.passSeconds(3600);
    expect(await refresh(auth, first)).toMatchObject({ status: 200, refreshToken: second.refreshToken });
  }));

Deno.test("refreshSession() takes an older token again for 10 seconds", () =>
  withAuth(async (auth) => {
    const first = await signIn(auth);
    const second = await refresh(auth, first);
    await refresh(auth, second.refreshToken);
    auth.passSeconds(9);
    expect((await refresh(auth, first)).status).toBe(200);
  }));

Deno.test("refreshSession() ends the session when an older token comes back later", () =>
  withAuth(async (auth) => {
    const first = await signIn(auth);
    const second = await refresh(auth, first);
    const third = await refresh(auth, second.refreshToken);
    auth.passSeconds(11);
    expect(await refresh(auth, first)).toMatchObject({ status: 400, code: "refresh_token_already_used" });
    expect(await refresh(auth, third.refreshToken)).toMatchObject({ status: 400, code: "refresh_token_not_found" });
    const { error } = await auth.client().auth.getUser(third.accessToken);
    expect(error?.name).toBe("AuthSessionMissingError");
  }));

Deno.test("refreshSession() refuses unknown and empty tokens, and sessions past their end", () =>
  withAuth(async (auth) => {
    expect(await refresh(auth, "nothing")).toMatchObject({ status: 400, code: "refresh_token_not_found" });
    const empty = await auth.fetch("token?grant_type=refresh_token", { method: "POST", body: "{}" });
    expect(await empty.json()).toEqual({ error: "invalid_request", error_description: "refresh_token required" });
    const token = await signIn(auth);
    await auth.database.admin`update auth.sessions set not_after = now() - interval '1 second'`;
    expect(await refresh(auth, token)).toMatchObject({ status: 400, code: "session_expired" });
  }));

Deno.test("refreshSession() shows the refusal to supabase-js", () =>
  withAuth(async (auth) => {
    const { error } = await auth.client().auth.refreshSession({ refresh_token: "nothing" });
    expect([error?.status, error?.code, error?.message]).toEqual([
      400,
      "refresh_token_not_found",
      "Invalid Refresh Token: Refresh Token Not Found",
    ]);
  }));
