/**
 * Owners that begin transactions over the API, on a node of the demo chain.
 *
 * @module
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import bs58 from "bs58";
import type { Settings } from "@/functions/api/settings.ts";
import { type Answer, apiTest, ownerOf, type TestApi } from "./api.ts";
import { type FaultyNode, openFaultyNode } from "./faulty_node.ts";
import { events, logOf, rawTransaction, signature } from "./raw_delivery.ts";

/** The private key of alice. */
export const aliceSeed = new Uint8Array(32).fill(7);
/** Who has a vault. */
export const alice = bs58.encode(ed25519.getPublicKey(aliceSeed));

/** A test with a node, and a vault of alice that holds 100. The settings are those of {@link apiTest}. */
export function startTest(
  name: string,
  run: (api: TestApi, node: FaultyNode) => Promise<void>,
  changed: Partial<Settings> = {},
): void {
  let node: FaultyNode;
  apiTest(name, async (api) => {
    try {
      await api.deliver(
        rawTransaction({ slot: 1, logs: logOf(events.initialise(alice)) }),
        rawTransaction({ signature: signature("a"), slot: 2, logs: logOf(events.deposit(alice, 100n, 100n)) }),
      );
      await run(api, node);
    } finally {
      await node.close();
    }
  }, () => {
    node = openFaultyNode({ seed: name, traders: 1 });
    return { SOLANA_RPC_URL: node.url };
  }, changed);
}

/** What somebody asks to begin; by default as alice, and for alice. */
export async function begin(
  api: TestApi,
  body: unknown,
  { headers, idempotencyKey = "key", owner = alice }: {
    headers?: HeadersInit;
    idempotencyKey?: string | null;
    owner?: string;
  } = {},
): Promise<Answer> {
  const all = new Headers(headers ?? await ownerOf(alice));
  all.set("content-type", "application/json");
  if (idempotencyKey !== null) all.set("idempotency-key", idempotencyKey);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return await api.ask(`/vaults/${owner}/transactions`, all, { method: "POST", body: text });
}

/** Attaches a signature; by default as alice. */
export async function sign(api: TestApi, id: string, text: string, headers?: HeadersInit): Promise<Answer> {
  const all = new Headers(headers ?? await ownerOf(alice));
  all.set("content-type", "application/json");
  return await api.ask(`/transactions/${id}/signature`, all, {
    method: "PUT",
    body: JSON.stringify({ signature: text }),
  });
}

/** Status, and code with the field where one is named. */
export function told({ status, body }: Answer): string {
  return [status, body.error?.code, body.error?.details.field].filter((part) => part !== undefined).join(" ");
}

/** How many rows are not on the chain. */
export async function census(api: TestApi): Promise<number> {
  return (await api.sql`select from public.transactions where slot is null`).length;
}
