/**
 * `POST /sweep`: one sweep, within what a hosted function may take.
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
import { now } from "./clock.ts";
import type { Settings } from "./settings.ts";
import { sweep } from "./sweep.ts";

/** A hosted function has 150 seconds by the wall. Milliseconds. */
const BUDGET = 110_000;
/** And 2 seconds of computing, of which a transaction takes about one millisecond. */
const LIMITS = { pages: 100, transactions: 500 };
const BODY_BYTES_MAX = 4096;

const requestSchema = z.strictObject({ from_slot: z.int().nonnegative().optional() });

/** The sweep over these settings. Its path begins with the function's name, as the platform passes it on. */
export function createSweep(settings: Settings): Hono {
  const app = new Hono().basePath("/sweep");
  app.post("/", async (c) => {
    if (!isCron(c.req.header("authorization"), settings.cronSecret)) throw new VaultbookError("unauthorized");
    if (settings.rpcUrls.length === 0) throw new VaultbookError("rpc_unconfigured");
    const { from_slot: fromSlot } = readRequest(await readBody(c.req.raw, BODY_BYTES_MAX));
    const report = await sweep({
      database: settings.database,
      program: settings.program,
      nodes: settings.rpcUrls.map((url) => createNode({ url, budget: BUDGET })),
      now,
      limits: LIMITS,
      ...(fromSlot === undefined ? {} : { fromSlot }),
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
