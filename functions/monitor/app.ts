/**
 * `POST /monitor`: one look at everything that lasts, within what a hosted function may take.
 *
 * @module
 */
import type { Hono } from "hono";
import { z } from "zod";
import { jobFunction } from "@/lib/http/job_function.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { now } from "./clock.ts";
import { monitor } from "./monitor.ts";
import type { Settings } from "./settings.ts";

const BODY_BYTES_MAX = 4096;

const requestSchema = z.strictObject({});

/** The monitor over these settings. */
export function createMonitor({ database, cronSecret, log }: Settings): Hono {
  return jobFunction({
    name: "monitor",
    cronSecret,
    request: requestSchema,
    bodyBytesMax: BODY_BYTES_MAX,
    run(): Promise<JobReport> {
      return monitor({ database, now });
    },
    log,
  });
}
