/**
 * `POST /monitor`: one look at everything that lasts, within what a hosted function may take. With `{"job": "retention"}`, once a day,
 * old snapshots are thinned instead.
 *
 * @module
 */
import type { Hono } from "hono";
import { z } from "zod";
import { jobFunction } from "@/lib/http/job_function.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { now } from "./clock.ts";
import { monitor } from "./monitor.ts";
import { retain } from "./retention.ts";
import type { Settings } from "./settings.ts";

const BODY_BYTES_MAX = 4096;

const requestSchema = z.strictObject({ job: z.literal("retention").optional() });

/** The monitor over these settings. */
export function createMonitor({ database, cronSecret, notices, log }: Settings): Hono {
  return jobFunction({
    name: "monitor",
    cronSecret,
    request: requestSchema,
    bodyBytesMax: BODY_BYTES_MAX,
    run({ job }): Promise<JobReport> {
      return job === "retention" ? retain({ database, now }) : monitor({ database, now, notices });
    },
    log,
  });
}
