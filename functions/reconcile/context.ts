/**
 * What the steps of one reconciliation share.
 *
 * @module
 */
import type { VaultProgram } from "@/lib/chain/program.ts";
import type { SolanaNode } from "@/lib/chain/rpc.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import type { Database } from "@/lib/ledger/database.ts";
import type { JobRun } from "@/lib/ledger/jobs.ts";
import type { Round } from "@/lib/ledger/reconciliation.ts";

/** What a reconciliation works with. */
export interface ReconcileTools {
  readonly database: Database;
  readonly program: VaultProgram;
  /** What the vaults hold: the mint's address. */
  readonly mint: string;
  /** One, or two that are not one and the same. Made for this run: their time is the run's. */
  readonly nodes: readonly SolanaNode[];
  /** The wall clock. Milliseconds since 1970. */
  readonly now: () => number;
  /** Lets so many milliseconds pass. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** What a reconciliation did, by name. */
export interface ReconcileCounts {
  /** Pages of accounts read. */
  pages: number;
  /** Vaults read for the first time in their round. */
  vaults: number;
  /** Of the round so far: as the chain says; so once what was missing had been found; not so; not to be said yet. */
  matched: number;
  fixed: number;
  mismatched: number;
  behind: number;
  /** Vaults whose history was looked through. */
  searched: number;
  /** Transactions that this brought. */
  fetched: number;
}

/** One run. */
export interface ReconcileContext extends ReconcileTools {
  readonly run: JobRun;
  readonly round: Round;
  /** Most vaults of this run. */
  readonly limit: number;
  readonly counts: ReconcileCounts;
  /** The newest finalized slot of each node that answers, by its number from 1. */
  readonly tips: ReadonlyMap<number, number>;
  /** What went wrong with nodes, in order. */
  readonly problems: VaultbookError[];
  readonly onProgress: (counts: Readonly<ReconcileCounts>) => void;
}

/** What must be left of a run's time to begin anything further. Milliseconds. */
const RESERVE = 5_000;

/** Whether the run still has time; says that it is alive. @throws {VaultbookError} job_taken_over */
export async function goesOn({ nodes, run, counts, onProgress }: ReconcileContext): Promise<boolean> {
  onProgress(counts);
  if (nodes.some((node) => node.timeLeft() <= RESERVE)) return false;
  await run.hold();
  return true;
}

/** What a node gives, or null where it failed; notes why. @throws whatever is no failure of a node. */
export async function orNull<Value>(
  context: Pick<ReconcileContext, "problems">,
  ask: () => Promise<Value>,
): Promise<Value | null> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof VaultbookError) || !error.code.startsWith("rpc_")) throw error;
    context.problems.push(error);
    return null;
  }
}
