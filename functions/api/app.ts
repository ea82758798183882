/**
 * The API's routes and what all of them share: a request id, one log line, one error body.
 *
 * @module
 */
import { Hono } from "hono";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { errorResponse } from "@/lib/http/error_body.ts";
import { health } from "./routes/health.ts";
import { webhooks } from "./routes/webhooks.ts";
import type { Settings } from "./settings.ts";

/** What handlers find in the context. */
export interface ApiVariables {
  requestId: string;
}

/** The API over these settings. Its paths begin with the function's name, as the platform passes them on. */
export function createApi(settings: Settings): Hono<{ Variables: ApiVariables }> {
  const app = new Hono<{ Variables: ApiVariables }>().basePath("/api");
  app.use(async (c, next) => {
    const requestId = crypto.randomUUID();
    const started = performance.now();
    c.set("requestId", requestId);
    await next();
    c.res.headers.set("x-request-id", requestId);
    settings.log({
      level: c.res.status >= 500 ? "error" : "info",
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      duration_ms: Math.round(performance.now() - started),
    });
  });
  app.route("/webhooks", webhooks(settings));
  app.route("/health", health(settings));
  app.notFound((c) => errorResponse(new VaultbookError("not_found", { path: c.req.path }), c.get("requestId")));
  app.onError((error, c) => {
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    if (!(error instanceof VaultbookError) || cause) {
      settings.log({ level: "error", request_id: c.get("requestId"), error: error.message, cause });
    }
    return errorResponse(error, c.get("requestId"));
  });
  return app;
}
