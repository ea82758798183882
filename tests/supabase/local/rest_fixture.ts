/**
 * The REST stand-in behind a real HTTP server, on a database of its own with the tables of `rest_fixture.sql`.
 *
 * @module
 */
import { expect } from "expect";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import type { Caller } from "@/supabase/local/caller.ts";
import { openRest, type Rest } from "@/supabase/local/rest/rest.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";

export const ALICE = "a0000000-0000-4000-8000-000000000001";
export const BOB = "b0000000-0000-4000-8000-000000000002";

/** Who an API key of these tests belongs to. */
const CALLERS: Readonly<Record<string, Caller>> = {
  anon: { role: "anon", claims: { role: "anon" } },
  alice: { role: "authenticated", claims: { sub: ALICE, role: "authenticated" } },
  bob: { role: "authenticated", claims: { sub: BOB, role: "authenticated" } },
  service: { role: "service_role", claims: { role: "service_role" } },
  nobody: { role: "no_such_role", claims: {} },
};

export type Key = keyof typeof CALLERS & string;

/** A client of PostgREST 13 or later, for which supabase-js knows all methods, on tables that it knows nothing of. */
// deno-lint-ignore no-explicit-any -- The tables' types are not what these tests are about.
export type Client = SupabaseClient<any, { PostgrestVersion: "14" }>;

export interface RestFixture {
  readonly db: TestDatabase;
  readonly rest: Rest;
  /** A supabase-js client that comes as the owner of the key. It does not try again by itself. */
  client(key: Key): Client;
  /** A bare request to a path below `/rest/v1/`. */
  request(key: Key, path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

export interface FixtureOptions {
  readonly maxRows?: number;
  /** Another way to the database, for tests that cut it. */
  readonly proxy?: (url: string) => string;
}

/** Opens everything. The fixture is closed by its `close()`. */
export async function openRestFixture(
  { maxRows = 1000, proxy = (url) => url }: FixtureOptions = {},
): Promise<RestFixture> {
  const db = await openTestDatabase({ migrated: false });
  // Rights on a database are not cloned with it, so `postgres` may not create schemas here.
  await db.admin.unsafe("create schema private authorization postgres; create schema other authorization postgres")
    .simple();
  const owner = postgres(db.url, { max: 1, onnotice: () => {} });
  for (const file of ["rest_fixture.sql", "rest_functions.sql"]) {
    await owner.unsafe(await Deno.readTextFile(new URL(file, import.meta.url))).simple();
  }
  await owner.end();
  await db.admin`analyze`;
  const rest = await openRest({
    authenticatorUrl: proxy(db.authenticatorUrl),
    adminUrl: proxy(db.adminUrl),
    schemas: ["public", "other"],
    maxRows,
  });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen(): void {} }, (request): Promise<Response> => {
    const path = new URL(request.url).pathname.slice("/rest/v1/".length);
    return rest.handle(request, path, CALLERS[request.headers.get("apikey") ?? "anon"] ?? { role: "anon", claims: {} });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    db,
    rest,
    client: (key) =>
      createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false }, db: { retry: false } }),
    request: (key, path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("apikey", key);
      return fetch(`${url}/rest/v1/${path}`, { ...init, headers });
    },
    async close(): Promise<void> {
      await server.shutdown();
      await rest.close();
      await db.close();
    },
  };
}

/** What a refused request is answered. */
export interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details: unknown;
  readonly hint: unknown;
}

/** Status and body of a request that must fail; the body must have exactly PostgREST's keys. */
export async function failure(fixture: RestFixture, key: Key, path: string, init: RequestInit = {}): Promise<Answer> {
  const headers = typeof init.body === "string" ? { "content-type": "application/json" } : {};
  const response = await fixture.request(key, path, { headers, ...init });
  const body = await response.json();
  expect(Object.keys(body).sort()).toEqual(["code", "details", "hint", "message"]);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(response.headers.get("proxy-status")).toBe(`PostgREST; error=${body.code}`);
  return { status: response.status, ...body };
}
