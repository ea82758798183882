/**
 * A run of a job that takes something once in each tick.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import type { Database } from "@/lib/ledger/database.ts";
import { type Job, type JobReport, startJob } from "@/lib/ledger/jobs.ts";
import type { Taken } from "@/lib/ledger/snapshots.ts";

/** Longer than it takes, and shorter than a tick: a run that was killed does not keep the next one from its own. */
const LEASE_SECONDS = 180;

/**
 * Takes it, and puts the run on record.
 *
 * @returns `done`, where `written` of 0 says that this tick had its snapshot already, and `missed` how many ticks before it have none;
 * `skipped` when another run is at work.
 * @throws {VaultbookError} database_unavailable
 */
export async function takeInTick(database: Database, job: Job, take: () => Promise<Taken>): Promise<JobReport> {
  const run = await startJob(database, job, LEASE_SECONDS);
  if ("status" in run) return run;
  try {
    const { vaults, isNew, missed } = await take();
    const rows = job === "tvl" ? 1 : vaults;
    return await run.finish({ status: "done", counts: { vaults, written: isNew ? rows : 0, missed } });
  } catch (error) {
    const { code, message } = error instanceof VaultbookError
      ? error
      : { code: "internal_error", message: "Something failed here" };
    // A database that is away cannot be told; then the lease runs out.
    await run.finish({ status: "failed", counts: {}, code, message }).catch(() => {});
    throw error;
  }
}
