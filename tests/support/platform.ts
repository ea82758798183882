/**
 * The whole platform on a test's own database, and wallets to sign in with.
 *
 * @module
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { ed25519 } from "@noble/curves/ed25519.js";
import bs58 from "bs58";
import { startPlatform } from "@/supabase/local/platform.ts";
import { disconnect } from "@/tests/supabase/local/realtime_fixture.ts";
import { openTestDatabase, type TestDatabase } from "./database.ts";
import { bodyOf, PROGRAM } from "./raw_delivery.ts";

/** What its webhook expects. */
export const WEBHOOK_SECRET = "the platform test's webhook secret";

/** A running platform. */
export interface TestPlatform {
  readonly url: string;
  readonly publishable: string;
  readonly secret: string;
  /** What Auth signs access tokens with, for tests that forge some. */
  readonly signingKey: JsonWebKey;
  /** What its webhook accepts. */
  readonly webhookSecret: string;
  readonly database: TestDatabase;
  /** A supabase-js client: with the publishable key unless another is given. */
  client(key?: string): SupabaseClient;
  /** Posts raw transactions to the webhook and gives its answer. */
  deliver(...transactions: unknown[]): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/**
 * Starts the platform on a migrated database; the options are those of {@link openTestDatabase}.
 *
 * @param options.environment what the functions find there beside or instead of what they find otherwise.
 * @param options.redirectUrls of pages beside `http://localhost:3000` that may ask wallets to sign in; default none.
 */
export async function openTestPlatform(
  { environment, redirectUrls = [], ...options }: {
    pooler?: number;
    server?: string;
    environment?: Record<string, string>;
    redirectUrls?: string[];
  } = {},
): Promise<TestPlatform> {
  const database = await openTestDatabase(options);
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const signingKey = {
    ...await crypto.subtle.exportKey("jwk", pair.privateKey),
    alg: "ES256",
    use: "sig",
    kid: "test",
  };
  const publishable = `sb_publishable_${crypto.randomUUID()}`;
  const secret = `sb_secret_${crypto.randomUUID()}`;
  const platform = await startPlatform({
    adminUrl: database.adminUrl,
    authenticatorUrl: database.authenticatorUrl,
    functionsDatabaseUrl: database.url,
    host: "127.0.0.1",
    port: 0,
    secrets: { publishable, secret, signingKey },
    functionsEnv: { HELIUS_WEBHOOK_SECRETS: WEBHOOK_SECRET, VAULT_PROGRAM_ID: PROGRAM, ...environment },
    siteUrl: "http://localhost:3000",
    redirectUrls,
    accessTokenHook: "vaultbook.custom_access_token_hook",
    jobs: { cron: true, net: true },
    log: () => {},
  });
  const clients: SupabaseClient[] = [];
  return {
    url: platform.url,
    publishable,
    secret,
    signingKey,
    webhookSecret: WEBHOOK_SECRET,
    database,
    client(key = publishable): SupabaseClient {
      const client = createClient(platform.url, key, { auth: { persistSession: false, autoRefreshToken: false } });
      clients.push(client);
      return client;
    },
    async deliver(...transactions: unknown[]): Promise<Record<string, unknown>> {
      const response = await fetch(`${platform.url}/functions/v1/api/webhooks/helius`, {
        method: "POST",
        headers: { authorization: WEBHOOK_SECRET },
        body: bodyOf(...transactions),
      });
      return await response.json();
    },
    async close(): Promise<void> {
      await Promise.all(clients.map(disconnect));
      await platform.close();
      await database.close();
    },
  };
}

/** A Solana wallet. */
export interface Wallet {
  readonly address: string;
  /** Signs the client in with it. */
  signIn(client: SupabaseClient): Promise<void>;
}

/** A wallet with a fresh key. */
export function newWallet(): Wallet {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const address = bs58.encode(ed25519.getPublicKey(seed));
  return {
    address,
    async signIn(client: SupabaseClient): Promise<void> {
      const message = `localhost:3000 wants you to sign in with your Solana account:\n${address}\n\nSee my vault\n\n` +
        `Version: 1\nURI: http://localhost:3000/\nIssued At: ${new Date().toISOString()}`;
      const signature = ed25519.sign(new TextEncoder().encode(message), seed);
      const { error } = await client.auth.signInWithWeb3({ chain: "solana", message, signature });
      if (error) throw error;
    },
  };
}
