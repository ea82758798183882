/**
 * A request as PostgREST sees it: what it is aimed at, what it asks for, in which form the answer shall come.
 *
 * @module
 */
import { type AnswerForm, negotiate } from "./media_type.ts";
import { parsePreferences, type Preferences } from "./preferences.ts";
import { parseQueryString, type QueryString } from "./query_string.ts";
import { ALL_ROWS, narrowByHeader, type RowRange } from "./range.ts";
import {
  invalidResourcePath,
  invalidRpcMethod,
  putLimitNotAllowed,
  unacceptableSchema,
  unsupportedMethod,
} from "./request_errors.ts";

/** What a path names. */
export type Target =
  | { readonly kind: "root" }
  | { readonly kind: "table"; readonly name: string }
  | { readonly kind: "routine"; readonly name: string };

export interface ApiRequest {
  readonly method: string;
  readonly target: Target;
  readonly schema: string;
  /** Whether the answer names its schema: several are exposed. */
  readonly negotiatedSchema: boolean;
  readonly query: QueryString;
  /** The range of the resource itself, by parameters and header. */
  readonly range: RowRange;
  readonly preferences: Preferences;
  readonly form: AnswerForm;
  readonly headers: Headers;
  /** The path after `/rest/v1`, undecoded, as `request.path` shows it. */
  readonly path: string;
}

const TABLE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]);
const ROUTINE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "OPTIONS"]);
const ROOT_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Reads everything but the body.
 *
 * @param path what follows `/rest/v1/`, undecoded.
 * @param schemas the exposed ones; the first is meant where the client names none.
 * @throws {RestError} of group 1.
 */
export function readApiRequest(request: Request, path: string, schemas: readonly string[]): ApiRequest {
  const { method, headers } = request;
  const target = targetOf(path);
  checkMethod(target, method);
  const schema = chooseSchema(method, headers, schemas);
  const reads = method === "GET" || method === "HEAD";
  const query = parseQueryString(new URL(request.url).search, target.kind === "routine" && reads);
  const ownRange = query.ranges.find((range) => range.path.length === 0)?.value ?? ALL_ROWS;
  if (method === "PUT" && ownRange !== ALL_ROWS) throw putLimitNotAllowed();
  return {
    method,
    target,
    schema,
    negotiatedSchema: schemas.length > 1,
    query,
    // RFC 9110: a Range header means something for GET only.
    range: method === "GET" ? narrowByHeader(ownRange, headers.get("range")) : ownRange,
    preferences: parsePreferences(headers.get("prefer")),
    form: target.kind === "root" ? { kind: "json", stripNulls: false } : negotiate(headers.get("accept")),
    headers,
    path: `/${path}`,
  };
}

function targetOf(path: string): Target {
  const [first = "", second, ...more] = decodePath(path).split("\0");
  if (more.length > 0) throw invalidResourcePath();
  if (second === undefined) return first === "" ? { kind: "root" } : { kind: "table", name: first };
  if (first !== "rpc" || second === "") throw invalidResourcePath();
  return { kind: "routine", name: second };
}

/** Decodes each part of the path, joined by NULs. An encoded slash does not divide; an encoded NUL names nothing. */
function decodePath(path: string): string {
  if (/%00|\0/.test(path)) throw invalidResourcePath();
  try {
    return path.split("/").map(decodeURIComponent).join("\0");
  } catch {
    throw invalidResourcePath();
  }
}

function checkMethod(target: Target, method: string): void {
  if (target.kind === "routine" && !ROUTINE_METHODS.has(method)) throw invalidRpcMethod(method);
  if (target.kind === "table" && !TABLE_METHODS.has(method)) throw unsupportedMethod(method);
  if (target.kind === "root" && !ROOT_METHODS.has(method)) throw unsupportedMethod(method);
}

function chooseSchema(method: string, headers: Headers, schemas: readonly string[]): string {
  const writes = ["DELETE", "PATCH", "POST", "PUT"].includes(method);
  const profile = headers.get(writes ? "content-profile" : "accept-profile");
  if (profile !== null && !schemas.includes(profile)) throw unacceptableSchema(profile, schemas);
  return profile ?? schemas[0] ?? "public";
}
