/**
 * `POST /tvl`: the TVL of this tick.
 *
 * @module
 */
import type { Hono } from "hono";
import { z } from "zod";
import { jobFunction } from "@/lib/http/job_function.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { takeTvl } from "@/lib/ledger/snapshots.ts";
import type { Settings } from "../snapshot/settings.ts";
import { takeInTick } from "../snapshot/take.ts";

const BODY_BYTES_MAX = 4096;

const requestSchema = z.strictObject({});

/** The TVL over these settings. */
export function createTvl({ database, cronSecret, now, log }: Settings): Hono {
  return jobFunction({
    name: "tvl",
    cronSecret,
    request: requestSchema,
    bodyBytesMax: BODY_BYTES_MAX,
    run: (): Promise<JobReport> => takeInTick(database, "tvl", () => takeTvl(database, now?.())),
    log,
  });
}
