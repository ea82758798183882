/**
 * The API on a database of a test's own, and tokens to call it with.
 *
 * @module
 */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import type { Sql } from "postgres";
import { expect } from "expect";
import { createApi } from "@/functions/api/app.ts";
import { readSettings, type Settings } from "@/functions/api/settings.ts";
import { openTestDatabase } from "./database.ts";
import { brokenInvariants } from "./ledger_state.ts";
import { bodyOf, PROGRAM, type rawTransaction } from "./raw_delivery.ts";

/** What the webhook of these tests accepts. */
export const WEBHOOK_SECRET = "the webhook's secret";
/** The secret key of these tests' project. */
export const SECRET_KEY = "sb_secret_of_these_tests";
const PROJECT = "http://project.test";
const { publicKey, privateKey } = await generateKeyPair("ES256");

/** An answer: its status, and its body where it is JSON. */
export interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- whatever comes; tests look into it
  readonly body: any;
  readonly headers: Headers;
}

/** A running API. */
export interface TestApi {
  readonly sql: Sql;
  /** Of the database, as the functions connect to it. */
  readonly url: string;
  /** What it logged, a JSON object a line. */
  readonly lines: string[];
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Asks with these headers, `GET` by default; paths begin behind `/api`. */
  ask(path: string, headers?: HeadersInit, init?: RequestInit): Promise<Answer>;
  /** Posts to the webhook; with its secret, unless other headers are given. */
  post(body: BodyInit, headers?: Record<string, string>): Promise<Response>;
  /** Delivers to the webhook, and holds that it was stored. */
  deliver(...transactions: ReturnType<typeof rawTransaction>[]): Promise<void>;
}

/** The settings of these tests' project: tokens that {@link signedIn} makes are valid there. */
export async function settingsOf(databaseUrl: string, environment: Record<string, string> = {}): Promise<Settings> {
  return readSettings({
    SUPABASE_DB_URL: databaseUrl,
    SUPABASE_URL: PROJECT,
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET_KEY }),
    SUPABASE_JWKS: JSON.stringify({ keys: [{ ...await exportJWK(publicKey), kid: "test", alg: "ES256" }] }),
    VAULT_PROGRAM_ID: PROGRAM,
    HELIUS_WEBHOOK_SECRETS: `an older secret, ${WEBHOOK_SECRET}`,
    ...environment,
  });
}

/**
 * Runs a test against the API on a database of its own, and looks at every invariant when it is done.
 *
 * @param changed of the settings what no environment says, as the vault program, whose IDL is built in.
 */
export function apiTest(
  name: string,
  run: (api: TestApi) => Promise<void>,
  environment: Record<string, string> | (() => Record<string, string>) = {},
  changed: Partial<Settings> = {},
): void {
  Deno.test(name, async () => {
    const database = await openTestDatabase();
    const lines: string[] = [];
    const settings = {
      ...await settingsOf(database.url, typeof environment === "function" ? environment() : environment),
      log: (entry: Record<string, unknown>): void => void lines.push(JSON.stringify(entry)),
      ...changed,
    };
    const api = createApi(settings);
    const post = async (body: BodyInit, headers: HeadersInit = { authorization: WEBHOOK_SECRET }): Promise<Response> =>
      await api.request("/api/webhooks/helius", { method: "POST", body, headers });
    const request = async (path: string, init?: RequestInit): Promise<Response> => await api.request(path, init);
    try {
      await run({
        sql: database.admin,
        url: database.url,
        lines,
        request,
        post,
        async ask(path, headers = {}, init = {}): Promise<Answer> {
          const response = await request(`/api${path}`, { ...init, headers });
          const text = await response.text();
          const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
          return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
        },
        async deliver(...transactions): Promise<void> {
          const response = await post(bodyOf(...transactions));
          expect([response.status, await response.text()]).toEqual([200, expect.anything()]);
        },
      });
      expect(await brokenInvariants(database.admin)).toEqual([]);
    } finally {
      await settings.database.close();
      await database.close();
    }
  });
}

/** How a token is made; what is not named is as Auth makes it. */
export interface TokenOptions {
  readonly claims?: JWTPayload;
  /** Default the project's. */
  readonly key?: CryptoKey;
  readonly issuer?: string;
  readonly audience?: string;
  /** Seconds from now; default an hour. */
  readonly expiresIn?: number;
}

/** An access token as the project's Auth signs it, as an `Authorization` header. */
export async function signedIn({ claims = {}, key = privateKey, ...options }: TokenOptions = {}): Promise<Headers> {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    sub: "00000000-0000-4000-8000-000000000001",
    role: "authenticated",
    aud: options.audience ?? "authenticated",
    ...claims,
  };
  const token = await new SignJWT(payload)
    .setProtectedHeader({ alg: "ES256", kid: "test" })
    .setIssuer(options.issuer ?? `${PROJECT}/auth/v1`)
    .setIssuedAt(now)
    .setExpirationTime(now + (options.expiresIn ?? 3600))
    .sign(key);
  return new Headers({ authorization: `Bearer ${token}` });
}

/** An owner of this wallet. */
export function ownerOf(wallet: string): Promise<Headers> {
  return signedIn({ claims: { wallet_address: wallet } });
}

/** An operator. */
export function operator(): Promise<Headers> {
  return signedIn({ claims: { app_metadata: { role: "ops" } } });
}

/** The exchange's own server. */
export const SERVICE = new Headers({ apikey: SECRET_KEY });
