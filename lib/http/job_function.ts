/**
 * A function that a schedule calls: one POST, one run of a job, one report.
 *
 * @module
 */
import { Hono } from "hono";
import { z } from "zod";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { readBody } from "./body.ts";
import { isCron } from "./cron_secret.ts";
import { errorResponse } from "./error_body.ts";

/** What such a function is made of. */
export interface JobFunction<Request> {
  /** The function's name: its path, as the platform passes it on. */
  readonly name: string;
  /** Undefined: everybody is refused. */
  readonly cronSecret: string | undefined;
  /** What may be asked of a run; an empty body asks for nothing in particular. */
  readonly request: z.ZodType<Request>;
  readonly bodyBytesMax: number;
  /** Runs the job once. @throws {VaultbookError} where it cannot even begin. */
  readonly run: (request: Request) => Promise<{ readonly status: string }>;
  /** Writes one line to the function's log. */
  readonly log: (entry: Record<string, unknown>) => void;
}

/** The function. It answers with the report, 503 where the run failed, and logs both. */
export function jobFunction<Request>({ name, log, ...job }: JobFunction<Request>): Hono {
  const app = new Hono().basePath(`/${name}`);
  app.post("/", async (c) => {
    if (!isCron(c.req.header("authorization"), job.cronSecret)) throw new VaultbookError("unauthorized");
    const report = await job.run(readRequest(await readBody(c.req.raw, job.bodyBytesMax), job.request));
    const isFailed = report.status === "failed";
    log({ level: isFailed ? "error" : "info", ...report });
    return c.json(report, isFailed ? 503 : 200, { "cache-control": "no-store" });
  });
  app.all("/", (c) => {
    throw new VaultbookError("method_not_allowed", { method: c.req.method, allow: "POST" });
  });
  app.notFound((c) => errorResponse(new VaultbookError("not_found", { path: c.req.path }), crypto.randomUUID()));
  app.onError((error) => {
    const requestId = crypto.randomUUID();
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    // What is the caller's own mistake is no error of ours.
    if (!(error instanceof VaultbookError) || error.status >= 500) {
      log({ level: "error", request_id: requestId, error: error.message, cause });
    }
    return errorResponse(error, requestId);
  });
  return app;
}

/** @throws {VaultbookError} body_invalid, naming the field */
function readRequest<Request>(body: Uint8Array, schema: z.ZodType<Request>): Request {
  let content: unknown = {};
  try {
    if (body.length > 0) content = JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new VaultbookError("body_invalid", { field: "the body", problem: "must be JSON" });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VaultbookError("body_invalid", {
    field: issue?.path.join(".") || "the body",
    problem: `is not as it must be: ${issue?.message ?? ""}`,
  });
}
