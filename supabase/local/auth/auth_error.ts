/**
 * How Auth refuses: GoTrue's two error bodies, in the shape that the client's API version asks for.
 *
 * @module
 */
import { JwtRefused } from "../keys.ts";

/** From this version on, errors are `{code, message}`; before it `{code: status, error_code, msg}`. */
const CODES_AS_TEXT = "2024-01-01";

/** GoTrue's ordinary refusal: an HTTP status, an error code that supabase-js shows as `error.code`, a message. */
export class AuthRefused extends Error {
  /** @param reasons only of `weak_password`: what the password lacks. */
  constructor(readonly status: number, readonly code: string, message: string, readonly reasons?: string[]) {
    super(message);
    this.name = "AuthRefused";
  }
}

/** GoTrue's OAuth-style refusal, always 400 and without an error code: `{error, error_description}`. */
export class OAuthRefused extends Error {
  constructor(readonly error: string, description: string) {
    super(description);
    this.name = "OAuthRefused";
  }
}

/** A 400 with the code `validation_failed`. */
export function invalid(message: string): AuthRefused {
  return new AuthRefused(400, "validation_failed", message);
}

/**
 * The answer to a failed request.
 *
 * @param error whatever was thrown; what is no refusal becomes 500 `unexpected_failure` without its message.
 */
export function errorResponse(error: unknown, request: Request): Response {
  if (error instanceof OAuthRefused) {
    return Response.json({ error: error.error, error_description: error.message }, { status: 400 });
  }
  const { status, code, message, reasons } = refusalOf(error);
  const weakness = reasons ? { weak_password: { reasons } } : {};
  const version = request.headers.get("x-supabase-api-version") ?? "";
  if (/^\d{4}-\d{2}-\d{2}$/.test(version) && version >= CODES_AS_TEXT) {
    const headers = { "x-supabase-api-version": CODES_AS_TEXT };
    return Response.json({ code, message, ...weakness }, { status, headers });
  }
  return Response.json({ code: status, error_code: code, msg: message, ...weakness }, { status });
}

/** Whether the request itself is to blame, and not this program. */
export function isRefusal(error: unknown): boolean {
  return error instanceof OAuthRefused || refusalOf(error).status < 500;
}

function refusalOf(error: unknown): AuthRefused {
  if (error instanceof AuthRefused) return error;
  if (error instanceof JwtRefused) {
    return new AuthRefused(403, "bad_jwt", `invalid JWT: unable to parse or verify signature, ${error.message}`);
  }
  const state = sqlStateOf(error);
  // Class 22: a value that PostgreSQL cannot hold, such as text with a NUL in it.
  if (state.startsWith("22")) return invalid("The request holds a value that cannot be stored");
  if (state === "23505") return new AuthRefused(409, "conflict", "Conflicts with a concurrent request");
  const message = "Unexpected failure, please check server logs for more information";
  return new AuthRefused(500, "unexpected_failure", message);
}

/** The SQLSTATE of a database error; empty for other errors. */
export function sqlStateOf(error: unknown): string {
  const isDatabaseError = error instanceof Error && error.name === "PostgresError";
  return isDatabaseError && "code" in error && typeof error.code === "string" ? error.code : "";
}
