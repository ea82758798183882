/**
 * Runs of scheduled jobs: one at a time, and on record.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import { rowOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/** What runs by the clock. */
export type Job = "snapshot" | "daily_summary" | "tvl" | "reconcile" | "sweep" | "monitor" | "retention";

/** How a run ended. `partial`: it stopped in time, and the next run goes on. `skipped`: another run was at work. */
export type JobStatus = "done" | "partial" | "skipped" | "failed";

/** What a scheduled function answers. */
export interface JobReport {
  readonly run_id: string;
  readonly job: Job;
  readonly status: JobStatus;
  readonly counts: Readonly<Record<string, number>>;
  /** What stopped it, for partial and failed. */
  readonly code?: string;
  readonly message?: string;
}

/** A run that is under way. */
export interface JobRun {
  readonly id: string;
  /** When it began, by the database's clock. */
  readonly startedAt: string;
  /** Says that it is alive. @throws {VaultbookError} job_taken_over – it was taken for dead, and must stop. */
  hold(): Promise<void>;
  /** Ends it, and puts it on record. */
  finish(report: Pick<JobReport, "status" | "counts" | "code" | "message">): Promise<JobReport>;
}

/**
 * Begins a run.
 *
 * @param leaseSeconds how long after it was last heard of it counts as dead.
 * @returns the report of a skipped run while another one is at work.
 * @throws {VaultbookError} database_unavailable – nothing was begun.
 */
export async function startJob(database: Database, job: Job, leaseSeconds: number): Promise<JobRun | JobReport> {
  const lease = `${leaseSeconds} seconds`;
  const begun = await rowOf(database, (sql) =>
    sql<{ id: string; status: string; started_at: string }[]>`
    select id, status, started_at::text from vaultbook.start_job(${job}, ${lease}::interval)`);
  if (begun.status === "skipped") return { run_id: begun.id, job, status: "skipped", counts: {} };
  return {
    id: begun.id,
    startedAt: begun.started_at,
    async hold(): Promise<void> {
      const { held } = await rowOf(database, (sql) =>
        sql<{ held: boolean }[]>`
        select vaultbook.hold_job(${begun.id}, ${lease}::interval) as held`);
      if (!held) throw new VaultbookError("job_taken_over", { job });
    },
    async finish({ status, counts, code, message }): Promise<JobReport> {
      const ended = await rowOf(
        database,
        (sql) =>
          sql<{ status: JobStatus; code: string | null; message: string | null }[]>`
        select status, code, message from vaultbook.finish_job(
          ${begun.id}, ${status}, ${JSON.stringify(counts)}::text::jsonb, ${code ?? null}, ${message ?? null}
        )`,
      );
      return {
        run_id: begun.id,
        job,
        status: ended.status,
        counts,
        ...(ended.code === null ? {} : { code: ended.code }),
        ...(ended.message === null ? {} : { message: ended.message }),
      };
    },
  };
}
