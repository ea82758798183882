/**
 * The retention: once a day, old snapshots are thinned.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import type { Database } from "@/lib/ledger/database.ts";
import { type JobReport, startJob } from "@/lib/ledger/jobs.ts";
import { retainSnapshots } from "@/lib/ledger/retention.ts";

/** What the retention works with. */
export interface RetentionOptions {
  readonly database: Database;
  /** Milliseconds since some point in time. */
  readonly now: () => number;
  /** How long it begins another batch. Milliseconds; default 90 000. */
  readonly budget?: number;
}

/** Longer than a batch may take. */
const LEASE_SECONDS = 60;

/**
 * Thins what is due. Whatever ends it, what it did stays.
 *
 * @returns `done`; `partial` when its time was over, and the schedule calls it again; `skipped` when another run is at work.
 * @throws {VaultbookError} database_unavailable; job_taken_over.
 */
export async function retain({ database, now, budget = 90_000 }: RetentionOptions): Promise<JobReport> {
  const end = now() + budget;
  const run = await startJob(database, "retention", LEASE_SECONDS);
  if ("status" in run) return run;
  try {
    const { isComplete, removed } = await retainSnapshots(database, {
      goesOn: async () => {
        await run.hold();
        return now() < end;
      },
    });
    return await run.finish({ status: isComplete ? "done" : "partial", counts: { ...removed } });
  } catch (error) {
    const { code, message } = error instanceof VaultbookError
      ? error
      : { code: "internal_error", message: "Something failed here" };
    // A database that is away cannot be told; then the lease runs out.
    await run.finish({ status: "failed", counts: {}, code, message }).catch(() => {});
    throw error;
  }
}
