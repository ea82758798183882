/**
 * What the steps of one sweep share.
 *
 * @module
 */
import type { VaultProgram } from "@/lib/chain/program.ts";
import type { SolanaNode } from "@/lib/chain/rpc.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import type { Database } from "@/lib/ledger/database.ts";
import type { JobRun } from "@/lib/ledger/jobs.ts";
import type { LostLanding } from "@/lib/ledger/roll_back.ts";

/** What a sweep works with. */
export interface SweepTools {
  readonly database: Database;
  readonly program: VaultProgram;
  /** One, or two that are not one and the same. Made for this run: their time is the run's. */
  readonly nodes: readonly SolanaNode[];
  /** The wall clock. Milliseconds since 1970. */
  readonly now: () => number;
}

/** How much a sweep may do before it leaves the rest to the next one. */
export interface SweepLimits {
  /** Pages of the program's signatures. */
  readonly pages: number;
  /** Pages of those of single vaults. */
  readonly vaultPages: number;
  /** Transactions fetched. */
  readonly transactions: number;
  /** Rows of a page, 1 to 1000. */
  readonly pageRows: number;
}

/** What a sweep did, by name. */
export interface SweepCounts {
  /** Pages of the program's signatures read. */
  pages: number;
  /** Pages of those of single vaults. */
  vault_pages: number;
  /** Rows on them. */
  rows: number;
  /** Transactions that the ledger had, and that are final now. */
  finalized: number;
  /** Transactions fetched. */
  fetched: number;
  /** Of those, what the ledger had not heard of. */
  applied: number;
  failed: number;
  ignored: number;
  parked: number;
  quarantined: number;
  conflict: number;
  duplicate: number;
  /** Transactions that no node would give. */
  unfetched: number;
  /** Landings that were not where they should be. */
  doubted: number;
  rolled_back: number;
  /** Announced transactions that nobody waits for any more. */
  expired: number;
}

/** One run of the sweep. */
export interface SweepContext extends SweepTools {
  readonly run: JobRun;
  readonly limits: SweepLimits;
  readonly counts: SweepCounts;
  /** What the sweep had to bring itself. */
  readonly missed: LostLanding[];
  /** What went wrong with nodes, in order. */
  readonly problems: VaultbookError[];
  readonly onProgress: (counts: Readonly<SweepCounts>) => void;
}

/** What must be left of a run's time to begin anything further. Milliseconds. */
const RESERVE = 5_000;

/** Nothing done yet. */
export function newCounts(): SweepCounts {
  return {
    ...{
      pages: 0,
      vault_pages: 0,
      rows: 0,
      finalized: 0,
      fetched: 0,
      applied: 0,
      failed: 0,
      ignored: 0,
      parked: 0,
      quarantined: 0,
    },
    ...{ conflict: 0, duplicate: 0, unfetched: 0, doubted: 0, rolled_back: 0, expired: 0 },
  };
}

/** Whether the run still has time, and may do more of this; says that it is alive. @throws {VaultbookError} job_taken_over */
export async function goesOn(context: SweepContext, what: "pages" | "vaultPages" | "transactions"): Promise<boolean> {
  const { nodes, limits, counts, run, onProgress } = context;
  onProgress(counts);
  const done = { pages: counts.pages, vaultPages: counts.vault_pages, transactions: counts.fetched + counts.unfetched };
  if (done[what] >= limits[what] || nodes.some((node) => node.timeLeft() <= RESERVE)) return false;
  await run.hold();
  return true;
}

/** Does a step that may fail for the nodes' sake, and notes why. @throws whatever is no failure of a node. */
export async function attempted(context: SweepContext, step: () => Promise<boolean>): Promise<boolean> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof VaultbookError) || !error.code.startsWith("rpc_")) throw error;
    context.problems.push(error);
    return false;
  }
}
