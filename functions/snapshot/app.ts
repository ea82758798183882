/**
 * `POST /snapshot`: the balances of all vaults, of this tick or of this day.
 *
 * @module
 */
import type { Hono } from "hono";
import { z } from "zod";
import { jobFunction } from "@/lib/http/job_function.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { takeSnapshots } from "@/lib/ledger/snapshots.ts";
import type { Settings } from "./settings.ts";
import { takeInTick } from "./take.ts";

const BODY_BYTES_MAX = 4096;

const requestSchema = z.strictObject({ type: z.enum(["periodic", "daily_summary"]) });

/** The snapshots over these settings. The two types are jobs of their own: at midnight neither skips the other. */
export function createSnapshot({ database, cronSecret, now, log }: Settings): Hono {
  return jobFunction({
    name: "snapshot",
    cronSecret,
    request: requestSchema,
    bodyBytesMax: BODY_BYTES_MAX,
    run({ type }): Promise<JobReport> {
      const job = type === "periodic" ? "snapshot" : type;
      return takeInTick(database, job, () => takeSnapshots(database, type, now?.()));
    },
    log,
  });
}
