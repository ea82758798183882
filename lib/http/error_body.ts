/**
 * The one shape that errors leave in: `{"error":{"code","message","details","request_id"}}`.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";

/** An error as a response. What is no {@link VaultbookError} is a mistake of ours: 500, and nothing of it is told. */
export function errorResponse(error: unknown, requestId: string): Response {
  const known = error instanceof VaultbookError;
  const headers = new Headers({ "x-request-id": requestId, "cache-control": "no-store" });
  if (known && typeof error.details.retry_after_seconds === "number") {
    headers.set("retry-after", String(error.details.retry_after_seconds));
  }
  if (known && typeof error.details.allow === "string") headers.set("allow", error.details.allow);
  const body = known
    ? { code: error.code, message: error.message, details: error.details, request_id: requestId }
    : { code: "internal_error", message: "Cannot answer: something failed here", details: {}, request_id: requestId };
  return Response.json({ error: body }, { status: known ? error.status : 500, headers });
}
