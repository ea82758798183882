/**
 * Auth on a database of its own, served as the gateway serves it, for tests that speak to it with supabase-js.
 *
 * @module
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import bs58 from "bs58";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { type Auth, type AuthOptions, openAuth } from "@/supabase/local/auth/auth.ts";
import { openKeys, type ProjectKeys, refusalOf } from "@/supabase/local/keys.ts";

export const PUBLISHABLE = "sb_publishable_test";
export const SECRET = "sb_secret_test";

/** The page that wallets sign in for unless a test says otherwise. */
export const SITE_URL = "http://localhost:3000";

/** A running Auth. */
export interface RunningAuth {
  readonly url: string;
  readonly keys: ProjectKeys;
  readonly database: TestDatabase;
  /** What Auth reported as its own fault. */
  readonly faults: unknown[];
  /** A supabase-js client with the publishable key and a session of its own. */
  client(): SupabaseClient;
  /** A supabase-js client with the secret key. */
  admin(): SupabaseClient;
  /** A request without supabase-js, with the publishable key. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Moves Auth's clock. */
  passSeconds(seconds: number): void;
  /** Auth's time, milliseconds since the epoch. */
  now(): number;
  close(): Promise<void>;
}

/** What a test may set up differently. */
export type AuthSetup = Partial<
  Pick<AuthOptions, "hook" | "siteUrl" | "redirectUrls" | "accessTokenLifetimeSeconds">
>;

/** Starts Auth on a new database without Vaultbook's migrations. */
async function startAuth(
  options: AuthSetup,
): Promise<RunningAuth> {
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  const faults: unknown[] = [];
  const database = await openTestDatabase({ migrated: false });
  const signingKey = await newSigningKey("test-key");
  const issuer = "http://127.0.0.1/auth/v1";
  const keys = await openKeys({ publishable: PUBLISHABLE, secret: SECRET, signingKey, issuer, now });
  const auth = openAuth({
    adminUrl: database.adminUrl,
    keys,
    siteUrl: SITE_URL,
    redirectUrls: [],
    now,
    onError: (error) => faults.push(error),
    ...options,
  });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request): Promise<Response> => route(auth, keys, request),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const settings = {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: fetchWhole },
  };
  return {
    url,
    keys,
    database,
    faults,
    client: () => createClient(url, PUBLISHABLE, settings),
    admin: () => createClient(url, SECRET, settings),
    fetch(path, init = {}): Promise<Response> {
      return fetch(`${url}/auth/v1/${path}`, { ...init, headers: { apikey: PUBLISHABLE, ...init.headers } });
    },
    passSeconds(seconds): void {
      ahead += seconds * 1000;
    },
    now,
    async close(): Promise<void> {
      await server.shutdown();
      await auth.close();
      await database.close();
    },
  };
}

/** Runs a test on an Auth of its own, and closes it. */
export async function withAuth(
  run: (auth: RunningAuth) => Promise<void>,
  options: AuthSetup = {},
): Promise<void> {
  const auth = await startAuth(options);
  try {
    await run(auth);
  } finally {
    await auth.close();
  }
}

/** `fetch` that reads the whole answer at once: supabase-js leaves some bodies unread, which the test runner calls a leak. */
async function fetchWhole(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  const { status, headers } = response;
  const body = await response.arrayBuffer();
  return new Response(status === 204 ? null : body, { status, headers });
}

async function route(auth: Auth, keys: ProjectKeys, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace("/auth/v1/", "");
  try {
    const role = path.startsWith(".well-known/") ? "anon" : await keys.keyRole(request);
    return await auth.handle(request, path, { role });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
}

/** A new private P-256 key as a JWK. */
export async function newSigningKey(kid: string): Promise<JsonWebKey> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  return { ...jwk, kid } as JsonWebKey;
}

/** A Solana wallet. */
export interface Wallet {
  readonly address: string;
  sign(message: string | Uint8Array): Promise<Uint8Array>;
}

/** A new wallet with a real Ed25519 key. */
export async function newWallet(): Promise<Wallet> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
  const address = bs58.encode(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  return {
    address,
    async sign(message): Promise<Uint8Array> {
      const bytes = typeof message === "string" ? new TextEncoder().encode(message) : new Uint8Array(message);
      return new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, bytes));
    },
  };
}

/** A message that Auth accepts, but for what a test changes. Null leaves a line out. */
export function siwsMessage(
  address: string,
  changes: { domain?: string; statement?: string; lines?: Record<string, string | null> } = {},
): string {
  const { domain = "localhost:3000", statement = "Open my vault", lines = {} } = changes;
  const fields = {
    "Version": "1",
    "URI": "http://localhost:3000/login",
    "Issued At": new Date().toISOString(),
    "Chain ID": "solana:mainnet",
    ...lines,
  };
  return [
    `${domain} wants you to sign in with your Solana account:`,
    address,
    "",
    statement,
    "",
    ...Object.entries(fields).flatMap(([name, value]) => value === null ? [] : [`${name}: ${value}`]),
  ].join("\n");
}
