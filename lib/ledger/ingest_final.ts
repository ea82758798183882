/**
 * Hands to the ledger what was read at finalized commitment. Against that, what was delivered of the same signature is hearsay.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { rowOf } from "./attempts.ts";
import type { Database } from "./database.ts";
import { inboxItem, ingest } from "./ingest.ts";

/** What became of it. */
export interface FinalSettlements {
  /** One per transaction, in the delivery's order. */
  readonly settlements: readonly Settlement[];
  /** Signatures that had been delivered with another content, which was taken back. */
  readonly contradicted: readonly string[];
}

/**
 * As {@link ingest}, for transactions that the finalized chain shows: where the ledger holds another content of a signature, that is taken
 * back and this takes its place. What was finalized before stays.
 *
 * @param body as fetched, with what had to be added.
 * @throws {VaultbookError} database_unavailable – try again; repeating it is harmless.
 */
export async function ingestFinal(
  database: Database,
  body: Uint8Array,
  transactions: readonly ChainTransaction[],
): Promise<FinalSettlements> {
  const settlements = await ingest(database, { source: "sweep", body, transactions, finalized: true });
  const disputed = transactions.filter((_, i) => settlements[i]?.outcome === "conflict");
  if (disputed.length === 0) return { settlements, contradicted: [] };
  const json = JSON.stringify(disputed.map(inboxItem));
  const { signatures } = await rowOf(database, (sql) =>
    sql<{ signatures: string[] }[]>`
    select to_jsonb(vaultbook.contradict(${json}::text::jsonb)) as signatures`);
  return { settlements, contradicted: signatures };
}
