/**
 * `POST /reconcile`: one reconciliation, within what a hosted function may take.
 *
 * @module
 */
import { Hono } from "hono";
import { z } from "zod";
import { createNode } from "@/lib/chain/rpc.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { readBody } from "@/lib/http/body.ts";
import { isCron } from "@/lib/http/cron_secret.ts";
import { errorResponse } from "@/lib/http/error_body.ts";
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

/** The reconciliation over these settings. Its path begins with the function's name, as the platform passes it on. */
export function createReconcile(settings: Settings): Hono {
  const app = new Hono().basePath("/reconcile");
  app.post("/", async (c) => {
    if (!isCron(c.req.header("authorization"), settings.cronSecret)) throw new VaultbookError("unauthorized");
    if (settings.rpcUrls.length === 0) throw new VaultbookError("rpc_unconfigured");
    const { owners, limit = VAULTS_OF_A_RUN } = readRequest(await readBody(c.req.raw, BODY_BYTES_MAX));
    const report = await reconcile({
      database: settings.database,
      program: settings.program,
      mint: settings.mint,
      nodes: settings.rpcUrls.map((url) => createNode({ url, budget: BUDGET })),
      now,
      sleep: (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds)),
      limit,
      ...(owners === undefined ? {} : { owners }),
    });
    settings.log({ level: report.status === "failed" ? "error" : "info", ...report });
    return c.json(report, report.status === "failed" ? 503 : 200, { "cache-control": "no-store" });
  });
  app.all("/", (c) => {
    throw new VaultbookError("method_not_allowed", { method: c.req.method, allow: "POST" });
  });
  app.notFound((c) => errorResponse(new VaultbookError("not_found", { path: c.req.path }), crypto.randomUUID()));
  app.onError((error) => {
    const requestId = crypto.randomUUID();
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    if (!(error instanceof VaultbookError) || cause) {
      settings.log({ level: "error", request_id: requestId, error: error.message, cause });
    }
    return errorResponse(error, requestId);
  });
  return app;
}

/** An empty body asks for nothing in particular. @throws {VaultbookError} body_invalid */
function readRequest(body: Uint8Array): z.infer<typeof requestSchema> {
  let content: unknown = {};
  try {
    if (body.length > 0) content = JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new VaultbookError("body_invalid", { field: "the body", problem: "must be JSON" });
  }
  const parsed = requestSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VaultbookError("body_invalid", {
    field: issue?.path.join(".") || "the body",
    problem: `is not as it must be: ${issue?.message ?? ""}`,
  });
}
