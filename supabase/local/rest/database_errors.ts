/**
 * What PostgreSQL or the connection to it reports, as an answer: PostgREST's table from SQLSTATE to status.
 *
 * @module
 */
import { UnquotableTextError } from "../sql_text.ts";
import { RestError, restError } from "./errors.ts";
import { raisedResponse } from "./raised_response.ts";
import { maxAffectedViolation, putKeyMismatch, singularityError } from "./request_errors.ts";

/** What npm:postgres puts on an error that the server reported. */
interface ServerError extends Error {
  readonly code: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Statuses of single SQLSTATEs; they come before those of classes. */
const STATUS_OF_CODE: ReadonlyMap<string, number> = new Map([
  ["23503", 409],
  ["23505", 409],
  ["25006", 405],
  ["42883", 404],
  ["42P01", 404],
  ["42P17", 500],
  ["53400", 500],
  // Too many columns are always of the request's making.
  ["54011", 400],
  ["57P01", 503],
  ["P0001", 400],
]);

/** Statuses of the first two characters. All other classes are the client's fault: 400. */
const STATUS_OF_CLASS: ReadonlyMap<string, number> = new Map([
  ["08", 503],
  ["09", 500],
  ["0L", 403],
  ["0P", 403],
  ["25", 500],
  ["28", 403],
  ["2D", 500],
  ["38", 500],
  ["39", 500],
  ["3B", 500],
  ["40", 500],
  ["53", 503],
  ["54", 500],
  ["55", 500],
  ["57", 500],
  ["58", 500],
  ["F0", 500],
  ["HV", 500],
  ["P0", 500],
  ["XX", 500],
]);

/** Codes of failures to get a connection at all, as the runtime and npm:postgres name them. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  "CONNECT_TIMEOUT",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "ETIMEDOUT",
]);

/**
 * Turns anything thrown while a request was handled into an answer.
 *
 * @param guardToken what the errors of this request's guards begin with.
 */
export function toRestError(error: unknown, role: string, guardToken: string): RestError {
  if (error instanceof RestError) return error;
  if (error instanceof UnquotableTextError) {
    return restError(400, "22021", 'invalid byte sequence for encoding "UTF8": 0x00');
  }
  if (isServerError(error)) {
    return guardViolation(error.message, guardToken) ?? raisedResponse(error) ?? forwarded(error, role);
  }
  return connectionError(error);
}

/** A failing guard's message holds `token:kind:rows`. */
function guardViolation(message: string, token: string): RestError | null {
  const [, kind, rows = "0"] = message.split(token).length === 2
    ? /^:(single|put|max-affected):(\d+)/.exec(message.split(token)[1] ?? "") ?? []
    : [];
  switch (kind) {
    case "single":
      return singularityError(rows);
    case "put":
      return putKeyMismatch();
    case "max-affected":
      return maxAffectedViolation(rows);
    default:
      return null;
  }
}

function forwarded(error: ServerError, role: string): RestError {
  const { code, message } = error;
  const status = statusOf(error, role);
  const more = { details: error.detail ?? null, hint: error.hint ?? null };
  const made = restError(status, code, message, more);
  return status === 401 ? new RestError(status, made.body, { "www-authenticate": "Bearer" }) : made;
}

function statusOf({ code, message }: ServerError, role: string): number {
  // Who is nobody yet may become somebody.
  if (code === "42501") return role === "anon" ? 401 : 403;
  // A role that a token names and the database does not have.
  if (code === "22023") return /^role .* does not exist$/s.test(message) ? 401 : 400;
  if (code === "21000") return message.endsWith("requires a WHERE clause") ? 400 : 500;
  const chosen = /^PT([2-5]\d\d)$/.exec(code)?.[1];
  if (chosen !== undefined) return Number(chosen);
  if (code.startsWith("PT")) return 500;
  return STATUS_OF_CODE.get(code) ?? STATUS_OF_CLASS.get(code.slice(0, 2)) ?? 400;
}

function connectionError(error: unknown): RestError {
  const { code, message } = error instanceof Error ? error as Error & { code?: unknown } : { code: "", message: "" };
  if (typeof code === "string" && UNREACHABLE.has(code)) {
    return restError(503, "PGRST000", "Database connection error. Retrying the connection.", { details: message });
  }
  if (typeof code === "string" && /^(CONNECTION_|E[A-Z]+$)/.test(code)) {
    return restError(503, "PGRST001", "Database client error. Retrying the connection.", { details: message });
  }
  return restError(500, "PGRSTX00", message);
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && error.name === "PostgresError";
}
