/**
 * The monitor: tells of what is wrong with the state of things, and of what is right again; and ends what nobody waits for any more.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import { forgetAllowances } from "@/lib/ledger/allowances.ts";
import { escalateAlerts, proveAlerting, tellUntold } from "@/lib/ledger/alerting.ts";
import type { Database } from "@/lib/ledger/database.ts";
import { type JobReport, type JobRun, startJob } from "@/lib/ledger/jobs.ts";
import { expirePending } from "@/lib/ledger/pending.ts";
import {
  checkInvariant,
  dueInvariants,
  judgeBalances,
  judgeParked,
  judgeSilenceAnew,
  watchJobs,
} from "@/lib/ledger/monitoring.ts";
import { closeQuarantineAlerts } from "@/lib/ledger/quarantine.ts";
import { settleRefusals } from "@/lib/ledger/wrong_secrets.ts";
import { type NoticeOptions, sendNotices } from "./notices.ts";

/** What the monitor works with. */
export interface MonitorOptions {
  readonly database: Database;
  /** Milliseconds since some point in time. */
  readonly now: () => number;
  /** How long it begins anything further. Milliseconds; default 40 000: it is called every minute. */
  readonly budget?: number;
  /** How long one invariant may take. Milliseconds; default 5 000. */
  readonly invariantTimeout?: number;
  /** How alerts are told outside; undefined: they stay in the outbox. */
  readonly notices?: NoticeOptions;
}

/** Longer than a run's budget and the last step that it began. */
const LEASE_SECONDS = 90;
/** An invariant that takes longer is left to pg_cron, which has the time. Seconds. */
const CHEAP_SECONDS = 2;

/**
 * Looks once. Whatever ends it, what it did stays, and the next run looks again.
 *
 * @returns `done`; `partial` when some invariants are left for the next run; `skipped` when another run is at work.
 * @throws {VaultbookError} database_unavailable; job_taken_over; alerting_failed: all else was done.
 */
export async function monitor(options: MonitorOptions): Promise<JobReport> {
  const { database } = options;
  const run = await startJob(database, "monitor", LEASE_SECONDS);
  if ("status" in run) return run;
  const counts: Record<string, number> = {};
  try {
    const isAlive = await proveAlerting(database);
    const balances = await judgeBalances(database);
    counts.balances = balances.lookedAt;
    counts.low_balances = balances.raised;
    counts.balances_restored = balances.resolved;
    counts.transactions_expired = await expirePending(database);
    counts.allowances_forgotten = await forgetAllowances(database);
    await judgeSilenceAnew(database);
    await judgeParked(database);
    await settleRefusals(database);
    await closeQuarantineAlerts(database);
    counts.jobs_repeated = await watchJobs(database);
    const isDone = await checkInvariants(options, run, counts);
    counts.alerts_escalated = await escalateAlerts(database);
    counts.alerts_untold = await tellUntold(database);
    if (options.notices) {
      await run.hold();
      const { sent, failed } = await sendNotices(database, options.notices);
      counts.notices_sent = sent;
      counts.notices_failed = failed;
    }
    // Whatever it did above, nobody may have heard of it.
    if (!isAlive) throw new VaultbookError("alerting_failed");
    return await run.finish({ status: isDone ? "done" : "partial", counts });
  } catch (error) {
    const { code, message } = error instanceof VaultbookError
      ? error
      : { code: "internal_error", message: "Something failed here" };
    // A database that is away cannot be told; then the lease runs out.
    await run.finish({ status: "failed", counts, code, message }).catch(() => {});
    throw error;
  }
}

/** Looks at the invariants that are due. Gives whether it came through. */
async function checkInvariants(
  { database, now, budget = 40_000, invariantTimeout = 5_000 }: MonitorOptions,
  run: JobRun,
  counts: Record<string, number>,
): Promise<boolean> {
  const end = now() + budget;
  counts.invariants = 0;
  counts.invariants_broken = 0;
  counts.invariants_too_dear = 0;
  for (const invariant of await dueInvariants(database, CHEAP_SECONDS)) {
    if (now() >= end) return false;
    await run.hold();
    const violations = await checkInvariant(database, invariant, invariantTimeout);
    counts.invariants++;
    if (violations === null) counts.invariants_too_dear++;
    else if (violations > 0) counts.invariants_broken++;
  }
  return true;
}
