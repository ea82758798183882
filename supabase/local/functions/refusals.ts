/**
 * The answers that Supabase's edge runtime gives when a function gives none, with its codes.
 *
 * @module
 */

/** What went wrong, as `code` of the body and as the header `sb-error-code`. */
export type RefusalCode = "NOT_FOUND" | "BOOT_ERROR" | "WORKER_ERROR";

/** For each code the status and the message. */
const REFUSALS: Record<RefusalCode, { status: number; message: string }> = {
  NOT_FOUND: { status: 404, message: "Requested function was not found" },
  BOOT_ERROR: { status: 503, message: "Function failed to start (please check logs)" },
  WORKER_ERROR: { status: 500, message: "Function exited due to an error (please check logs)" },
};

/** Marks a function's own answer with a status from 500 on. */
export const FUNCTION_FAILED = "EDGE_FUNCTION_ERROR";

/** Makes such an answer: a body `{ code, message }`. */
export function refuse(code: RefusalCode): Response {
  const { status, message } = REFUSALS[code];
  return Response.json({ code, message }, { status, headers: { "sb-error-code": code } });
}

/** Makes such an answer with status 503, for a process that is coming back: the client may try again in a second. */
export function refuseForNow(code: RefusalCode): Response {
  const { message } = REFUSALS[code];
  const headers = { "sb-error-code": code, "retry-after": "1" };
  return Response.json({ code, message }, { status: 503, headers });
}
