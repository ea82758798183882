/**
 * Finds the transactions that a vault misses, and reads anew what somebody only said of it: by the sweep's own scan and fetch.
 *
 * @module
 */
import type { SolanaNode } from "@/lib/chain/rpc.ts";
import type { SignatureRow } from "@/lib/chain/rpc_answers.ts";
import { isUnderstood, noteRepair, type Suspect, type Unread, unreadOf } from "@/lib/ledger/reconciliation.ts";
import { watermarkOf } from "@/lib/ledger/scans.ts";
import { newCounts, type SweepContext } from "../sweep/context.ts";
import { bring } from "../sweep/fetch.ts";
import { scanAddress } from "../sweep/scan.ts";
import { goesOn, orNull, type ReconcileContext } from "./context.ts";

/** Transactions of one delivery. */
const BATCH = 25;
/** An interrupted walk is finished, and then there is one from the top. */
const WALKS_MAX = 3;

/**
 * Looks for what a vault misses since it was last right.
 *
 * @param reached what each node's history must reach up to, by the node's number.
 * @returns false: the run's time is over, and the next one begins anew with this vault. What was found stays.
 * @throws {VaultbookError} database_unavailable; rpc_out_of_time; job_taken_over.
 */
export async function repair(
  context: ReconcileContext,
  suspect: Suspect,
  reached: ReadonlyMap<number, number>,
): Promise<boolean> {
  const { database, round, nodes, counts } = context;
  await noteRepair(database, round, suspect.owner, "begun", 0);
  const listed: Unread[] = [];
  const tips: number[] = [];
  let isComplete = true;
  for (const source of nodes.keys()) {
    const slot = reached.get(source + 1);
    const tip = slot === undefined
      ? null
      : await orNull(context, () => list(context, suspect, source + 1, slot, listed));
    if (!await goesOn(context)) return false;
    if (tip === null) isComplete = false;
    else tips.push(tip);
  }
  const unread = (await unreadOf(database, suspect, Math.max(...tips, -1), listed)).sort((a, b) => a.slot - b.slot);
  const sweeping = sweepContext(context, nodes);
  for (let from = 0; from < unread.length; from += BATCH) {
    if (!await goesOn(context)) return false;
    const before = { ...sweeping.counts };
    await bring(sweeping, unread.slice(from, from + BATCH));
    const { counts: now } = sweeping;
    const news = (now.fetched - now.duplicate - now.ignored) - (before.fetched - before.duplicate - before.ignored);
    counts.fetched += now.fetched - before.fetched;
    await noteRepair(database, round, suspect.owner, "begun", news);
  }
  counts.searched++;
  isComplete &&= sweeping.counts.unfetched === 0;
  const seen = { tipSlot: Math.min(...tips), nodes: nodes.length, listed };
  const complete = isComplete && await isUnderstood(database, suspect, seen) ? "complete" : "doubtful";
  await noteRepair(database, round, suspect.owner, isComplete ? complete : "incomplete", 0);
  return true;
}

/**
 * Walks over a vault's finalized history by one node, from the newest transaction back to where the vault was right.
 *
 * @returns up to which slot it is whole; null: it could not be seen to be.
 * @throws {VaultbookError} rpc_…
 */
async function list(
  context: ReconcileContext,
  { vault, sinceSlot }: Suspect,
  source: number,
  slot: number,
  listed: Unread[],
): Promise<number | null> {
  const { database, nodes } = context;
  const node = nodes[source - 1];
  if (!node) throw new RangeError(`Cannot ask node ${source}: there are ${nodes.length}`);
  const known = await watermarkOf(database, vault, source);
  const tipSlot = await node.slot("finalized", Math.max(slot, known?.slot ?? 0, sinceSlot ?? 0));
  let isFromTop = false;
  const recording: SolanaNode = {
    ...node,
    async signatures(address, asked): Promise<SignatureRow[]> {
      const rows = await node.signatures(address, asked);
      isFromTop ||= asked.before === undefined;
      listed.push(...rows.map((row) => ({ ...row, source })));
      return rows;
    },
  };
  const sweeping = sweepContext(context, nodes.map((other) => other === node ? recording : other));
  for (let walk = 0; walk < WALKS_MAX; walk++) {
    isFromTop = false;
    const isProven = await scanAddress(sweeping, { address: vault, source, tipSlot, fromSlot: (sinceSlot ?? -1) + 1 });
    if (!isProven) return null;
    const mark = await watermarkOf(database, vault, source);
    if (isFromTop && mark && mark.slot >= slot) return mark.slot;
  }
  return null;
}

/** As the sweep's steps take it. */
function sweepContext(
  { database, program, now, run, problems }: ReconcileContext,
  nodes: readonly SolanaNode[],
): SweepContext {
  return {
    ...{ database, program, nodes, now, run, problems, missed: [] },
    limits: { pages: Infinity, vaultPages: Infinity, transactions: Infinity, pageRows: 1000 },
    counts: newCounts(),
    onProgress: () => {},
  };
}
