/**
 * The API's routes and what all of them share: a request id, one log line, one error body.
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { errorResponse } from "@/lib/http/error_body.ts";
import { type ApiEnvironment, routes } from "./endpoint.ts";
import { alerts } from "./routes/alerts.ts";
import { describe, methodsOf } from "./routes/openapi.ts";
import { health } from "./routes/health.ts";
import { quarantine } from "./routes/quarantine.ts";
import { beginnings, signatures } from "./routes/transactions.ts";
import { tvl } from "./routes/tvl.ts";
import { vaults } from "./routes/vaults.ts";
import { vaultHistory } from "./routes/vault_history.ts";
import { webhooks } from "./routes/webhooks.ts";
import type { Settings } from "./settings.ts";

/** The API over these settings. Its paths begin with the function's name, as the platform passes them on. */
export function createApi(settings: Settings): OpenAPIHono<ApiEnvironment> {
  const app = routes().basePath("/api") as OpenAPIHono<ApiEnvironment>;
  app.use(logged(settings));
  app.use(forClients(cors({
    // Callers say who they are by headers, never by a cookie: a foreign page can do nothing that its visitor did not give it.
    origin: "*",
    allowHeaders: ["authorization", "apikey", "content-type", "idempotency-key", "x-client-info"],
    exposeHeaders: ["etag", "retry-after", "x-request-id"],
    maxAge: 3600,
  })));
  app.use(forClients(etag()));
  app.use(forClients(kept));
  app.route("/webhooks", webhooks(settings));
  app.route("/health", health(settings));
  app.route("/tvl", tvl(settings));
  app.route("/vaults", vaults(settings));
  app.route("/vaults", vaultHistory(settings));
  app.route("/vaults", beginnings(settings));
  app.route("/transactions", signatures(settings));
  app.route("/alerts", alerts(settings));
  app.route("/quarantine", quarantine(settings));
  describe(app);
  const methods = methodsOf(app);
  app.notFound((c) => {
    const allow = methods(c.req.path);
    const error = allow
      ? new VaultbookError("method_not_allowed", { method: c.req.method, allow })
      : new VaultbookError("not_found", { path: c.req.path });
    return errorResponse(error, c.get("requestId"));
  });
  app.onError((thrown, c) => {
    const error = thrown instanceof HTTPException ? refusalOf(thrown) : thrown;
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    // What is the caller's own mistake is in the request's line, and no error of ours.
    if (!(error instanceof VaultbookError) || (cause && error.status >= 500)) {
      settings.log({ level: "error", request_id: c.get("requestId"), error: error.message, cause });
    }
    return errorResponse(error, c.get("requestId"));
  });
  return app;
}

/** What the framework throws of its own accord where a body is to be read. */
function refusalOf(thrown: HTTPException): Error {
  switch (thrown.status) {
    case 400:
      return new VaultbookError("body_invalid", { field: "the body", problem: "must be JSON" });
    case 415:
      return new VaultbookError("media_type_unsupported");
    default:
      return thrown;
  }
}

/** Gives the request an id, and the log a line about it. */
function logged(settings: Settings): MiddlewareHandler<ApiEnvironment> {
  return async (c, next) => {
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
  };
}

/** Leaves the webhook out: no page calls it, and what it answers is kept by nobody. */
function forClients(middleware: MiddlewareHandler): MiddlewareHandler {
  return async (c, next) => c.req.path.startsWith("/api/webhooks/") ? await next() : await middleware(c, next);
}

/** What is one caller's is kept by nobody else, and asked about again each time: then its ETag spares the body. */
async function kept(c: Context, next: () => Promise<void>): Promise<void> {
  await next();
  if (c.res.headers.has("cache-control")) return;
  c.header("cache-control", "private, no-cache");
  c.header("vary", "authorization, apikey", { append: true });
}
