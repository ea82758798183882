/**
 * `POST /reconcile`: one reconciliation, within what a hosted function may take.
 *
 * @module
 */
import type { Hono } from "hono";
import { z } from "zod";
import { createNode } from "@/lib/chain/rpc.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { jobFunction } from "@/lib/http/job_function.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { now } from "../sweep/clock.ts";
import { reconcile } from "./reconcile.ts";
import type { Settings } from "./settings.ts";

/** A hosted function has 150 seconds by the wall. Milliseconds. */
const BUDGET = 110_000;
/** And 2 seconds of computing, of which a vault takes about 0.1 milliseconds, and starting 160. */
const VAULTS_OF_A_RUN = 10_000;
const OWNERS_MAX = 1_000;
const BODY_BYTES_MAX = 65_536;

const requestSchema = z.strictObject({
  owners: z.array(z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/)).min(1).max(OWNERS_MAX).optional(),
  limit: z.int().positive().max(VAULTS_OF_A_RUN).optional(),
});

/** The reconciliation over these settings. */
export function createReconcile(settings: Settings): Hono {
  return jobFunction({
    name: "reconcile",
    cronSecret: settings.cronSecret,
    request: requestSchema,
    bodyBytesMax: BODY_BYTES_MAX,
    run({ owners, limit = VAULTS_OF_A_RUN }): Promise<JobReport> {
      if (settings.rpcUrls.length === 0) throw new VaultbookError("rpc_unconfigured");
      return reconcile({
        database: settings.database,
        program: settings.program,
        mint: settings.mint,
        nodes: settings.rpcUrls.map((url) => createNode({ url, budget: BUDGET })),
        now,
        sleep: (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds)),
        limit,
        ...(owners === undefined ? {} : { owners }),
      });
    },
    log: settings.log,
  });
}
