/**
 * `POST /sweep`: one sweep, within what a hosted function may take.
 *
 * @module
 */
import type { Hono } from "hono";
import { z } from "zod";
import { createNode } from "@/lib/chain/rpc.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { jobFunction } from "@/lib/http/job_function.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { now } from "./clock.ts";
import type { Settings } from "./settings.ts";
import { sweep } from "./sweep.ts";

/** A hosted function has 150 seconds by the wall. Milliseconds. */
const BUDGET = 110_000;
/** And 2 seconds of computing, of which a transaction takes about one millisecond. */
const LIMITS = { pages: 100, vaultPages: 200, transactions: 500 };
const BODY_BYTES_MAX = 4096;

const requestSchema = z.strictObject({ from_slot: z.int().nonnegative().optional() });

/** The sweep over these settings. */
export function createSweep(settings: Settings): Hono {
  return jobFunction({
    name: "sweep",
    cronSecret: settings.cronSecret,
    request: requestSchema,
    bodyBytesMax: BODY_BYTES_MAX,
    run({ from_slot: fromSlot }): Promise<JobReport> {
      if (settings.rpcUrls.length === 0) throw new VaultbookError("rpc_unconfigured");
      return sweep({
        database: settings.database,
        program: settings.program,
        nodes: settings.rpcUrls.map((url) => createNode({ url, budget: BUDGET })),
        now,
        authorities: settings.authorities,
        limits: LIMITS,
        ...(fromSlot === undefined ? {} : { fromSlot }),
      });
    },
    log: settings.log,
  });
}
