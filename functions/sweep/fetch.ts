/**
 * Brings into the ledger what was sighted on the finalized chain: oldest first, by the same way as what the webhook delivers.
 *
 * @module
 */
import { readDelivery } from "@/lib/chain/delivery.ts";
import type { JsonObject } from "@/lib/chain/fields.ts";
import type { SolanaNode } from "@/lib/chain/rpc.ts";
import type { NodeTransaction } from "@/lib/chain/rpc_answers.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { finalizeSighted, nextSightings, settleSightings, type Sighting } from "@/lib/ledger/sightings.ts";
import { goesOn, type SweepContext } from "./context.ts";

/** Transactions of one delivery. */
const BATCH = 100;
/** Sightings finalized in one statement. */
const FINALIZED_AT_ONCE = 1000;

/** A transaction as it goes into a delivery; or why there is none. */
type Answer = { readonly item: JsonObject } | { readonly problem: VaultbookError };

/**
 * Settles what was sighted.
 *
 * @returns whether nothing is left that this run could still settle.
 * @throws {VaultbookError} database_unavailable; rpc_out_of_time – the rest is left to the next run.
 */
export async function fetchSighted(context: SweepContext): Promise<boolean> {
  const { database, counts, run } = context;
  // All of it first: each call looks through everything that waits.
  for (let finalized = FINALIZED_AT_ONCE; finalized === FINALIZED_AT_ONCE;) {
    if (!await goesOn(context, "transactions")) return false;
    finalized = await finalizeSighted(database, FINALIZED_AT_ONCE);
    counts.finalized += finalized;
  }
  for (;;) {
    if (!await goesOn(context, "transactions")) return false;
    const batch = await nextSightings(database, run.startedAt, BATCH);
    if (batch.length === 0) return counts.unfetched === 0;
    await bring(context, batch);
  }
}

/** Fetches these and gives them to the ledger. @throws {VaultbookError} database_unavailable; rpc_out_of_time */
export async function bring(context: SweepContext, batch: readonly Sighting[]): Promise<void> {
  const { database, program, counts, missed } = context;
  const blocks = new Map<string, Promise<readonly string[]>>();
  const answers = await Promise.all(batch.map((sighting) => fetchOne(context, sighting, blocks)));
  const items = answers.flatMap((answer) => "item" in answer ? [answer.item] : []);
  if (items.length > 0) {
    const body = new TextEncoder().encode(JSON.stringify(items));
    const transactions = readDelivery(body, program);
    const settlements = await ingest(database, { source: "sweep", body, transactions, finalized: true });
    for (const [i, { outcome }] of settlements.entries()) {
      counts[outcome]++;
      const { signature, slot } = transactions[i] ?? {};
      if (signature === undefined || slot === undefined) continue;
      if (outcome === "applied" || outcome === "failed") missed.push({ signature, slot });
    }
  }
  counts.fetched += items.length;
  counts.unfetched += batch.length - items.length;
  // One tells enough: what keeps back one keeps back many.
  const refused = answers.find((answer) => "problem" in answer);
  if (refused && context.problems.length === 0) context.problems.push(refused.problem);
  await settleSightings(
    database,
    batch.map(({ signature, slot }, i) => {
      const answer = answers[i];
      return { signature, slot, problem: answer && "problem" in answer ? answer.problem.message : null };
    }),
  );
}

/** Asks the node that showed it first, then the other. @throws {VaultbookError} rpc_out_of_time */
async function fetchOne(
  { nodes }: SweepContext,
  sighting: Sighting,
  blocks: Map<string, Promise<readonly string[]>>,
): Promise<Answer> {
  const { signature } = sighting;
  let problem = new VaultbookError("rpc_unconfigured");
  const first = nodes[sighting.source - 1];
  for (const node of new Set([...(first ? [first] : []), ...nodes])) {
    try {
      const transaction = await node.transaction(signature, "finalized");
      if (transaction === null) {
        const details = { node: node.node, method: "getTransaction", problem: `it does not have ${signature}` };
        problem = new VaultbookError("rpc_answer_invalid", details);
        continue;
      }
      const transactionIndex = await indexOf(node, transaction, sighting, blocks);
      return { item: { ...transaction.json, transactionIndex } };
    } catch (error) {
      if (!(error instanceof VaultbookError) || error.code === "rpc_out_of_time") throw error;
      problem = error;
    }
  }
  return { problem };
}

/** Its place in the block: as the transaction says, as its row said, or by the block itself. */
async function indexOf(
  node: SolanaNode,
  { slot, transactionIndex }: NodeTransaction,
  sighting: Sighting,
  blocks: Map<string, Promise<readonly string[]>>,
): Promise<number> {
  if (transactionIndex !== null) return transactionIndex;
  if (slot === sighting.slot && sighting.transactionIndex !== null) return sighting.transactionIndex;
  const key = `${node.node} ${slot}`;
  const block = blocks.get(key) ?? node.block(slot, "finalized").then(({ signatures }) => signatures);
  blocks.set(key, block);
  const index = (await block).indexOf(sighting.signature);
  if (index >= 0) return index;
  throw new VaultbookError("rpc_answer_invalid", {
    node: node.node,
    method: "getBlock",
    problem: `slot ${slot} must hold ${sighting.signature}`,
  });
}
