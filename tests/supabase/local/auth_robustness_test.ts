import { expect } from "expect";
import fc from "fast-check";
import { newWallet, type RunningAuth, SECRET, siwsMessage, withAuth } from "./running_auth.ts";

interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Every endpoint that reads a body, as callers who get as far as their body. */
async function endpoints(auth: RunningAuth): Promise<Endpoint[]> {
  const { data } = await auth.client().auth.signInAnonymously();
  const user = { authorization: `Bearer ${data.session?.access_token}` };
  const { data: target } = await auth.admin().auth.admin.createUser({ email: "target@example.com" });
  const secret = { apikey: SECRET };
  return [
    { method: "POST", path: "signup", headers: {} },
    { method: "POST", path: "token?grant_type=password", headers: {} },
    { method: "POST", path: "token?grant_type=refresh_token", headers: {} },
    { method: "POST", path: "token?grant_type=web3", headers: {} },
    { method: "POST", path: "token?grant_type=pkce", headers: {} },
    { method: "PUT", path: "user", headers: user },
    { method: "POST", path: "admin/users", headers: secret },
    { method: "PUT", path: `admin/users/${target.user?.id}`, headers: secret },
  ];
}

async function statusOf(auth: RunningAuth, endpoint: Endpoint, body: BodyInit): Promise<number> {
  const response = await auth.fetch(endpoint.path, { method: endpoint.method, headers: endpoint.headers, body });
  await response.json();
  return response.status;
}

const WORDS = [
  "",
  " ",
  "\0",
  "\ud800",
  "a\0b@c.de",
  "x".repeat(300),
  "a@b.co",
  "'; drop table auth.users; --",
  "null",
  "é",
];

/** A field of a kind that GoTrue does not expect there, or nearly expects. */
const field = fc.oneof(
  fc.constantFrom<unknown>(...WORDS, null, true, 0, -1, 1e308, [], {}, [[]], { a: { b: ["\0"] } }),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary", maxLength: 12 }),
);

const body = fc.record({
  email: field,
  phone: field,
  password: field,
  data: field,
  app_metadata: field,
  user_metadata: field,
  email_confirm: field,
  role: field,
  id: field,
  ban_duration: field,
  chain: fc.oneof(field, fc.constant("solana")),
  message: field,
  signature: field,
  refresh_token: field,
}, { requiredKeys: [] });

Deno.test("no body, however shaped, makes Auth fail", () =>
  withAuth(async (auth) => {
    const all = await endpoints(auth);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all), body, async (endpoint, content) => {
        expect(await statusOf(auth, endpoint, JSON.stringify(content))).toBeLessThan(500);
      }),
      { numRuns: 250, seed: 22 },
    );
    expect(auth.faults).toEqual([]);
  }));

Deno.test("bodies that are no JSON object are refused as bad_json", () =>
  withAuth(async (auth) => {
    const contents = ["", "{", "[]", "1", '"text"', "\xff\xfe", '{"email": 1}', '{"password": {}}', '{"message": 1}'];
    for (const endpoint of await endpoints(auth)) {
      if (endpoint.path.endsWith("pkce")) continue;
      for (const content of contents) {
        const response = await auth.fetch(endpoint.path, {
          method: endpoint.method,
          headers: endpoint.headers,
          body: content,
        });
        const { error_code } = await response.json();
        // A field that an endpoint does not know may be of any type there; the endpoint then misses its own.
        expect([endpoint.path, content, response.status < 500]).toEqual([endpoint.path, content, true]);
        if (!content.startsWith('{"')) {
          expect([endpoint.path, content, error_code]).toEqual([endpoint.path, content, "bad_json"]);
        }
      }
    }
    expect(auth.faults).toEqual([]);
  }));

Deno.test("bodies above 1 MiB are refused before they are read to the end", () =>
  withAuth(async (auth) => {
    const response = await auth.fetch("signup", { method: "POST", body: " ".repeat(1024 * 1024 + 1) });
    expect([response.status, (await response.json()).error_code]).toEqual([413, "request_entity_too_large"]);
  }));

Deno.test("wallets that sign oddities are refused, not failed", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    const statements = ["a\0b", "\ud800", "\u202e", "🦀".repeat(100), "Version: 2", "- x"];
    for (const statement of statements) {
      const message = siwsMessage(wallet.address, { statement });
      const signature = btoa(String.fromCharCode(...await wallet.sign(message)));
      const endpoint = { method: "POST", path: "token?grant_type=web3", headers: {} };
      expect(await statusOf(auth, endpoint, JSON.stringify({ chain: "solana", message, signature }))).toBeLessThan(500);
    }
    // 32 bytes that are no point of the curve.
    const message = siwsMessage("4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi");
    const body = JSON.stringify({ chain: "solana", message, signature: "A".repeat(86) });
    expect(await statusOf(auth, { method: "POST", path: "token?grant_type=web3", headers: {} }, body)).toBe(400);
    expect(auth.faults).toEqual([]);
  }));

Deno.test("errors take the shape that the client's API version asks for", () =>
  withAuth(async (auth) => {
    const answer = async (version?: string): Promise<[string | null, unknown]> => {
      const headers: Record<string, string> = version === undefined ? {} : { "x-supabase-api-version": version };
      const response = await auth.fetch("signup", {
        method: "POST",
        headers,
        body: '{"email":"a@b.co","password":"1"}',
      });
      expect(response.status).toBe(422);
      return [response.headers.get("x-supabase-api-version"), await response.json()];
    };
    const msg = "Password should be at least 6 characters.";
    const weak_password = { reasons: ["length"] };
    const old = { code: 422, error_code: "weak_password", msg, weak_password };
    const recent = { code: "weak_password", message: msg, weak_password };
    expect(await answer()).toEqual([null, old]);
    expect(await answer("2023-12-31")).toEqual([null, old]);
    expect(await answer("nonsense")).toEqual([null, old]);
    expect(await answer("2024-01-01")).toEqual(["2024-01-01", recent]);
    expect(await answer("2026-11-22")).toEqual(["2024-01-01", recent]);
  }));

Deno.test("SQL in every place it could be put stays text", () =>
  withAuth(async (auth) => {
    const sql = `x'); drop table auth.users; --`;
    const { data } = await auth.client().auth.signInAnonymously({ options: { data: { [sql]: sql } } });
    expect(data.user?.user_metadata).toEqual({ [sql]: sql });
    const { error } = await auth.client().auth.refreshSession({ refresh_token: sql });
    expect(error?.code).toBe("refresh_token_not_found");
    const wrong = await auth.client().auth.signInWithPassword({ email: sql, password: sql });
    expect(wrong.error?.code).toBe("invalid_credentials");
    expect(await auth.database.admin`select from auth.users`).toHaveLength(1);
  }));
