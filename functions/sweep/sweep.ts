/**
 * The sweep: finds on the chain what the webhook missed, and makes final or takes back what it brought.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import { type JobReport, startJob } from "@/lib/ledger/jobs.ts";
import { expirePending } from "@/lib/ledger/pending.ts";
import { isLongScan, watermarkOf } from "@/lib/ledger/scans.ts";
import { askForUnread, forgetSightings, judgeSilence } from "@/lib/ledger/sightings.ts";
import { updateAuthorities } from "./authorities.ts";
import {
  attempted,
  newCounts,
  type SweepContext,
  type SweepCounts,
  type SweepLimits,
  type SweepTools,
} from "./context.ts";
import { fetchSighted } from "./fetch.ts";
import { takeBackUnproven } from "./finality.ts";
import { scanAddress, tipOf } from "./scan.ts";
import { scanVaults, scanWanted } from "./vaults.ts";

/** How to sweep. */
export interface SweepOptions extends SweepTools {
  /** Goes back at least to this slot; default: as far as is due. */
  readonly fromSlot?: number;
  /** The keys that may lock, unlock and transfer, none: they are learnt from the chain; default: as it was configured last. */
  readonly authorities?: readonly string[];
  /** Default: no limit, and pages of 1000 rows. */
  readonly limits?: Partial<SweepLimits>;
  /** Hears what was done so far, before anything further. */
  readonly onProgress?: (counts: Readonly<SweepCounts>) => void;
}

/** Longer than one step takes, with every attempt at every node. */
const LEASE_SECONDS = 180;
/** Parked deliveries asked for in one run. */
const UNREAD_MAX = 1000;

/**
 * Sweeps once. Whatever ends it, what it did stays, and the next one goes on.
 *
 * @returns `done`; `partial` when something is left for the next run, with the reason where a node is to blame; `failed` when no node could
 * be used at all; `skipped` when another sweep is at work.
 * @throws {VaultbookError} database_unavailable; job_taken_over.
 */
export async function sweep(options: SweepOptions): Promise<JobReport> {
  const { fromSlot, authorities, limits, onProgress = (): void => {}, ...tools } = options;
  const run = await startJob(tools.database, "sweep", LEASE_SECONDS);
  if ("status" in run) return run;
  const context: SweepContext = {
    ...tools,
    run,
    limits: { pages: Infinity, vaultPages: Infinity, transactions: Infinity, pageRows: 1000, ...limits },
    counts: newCounts(),
    missed: [],
    problems: [],
    onProgress,
  };
  try {
    const tips = await scanProgram(context, fromSlot);
    await updateAuthorities(context, authorities, tips);
    await scanInstead(context, tips);
    const isDone = await settle(context, tips);
    const [problem] = context.problems;
    const status = tips.size === 0 ? "failed" : isDone && !problem ? "done" : "partial";
    const counts = { ...context.counts, ...await positionOf(context, tips) };
    return await run.finish({ status, counts, ...(problem ? { code: problem.code, message: problem.message } : {}) });
  } catch (error) {
    const { code, message } = error instanceof VaultbookError
      ? error
      : { code: "internal_error", message: "Something failed here" };
    // A database that is away cannot be told; then the lease runs out.
    await run.finish({ status: "failed", counts: { ...context.counts }, code, message }).catch(() => {});
    throw error;
  }
}

/** What a node answered: its tip, and whether the program's history, or that of every vault, was seen up to there. */
interface Tip {
  readonly slot: number;
  readonly isProven: boolean;
  areVaultsProven: boolean;
}
/** By the number of the node. */
type Tips = ReadonlyMap<number, Tip>;

/** Walks over the program's history by each node. Those that give no tip are left out. */
async function scanProgram(context: SweepContext, fromSlot: number | undefined): Promise<Tips> {
  const tips = new Map<number, Tip>();
  for (let source = 1; source <= context.nodes.length; source++) {
    await attempted(context, async () => {
      const slot = await tipOf(context, source);
      tips.set(source, { slot, isProven: false, areVaultsProven: false });
      const scope = { address: context.program.address, source, tipSlot: slot };
      const isProven = await scanAddress(context, { ...scope, ...(fromSlot === undefined ? {} : { fromSlot }) });
      tips.set(source, { slot, isProven, areVaultsProven: false });
      return isProven;
    });
  }
  return tips;
}

/**
 * Where two runs in a row could not get through what is new of the program's history, or an hour's runs through all of it, that goes on slowly,
 * and the vaults are walked over one by one.
 */
async function scanInstead(context: SweepContext, tips: Tips): Promise<void> {
  const { database, program, run } = context;
  for (const [source, tip] of tips) {
    if (tip.isProven || !await isLongScan(database, { address: program.address, source }, run.startedAt)) continue;
    tip.areVaultsProven = await attempted(context, () => scanVaults(context, source, tip.slot));
  }
}

/** Everything that follows from what was seen. Gives whether nothing is left. */
async function settle(context: SweepContext, tips: Tips): Promise<boolean> {
  const { database, nodes, counts, missed } = context;
  const all = [...tips.values()];
  if (all.length === 0) return false;
  const tipSlot = Math.min(...all.map(({ slot }) => slot));
  let isDone = await attempted(context, () => fetchSighted(context));
  // Only where every node showed its whole history, absence means anything.
  const byVaults = !all.every(({ isProven }) => isProven);
  if (all.length === nodes.length && all.every(({ isProven, areVaultsProven }) => isProven || areVaultsProven)) {
    isDone = await attempted(context, () => takeBackUnproven(context, { tipSlot, byVaults })) && isDone;
  } else {
    isDone = false;
  }
  await askForUnread(database, tipSlot, UNREAD_MAX);
  await scanWanted(context, tips);
  isDone = await attempted(context, () => fetchSighted(context)) && isDone;
  await judgeSilence(database, missed, tipSlot);
  counts.expired += await expirePending(database);
  await forgetSightings(database);
  return isDone;
}

/** How far the chain has come, and how far behind it everything was seen. */
async function positionOf({ database, program }: SweepContext, tips: Tips): Promise<Record<string, number>> {
  if (tips.size === 0) return {};
  const tipSlot = Math.max(...[...tips.values()].map(({ slot }) => slot));
  const marks = await Promise.all([...tips.keys()].map((source) => watermarkOf(database, program.address, source)));
  const seen = [
    ...marks.map((mark) => mark?.slot ?? 0),
    ...[...tips.values()].flatMap(({ slot, areVaultsProven }) => areVaultsProven ? [slot] : []),
  ];
  return { tip_slot: tipSlot, lag_slots: tipSlot - Math.max(...seen) };
}
