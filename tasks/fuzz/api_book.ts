/**
 * A book to ask the API about, and those who ask.
 *
 * @module
 */
import { generateKeyPair, type JWTPayload } from "jose";
import type { Sql } from "postgres";
import type { createApi } from "@/functions/api/app.ts";
import { SECRET_KEY, signedIn, type TokenOptions, WEBHOOK_SECRET } from "@/tests/support/api.ts";
import type { Description } from "@/tests/support/api_description.ts";
import { bodyOf, events, key, logOf, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";
import type { Asker, Stage } from "./api_requests.ts";

type Api = ReturnType<typeof createApi>;

const [alice, bob] = [key("alice"), key("bob")];
const LARGE = 20_000_000_000n;

/** The asker in whose answers {@link FOREIGN} must never be. */
export const CANARY = "an owner";
/** An address of another owner's. */
export const FOREIGN = bob;

/** Two vaults with some rows and an alert each. */
export async function fillBook(api: Api): Promise<void> {
  const deposits = [alice, bob].flatMap((owner) =>
    Array.from({ length: 8 }, (_, i) =>
      rawTransaction({
        signature: signature(`${owner} ${i}`),
        slot: i + 2,
        logs: logOf(events.deposit(owner, LARGE, LARGE * BigInt(i + 1))),
      }))
  );
  const opened = rawTransaction({ slot: 1, logs: logOf(events.initialise(alice), events.initialise(bob)) });
  const headers = { authorization: WEBHOOK_SECRET };
  const init = { method: "POST", headers, body: bodyOf(opened, ...deposits) };
  const { status } = await api.request("/api/webhooks/helius", init);
  if (status !== 200) throw new Error(`The book cannot be filled: ${status}`);
}

/** What requests are made of, on a book that {@link fillBook} filled. */
export async function stageOf(api: Api, description: Description, sql: Sql): Promise<Stage> {
  const service = { apikey: SECRET_KEY };
  const cursors = await Promise.all([`vaults/${alice}/transactions?limit=2`, "alerts?limit=1"].map(async (path) => {
    const page = await (await api.request(`/api/${path}`, { headers: service })).json();
    return String(page.next_cursor);
  }));
  const ids = (await sql<{ id: string }[]>`select id from public.alerts union all select id from public.transactions`)
    .map(({ id }) => id);
  return {
    endpoints: description.endpoints,
    askers: await askers(service),
    there: { owner: [alice, alice, bob, key("nobody")], id: ids, cursor: cursors },
    webhookSecrets: [WEBHOOK_SECRET, WEBHOOK_SECRET, WEBHOOK_SECRET, "wrong", `Bearer ${WEBHOOK_SECRET}`, ""],
    resolve: description.resolve,
  };
}

async function askers(service: Readonly<Record<string, string>>): Promise<Asker[]> {
  const { privateKey } = await generateKeyPair("ES256");
  const token = async (claims: JWTPayload, options: TokenOptions = {}): Promise<Record<string, string>> =>
    Object.fromEntries(await signedIn({ claims, ...options }));
  const own = { wallet_address: alice };
  const base64 = (part: unknown): string => btoa(JSON.stringify(part)).replaceAll("=", "");
  const unsigned = `${base64({ alg: "none" })}.${
    base64({ sub: "x", role: "authenticated", exp: 9_999_999_999, ...own })
  }.`;
  const known: [string, Record<string, string>][] = [
    [CANARY, await token(own)],
    ["an owner without a vault", await token({ wallet_address: key("nobody") })],
    ["a user without a wallet", await token({})],
    ["a user who would be an operator", await token({ user_metadata: { role: "ops", wallet_address: alice } })],
    ["an operator", await token({ app_metadata: { role: "ops" } })],
    ["the service", service],
  ];
  const unknown: [string, Record<string, string>][] = [
    ["nobody", {}],
    ["the publishable key", { apikey: "sb_publishable_x" }],
    ["an expired token", await token(own, { expiresIn: -60 })],
    ["another key", await token(own, { key: privateKey })],
    ["alg none", { authorization: `Bearer ${unsigned}` }],
    ["a role of its own", await token({ ...own, role: "service_role" })],
    ["nonsense", { authorization: "Bearer \u00e9" }],
  ];
  // Owner and service come as often as all others together: what is behind the door is of interest.
  const often = [known[0], known[0], known[4], known[5], known[5], known[5]].filter((one) => one !== undefined);
  return [
    ...[...known, ...often].map(([name, headers]) => ({ name, headers, isKnown: true })),
    ...unknown.map(([name, headers]) => ({ name, headers, isKnown: false })),
  ];
}
