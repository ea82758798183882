/**
 * Lets pages of any origin use the platform, as Supabase's gateway does: what protects it are keys and row security.
 *
 * @module
 */
import type { Context, Next } from "hono";

/** What scripts may read of an answer beside its body: the union of what PostgREST and Auth expose. */
const EXPOSED = [
  ...["content-encoding", "content-location", "content-range", "content-type", "date", "link", "location"],
  ...["preference-applied", "range-unit", "retry-after", "sb-error-code", "server", "transfer-encoding"],
  ...["x-supabase-api-version", "x-total-count"],
].join(", ");

const METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT";

/** Answers a browser's question before a request; but not for functions, which answer it themselves. */
export async function answerPreflight(c: Context, next: Next): Promise<Response | void> {
  const isPreflight = c.req.method === "OPTIONS" && c.req.header("access-control-request-method") !== undefined;
  if (!isPreflight || c.req.path.startsWith("/functions/v1/")) return await next();
  const headers = new Headers({
    "access-control-allow-origin": "*",
    "access-control-allow-methods": METHODS,
    "access-control-max-age": "3600",
  });
  const wanted = c.req.header("access-control-request-headers");
  if (wanted) headers.set("access-control-allow-headers", wanted);
  return new Response(null, { status: 200, headers });
}

/** Lets any page read the answer. */
export async function permitOrigins(c: Context, next: Next): Promise<void> {
  await next();
  c.header("access-control-allow-origin", "*");
  c.header("access-control-expose-headers", EXPOSED);
}
