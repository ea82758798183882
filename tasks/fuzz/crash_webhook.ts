/**
 * `kill -9` of the process that serves the webhook, amid deliveries.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { type Child, startChild } from "@/supabase/local/functions/child.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";
import { batches, generator } from "@/tests/support/seeded.ts";
import { openTestChain } from "@/tests/supabase/local/support/demo_chain.ts";
import { holdsExactly } from "./acknowledged.ts";
import type { Counts } from "./campaign.ts";
import { type CrashRound, WRITERS } from "./crash_database.ts";
import { killAmid, type Victim } from "./kills.ts";
import { type Parcel, type Receipt, startSenders } from "./senders.ts";

const ROOT = new URL("../../", import.meta.url);
const SECRET = "the secret of a webhook that dies";

/** A webhook in a process of its own. */
export interface MortalWebhook extends Victim {
  /** Posts one delivery. @throws {Error} where it is not acknowledged. */
  post(body: Uint8Array<ArrayBuffer>): Promise<Receipt["settlements"]>;
  stop(): Promise<void>;
}

/** Starts the project's own functions as the platform does, on this database. */
export async function startMortalWebhook(databaseUrl: string): Promise<MortalWebhook> {
  const env = { SUPABASE_DB_URL: databaseUrl, VAULT_PROGRAM_ID: DEMO_PROGRAM, HELIUS_WEBHOOK_SECRETS: SECRET };
  const start = (): Promise<Child> =>
    startChild({
      projectDir: fileURLToPath(ROOT).replace(/[\\/]$/, ""),
      isOffline: false,
      setup: { functionsUrl: new URL("functions/", ROOT).href, env, eager: ["api"] },
      log: () => {},
    });
  let child = await start();
  return {
    name: "webhook",
    async post(body): Promise<Receipt["settlements"]> {
      const response = await fetch(`${child.origin}/api/webhooks/helius`, {
        ...{ method: "POST", headers: { authorization: SECRET }, body, client: child.client },
      });
      const answer = await response.json();
      if (response.status !== 200) throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
      return answer.results;
    },
    async kill(): Promise<void> {
      Deno.kill(child.pid, "SIGKILL");
      await child.gone;
    },
    async revive(): Promise<void> {
      child = await start();
    },
    stop: () => child.end(),
  };
}

/**
 * Fills a book through the webhook while its process is killed, and holds the book against the auditor in the end.
 *
 * @param adminUrl of a superuser on any server.
 * @throws {Error} with what was lost, doubled or half done.
 */
export async function crashWebhook(adminUrl: string, { seed, kills, interrupted }: CrashRound): Promise<Counts> {
  const dice = diceOf(generator(seed));
  const parcels = demoParcels(seed, 40 + kills * 60);
  const database = await openTestDatabase({ server: adminUrl });
  const webhook = await startMortalWebhook(database.url);
  const senders = startSenders(parcels, WRITERS, ({ body }) => webhook.post(body));
  const open = (): postgres.Sql => postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  try {
    const counts = await killAmid(webhook, senders, open, { most: kills, dice, interrupted });
    if (!interrupted.aborted) await holdsExactly(database.admin, parcels.flatMap(({ transactions }) => transactions));
    return { ...counts, receipts: senders.receipts().length };
  } finally {
    senders.stop();
    await senders.done;
    await webhook.stop();
    await database.close();
  }
}

/** So many transactions of a demo chain as parcels, in the chain's order. */
export function demoParcels(seed: number, transactions: number): Parcel[] {
  const dice = diceOf(generator(seed + 0.5));
  const program = compileProgram(DEMO_PROGRAM, idl, mapping);
  const chain = openTestChain({ seed: `crash ${seed}`, count: transactions, traders: 6 });
  try {
    const items = Array.from({ length: transactions }, (_, number) => rawItem(chain.chain().render(number)));
    return [...batches(items, 4, dice.random)].map((batch) => {
      const body = bodyOf(...batch);
      return { body, transactions: readDelivery(body, program) };
    });
  } finally {
    chain.close();
  }
}
