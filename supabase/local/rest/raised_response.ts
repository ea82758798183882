/**
 * `raise sqlstate 'PGRST'`: a function that writes the whole error answer itself, as JSON in message and detail.
 *
 * @module
 */
import { RestError, restError } from "./errors.ts";

/**
 * Reads an answer out of an error; null for an error of another SQLSTATE. JSON of another shape gives the error PGRST121.
 */
export function raisedResponse(error: { code: string; message: string; detail?: string }): RestError | null {
  if (error.code !== "PGRST") return null;
  const body = parseBody(error.message);
  if (!body) {
    return malformed(
      `Invalid JSON value for MESSAGE: '${error.message}'`,
      "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'.",
    );
  }
  const hint =
    "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'.";
  if (error.detail === undefined) return malformed("DETAIL is missing in the RAISE statement", hint);
  const detail = parseDetail(error.detail);
  if (!detail) return malformed(`Invalid JSON value for DETAIL: '${error.detail}'`, hint);
  return new RestError(detail.status, body, detail.headers);
}

function malformed(details: string, hint: string): RestError {
  return restError(500, "PGRST121", `Could not parse JSON in the "RAISE SQLSTATE 'PGRST'" error`, { details, hint });
}

function parseBody(text: string): RestError["body"] | null {
  const value = parseObject(text);
  if (typeof value?.code !== "string" || typeof value.message !== "string") return null;
  const optional = (one: unknown): string | null => (typeof one === "string" ? one : null);
  return { code: value.code, message: value.message, details: optional(value.details), hint: optional(value.hint) };
}

function parseDetail(text: string): { status: number; headers: Record<string, string> } | null {
  const value = parseObject(text);
  const { status, headers } = value ?? {};
  if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599) return null;
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return null;
  const entries = Object.entries(headers);
  if (!entries.every(([, header]) => typeof header === "string")) return null;
  try {
    return { status, headers: Object.fromEntries(new Headers(entries)) };
  } catch {
    return null;
  }
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
  } catch {
    return null;
  }
}
