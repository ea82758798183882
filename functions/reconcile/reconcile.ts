/**
 * The reconciliation: holds every vault of the book against the chain.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import { type JobReport, type JobRun, startJob } from "@/lib/ledger/jobs.ts";
import { beginRound, endRound, nextSuspects, nextVaults, noteVaults, type Round } from "@/lib/ledger/reconciliation.ts";
import { watermarkOf } from "@/lib/ledger/scans.ts";
import { goesOn, orNull, type ReconcileContext, type ReconcileCounts, type ReconcileTools } from "./context.ts";
import { lookInto } from "./look_into.ts";
import { readVaults, VAULTS_MAX } from "./read_vaults.ts";

/** How to reconcile. */
export interface ReconcileOptions extends ReconcileTools {
  /** Only these vaults; default: all, going on where the last run stopped. */
  readonly owners?: readonly string[];
  /** Most vaults of this run; default: no limit. */
  readonly limit?: number;
  /** Hears what was done so far, before anything further. */
  readonly onProgress?: (counts: Readonly<ReconcileCounts>) => void;
}

/** Longer than one step takes, with every attempt at every node. */
const LEASE_SECONDS = 180;

/**
 * Reconciles once. Whatever ends it, what it did stays, and the next run goes on.
 *
 * @returns `done` when its round is over; `partial` when something is left for the next run, with the reason where a node is to blame;
 * `failed` when no node could be used at all; `skipped` when another reconciliation is at work.
 * @throws {VaultbookError} database_unavailable; job_taken_over.
 */
export async function reconcile(options: ReconcileOptions): Promise<JobReport> {
  const run = await startJob(options.database, "reconcile", LEASE_SECONDS);
  if ("status" in run) return run;
  const counts: ReconcileCounts = {
    ...{ pages: 0, vaults: 0, matched: 0, fixed: 0, mismatched: 0, behind: 0, searched: 0, fetched: 0 },
  };
  try {
    return await reconcileIn(run, counts, options);
  } catch (error) {
    const { code, message } = error instanceof VaultbookError
      ? error
      : { code: "internal_error", message: "Something failed here" };
    // A database that is away cannot be told; then the lease runs out.
    await run.finish({ status: "failed", counts: { ...counts }, code, message }).catch(() => {});
    throw error;
  }
}

async function reconcileIn(
  run: JobRun,
  counts: ReconcileCounts,
  { owners, limit = Infinity, onProgress = (): void => {}, ...tools }: ReconcileOptions,
): Promise<JobReport> {
  const problems: VaultbookError[] = [];
  const tips = await tipsOf(tools, problems);
  if (tips.size === 0) {
    const [{ code, message } = { code: "rpc_unconfigured", message: "No node is configured" }] = problems;
    return await run.finish({ status: "failed", counts: { ...counts }, code, message });
  }
  const round = await beginRound(tools.database, owners);
  const context: ReconcileContext = { ...tools, run, round, limit, counts, tips, problems, onProgress };
  await orNull(context, () => goThrough(context));
  const ended = await endRound(tools.database, round);
  note(counts, ended);
  const [problem] = problems;
  const why = problem && !ended.isComplete ? { code: problem.code, message: problem.message } : {};
  return await run.finish({ status: ended.isComplete ? "done" : "partial", counts: { ...counts }, ...why });
}

/** How far each node has come. Those that do not answer, or are behind what they said before, are left out. */
async function tipsOf(
  { database, program, nodes }: ReconcileTools,
  problems: VaultbookError[],
): Promise<ReadonlyMap<number, number>> {
  const tips = new Map<number, number>();
  for (const [place, node] of nodes.entries()) {
    const slot = await orNull({ problems }, async () => {
      const mark = await watermarkOf(database, program.address, place + 1);
      return await node.slot("finalized", mark?.slot);
    });
    if (slot !== null) tips.set(place + 1, slot);
  }
  return tips;
}

/** Page by page, and after each what it showed to be otherwise. */
async function goThrough(context: ReconcileContext): Promise<void> {
  const { database, round, limit, counts } = context;
  while (await goesOn(context)) {
    const suspects = await nextSuspects(database, round, VAULTS_MAX);
    if (suspects.length > 0) {
      if (!await lookInto(context, suspects)) return;
      continue;
    }
    const vaults = await nextVaults(database, round, Math.min(VAULTS_MAX, limit - counts.vaults));
    if (vaults.length === 0) return;
    const observation = await readByAny(context, vaults);
    if (observation === null) return;
    note(counts, await noteVaults(database, round, observation));
    counts.pages++;
    counts.vaults += vaults.length;
  }
}

/** By the first node that gives an answer. */
async function readByAny(
  context: ReconcileContext,
  vaults: Parameters<typeof readVaults>[1],
): Promise<Awaited<ReturnType<typeof readVaults>> | null> {
  const { nodes, program, mint, tips } = context;
  for (const [source, minSlot] of tips) {
    const node = nodes[source - 1];
    const observation = node ? await orNull(context, () => readVaults(node, vaults, { program, mint, minSlot })) : null;
    if (observation !== null) return observation;
  }
  return null;
}

function note(counts: ReconcileCounts, { matched, fixed, mismatched, behind }: Round): void {
  Object.assign(counts, { matched, fixed, mismatched, behind });
}
