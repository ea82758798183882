/**
 * The real webhook on a database, and a chain's deliveries for it.
 *
 * @module
 */
import { createApi } from "@/functions/api/app.ts";
import { readSettings } from "@/functions/api/settings.ts";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { openTestChain } from "@/tests/supabase/local/support/demo_chain.ts";
import { bodyOf } from "./raw_delivery.ts";

const SECRET = "the webhook's secret";

/** An instance of the function: its webhook, over the one connection that it has. */
export interface Webhook {
  post(body: Uint8Array<ArrayBuffer>): Promise<Response>;
  /** Posts, and takes 503 for {@link VaultbookError} `database_unavailable`. @throws {Error} at any other answer than 200. */
  send(body: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>>;
  get(path: string): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Starts an instance of the API.
 *
 * @param options.program the vault program; default the demo chain's.
 * @param options.deadlineMs as for {@link openDatabase}.
 */
export function openWebhook(databaseUrl: string, options: { program?: string; deadlineMs?: number } = {}): Webhook {
  const { program = DEMO_PROGRAM, ...rest } = options;
  const environment = { SUPABASE_DB_URL: databaseUrl, VAULT_PROGRAM_ID: program, HELIUS_WEBHOOK_SECRETS: SECRET };
  const database = openDatabase(databaseUrl, rest);
  const api = createApi({ ...readSettings(environment), database, log: () => {} });
  const post = async (body: Uint8Array<ArrayBuffer>): Promise<Response> =>
    await api.request("/api/webhooks/helius", { method: "POST", body, headers: { authorization: SECRET } });
  return {
    post,
    async send(body): Promise<Record<string, unknown>> {
      const response = await post(body);
      const answer = await response.json();
      if (response.status === 503) {
        // Helius tries again by itself; whoever else sends must be told when.
        if (!/^[1-9][0-9]*$/.test(response.headers.get("retry-after") ?? "")) {
          throw new Error("503 without Retry-After");
        }
        throw new VaultbookError(answer.error.code, answer.error.details);
      }
      if (response.status !== 200) throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
      return answer;
    },
    get: async (path) => await api.request(path),
    close: () => database.close(),
  };
}

/** So many transactions of a demo chain, each as an item of a raw delivery. */
export function chainItems(seed: string, count: number): unknown[] {
  const chain = openTestChain({ seed, count, traders: 4 });
  try {
    return Array.from({ length: count }, (_, number) => rawItem(chain.chain().render(number)));
  } finally {
    chain.close();
  }
}

const program = compileProgram(DEMO_PROGRAM, idl, mapping);

/** What a reader makes of such items. */
export function readItems(items: readonly unknown[]): ChainTransaction[] {
  return readDelivery(bodyOf(...items), program);
}
