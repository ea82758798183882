/**
 * What a request brings along: JSON as text, which goes to PostgreSQL unread, and the columns or arguments that it names.
 *
 * Values are never taken out of the text. JavaScript would round numbers above 2^53.
 *
 * @module
 */
import type { ApiRequest } from "./api_request.ts";
import { decodeText, readBytes } from "./body.ts";
import { csvToJson } from "./csv.ts";
import { bodyMediaType } from "./media_type.ts";
import { invalidBody } from "./request_errors.ts";

/** JSON that names columns or arguments. */
export interface JsonPayload {
  readonly kind: "json";
  readonly text: string;
  /** Whether the text is one object rather than an array. */
  readonly isObject: boolean;
  /** Keys of the objects, which all have the same, or what the `columns` parameter names instead. */
  readonly names: readonly string[];
}

/** A body that a function takes as its single unnamed argument. */
export interface RawPayload {
  readonly kind: "raw";
  readonly type: "text" | "xml" | "bytea";
  readonly bytes: Uint8Array;
}

/** Parameters by name, as a form or a query string brings them; of one name there may be several. */
export interface ArgumentsPayload {
  readonly kind: "arguments";
  readonly values: readonly (readonly [string, string])[];
}

export type RoutinePayload = JsonPayload | RawPayload | ArgumentsPayload;

/** Deeper JSON is refused here, where that is the client's fault; PostgreSQL's own answer would be a server error. */
const MAX_JSON_DEPTH = 1000;

const RAW_TYPES: ReadonlyMap<string, RawPayload["type"]> = new Map([
  ["text/plain", "text"],
  ["text/xml", "xml"],
  ["application/octet-stream", "bytea"],
]);

const FORM = "application/x-www-form-urlencoded";

/**
 * Reads the rows that a table is to be given.
 *
 * @throws {RestError} PGRST102 for a body that is not what its type says or whose objects differ in their keys; 413.
 */
export async function readRows(request: Request, api: ApiRequest): Promise<JsonPayload> {
  const type = bodyMediaType(api.headers.get("content-type"));
  if (type !== "application/json" && type !== "text/csv" && type !== FORM) refuseType(type);
  const text = decodeText(await readBytes(request));
  if (type === "text/csv") return jsonPayload(csvToJson(text), null);
  if (type === FORM) return jsonPayload(JSON.stringify(Object.fromEntries(new URLSearchParams(text))), null);
  return jsonPayload(text, api.method === "PUT" ? null : api.query.columns);
}

/**
 * Reads what a function is called with by POST. An empty body is an empty object.
 *
 * @throws {RestError} PGRST102; 413.
 */
export async function readArguments(request: Request, api: ApiRequest): Promise<RoutinePayload> {
  const type = bodyMediaType(api.headers.get("content-type"));
  const raw = RAW_TYPES.get(type);
  if (type !== "application/json" && type !== FORM && !raw) refuseType(type);
  const bytes = await readBytes(request);
  if (raw) return { kind: "raw", type: raw, bytes };
  const text = decodeText(bytes);
  if (type === FORM) return { kind: "arguments", values: [...new URLSearchParams(text)] };
  return jsonPayload(text === "" ? "{}" : text, api.query.columns);
}

function refuseType(type: string): never {
  throw invalidBody(`Content-Type not acceptable: ${type}`);
}

function jsonPayload(text: string, columns: readonly string[] | null): JsonPayload {
  checkDepth(text);
  // With `columns` the client vouches for the rest, and PostgreSQL is the first to parse it.
  if (columns !== null) return { kind: "json", text, isObject: /^[ \t\n\r]*\{/.test(text), names: columns };
  const parsed = parseJson(text);
  if (Array.isArray(parsed)) {
    return { kind: "json", text, isObject: false, names: uniformKeys(parsed) };
  }
  if (isObject(parsed)) return { kind: "json", text, isObject: true, names: Object.keys(parsed) };
  return { kind: "json", text: "[]", isObject: false, names: [] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidBody("Empty or invalid json");
  }
}

function uniformKeys(rows: readonly unknown[]): string[] {
  const [first] = rows;
  if (rows.length === 0) return [];
  const names = isObject(first) ? Object.keys(first) : [];
  const uniform = rows.every((row) => {
    if (!isObject(row)) return false;
    const keys = Object.keys(row);
    return keys.length === names.length && names.every((name) => Object.hasOwn(row, name));
  });
  if (!uniform) throw invalidBody("All object keys must match");
  return names;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A loop instead of a pattern: a pattern's stack would overflow on long strings. */
function checkDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > MAX_JSON_DEPTH) throw invalidBody("Empty or invalid json");
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
