/**
 * Traders of the demo at their apps: they read the API and REST, and listen to their vaults.
 *
 * @module
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { importJWK, SignJWT } from "jose";
import type { TestPlatform } from "@/tests/support/platform.ts";
import { disconnect } from "@/tests/supabase/local/realtime_fixture.ts";

/** Everything that is read, by a name for it; each throws when it is refused. */
export interface Readers {
  readonly questions: Readonly<Record<string, (place: number) => Promise<void>>>;
  /** Messages that listeners heard since this was asked last. */
  heard(): number;
  close(): Promise<void>;
}

/** How many of the owners listen. */
const LISTENERS = 5;

/** Signs them in – by tokens like those that Auth gives – and lets some listen. */
export async function openReaders(platform: TestPlatform, owners: readonly string[]): Promise<Readers> {
  const traders = await Promise.all(owners.map(async (address) => {
    const token = await tokenOf(platform, address);
    const options = { accessToken: () => Promise.resolve(token) };
    return { address, token, supabase: createClient(platform.url, platform.publishable, options) };
  }));
  let heard = 0;
  const listening = traders.slice(0, LISTENERS).map(({ address, supabase }) =>
    subscribed(supabase, `vault:${address}`, () => heard++)
  );
  await Promise.all(listening);
  const traderOf = (place: number): (typeof traders)[number] => {
    const trader = traders[place % traders.length];
    if (!trader) throw new Error("Nobody reads");
    return trader;
  };
  const asked = async (place: number, pathOf: (address: string) => string): Promise<void> => {
    const { address, token } = traderOf(place);
    const headers = { authorization: `Bearer ${token}`, apikey: platform.publishable };
    const response = await fetch(`${platform.url}/functions/v1/api${pathOf(address)}`, { headers });
    const text = await response.text();
    // One who has no vault yet is told so.
    if (response.status !== 200 && response.status !== 404) throw new Error(`${response.status} ${text.slice(0, 300)}`);
  };
  const read = async (place: number, table: string): Promise<void> => {
    const { address, supabase } = traderOf(place);
    const column = table === "vault_balances" ? "owner" : "vault_owner";
    const { error } = await supabase.from(table).select().eq(column, address).limit(50);
    if (error) throw new Error(`${table}: ${error.message}`);
  };
  return {
    questions: {
      "vaults read": (place) => asked(place, (owner) => `/vaults/${owner}`),
      "pages read": (place) => asked(place, (owner) => `/vaults/${owner}/transactions`),
      "alerts read": (place) => asked(place, () => "/alerts"),
      "TVLs read": (place) => asked(place, () => "/tvl"),
      "REST balances": (place) => read(place, "vault_balances"),
      "REST ledgers": (place) => read(place, "vault_ledger"),
    },
    heard: () => {
      const since = heard;
      heard = 0;
      return since;
    },
    async close(): Promise<void> {
      await Promise.all(traders.map(({ supabase }) => disconnect(supabase)));
    },
  };
}

async function tokenOf({ url, signingKey }: TestPlatform, wallet: string): Promise<string> {
  const key = await importJWK({ ...signingKey } as Parameters<typeof importJWK>[0], "ES256");
  return await new SignJWT({ role: "authenticated", wallet_address: wallet })
    .setProtectedHeader({ alg: "ES256", kid: "test" })
    .setSubject(crypto.randomUUID())
    .setAudience("authenticated")
    .setIssuer(`${url}/auth/v1`)
    .setIssuedAt()
    .setExpirationTime("24h")
    .sign(key);
}

async function subscribed(supabase: SupabaseClient, topic: string, hear: () => void): Promise<void> {
  await supabase.realtime.setAuth();
  await new Promise<void>((resolve, reject) => {
    supabase.channel(topic, { config: { private: true } })
      .on("broadcast", { event: "*" }, hear)
      .subscribe((status, error) => {
        if (status === "SUBSCRIBED") resolve();
        else if (status === "CHANNEL_ERROR" || status === "TIMED_OUT") reject(error ?? new Error(status));
      });
  });
}
