/**
 * From the database's answer row to an HTTP response.
 *
 * @module
 */
import type { AnswerRow } from "./answer_query.ts";
import type { ApiRequest } from "./api_request.ts";
import { NULL_BODY_STATUSES } from "./errors.ts";
import { contentTypeOf } from "./media_type.ts";
import { type Applicable, preferenceApplied } from "./preferences.ts";
import { contentRange, rangeOfAnswer } from "./range.ts";
import { invalidHeadersSetting, invalidStatusSetting, singularityError } from "./request_errors.ts";
import type { Routine, Table } from "./schema_cache.ts";
import type { Outcome } from "./transaction.ts";

/** Answers a read of a table. @throws {RestError} PGRST103 or PGRST116. */
export function readAnswer(api: ApiRequest, table: Table, outcome: Outcome, maxRows: number): Response {
  checkSingle(api, outcome.row);
  const total = totalOf(api, outcome, maxRows);
  const { contentRange, status } = rangeOfAnswer(api.range, BigInt(outcome.row.page), total);
  const { canonical } = api.query;
  const location = `/${encodeURIComponent(table.name)}${canonical === "" ? "" : `?${canonical}`}`;
  const headers = { "content-range": contentRange, "content-location": location };
  return respond(api, outcome.row, status, headers, ["count", "handling", "timezone"], true);
}

/** Answers an insert or a merge. */
export function insertAnswer(api: ApiRequest, table: Table, { row }: Outcome): Response {
  const { count, resolution } = api.preferences;
  const rows = BigInt(row.page);
  const merged = resolution === "merge-duplicates" && BigInt(row.inserted ?? "0") <= 0n;
  const upserts = table.primaryKey.length > 0 || api.query.onConflict !== null;
  const applicable: Applicable[] = ["missing", "representation", "count", "handling", "timezone"];
  const headers = {
    "content-range": contentRange(1n, 0n, counts(count) ? rows : null),
    ...(row.location === null ? {} : { location: `/${encodeURIComponent(table.name)}?${locationOf(row.location)}` }),
  };
  return respond(api, row, merged ? 200 : 201, headers, upserts ? ["resolution", ...applicable] : applicable);
}

/** Answers a PUT. */
export function putAnswer(api: ApiRequest, { row }: Outcome): Response {
  const isNew = BigInt(row.inserted ?? "0") > 0n;
  const applicable: Applicable[] = ["representation", "count", "handling", "timezone"];
  return respond(api, row, returnsRows(api) ? (isNew ? 201 : 200) : 204, {}, applicable);
}

/** Answers an update. */
export function updateAnswer(api: ApiRequest, { row }: Outcome): Response {
  const rows = BigInt(row.page);
  const headers = { "content-range": contentRange(0n, rows - 1n, counts(api.preferences.count) ? rows : null) };
  const applicable: Applicable[] = ["missing", "representation", "count", "handling", "timezone", "maxAffected"];
  return respond(api, row, returnsRows(api) ? 200 : 204, headers, applicable);
}

/** Answers a delete. */
export function deleteAnswer(api: ApiRequest, { row }: Outcome): Response {
  const headers = {
    "content-range": contentRange(1n, 0n, counts(api.preferences.count) ? BigInt(row.page) : null),
  };
  const applicable: Applicable[] = ["representation", "count", "handling", "timezone", "maxAffected"];
  return respond(api, row, returnsRows(api) ? 200 : 204, headers, applicable);
}

/** Answers the call of a function. @throws {RestError} PGRST103 or PGRST116. */
export function callAnswer(api: ApiRequest, routine: Routine, { row }: Outcome): Response {
  if (routine.returns_set) checkSingle(api, row);
  const rows = routine.returns_set ? BigInt(row.page) : 1n;
  const total = row.total === null ? null : BigInt(row.total);
  const { contentRange, status } = rangeOfAnswer(api.range, rows, total);
  const applicable: Applicable[] = ["count", "handling", "timezone", "maxAffected"];
  const headers = { "content-range": contentRange };
  return respond(api, row, routine.returns_void ? 204 : status, headers, applicable, !routine.returns_void);
}

/** Reads have no transaction to undo, so their count is checked here. */
function checkSingle(api: ApiRequest, row: AnswerRow): void {
  if (api.form.kind === "object" && row.page !== "1") throw singularityError(row.page);
}

function totalOf(api: ApiRequest, { row, planned }: Outcome, maxRows: number): bigint | null {
  const counted = row.total === null ? null : BigInt(row.total);
  if (api.preferences.count === "planned") return planned;
  if (api.preferences.count !== "estimated" || counted === null || counted <= BigInt(maxRows)) return counted;
  return planned !== null && planned > counted ? planned : counted;
}

function counts(count: string | null): boolean {
  return count === "exact" || count === "estimated";
}

function returnsRows(api: ApiRequest): boolean {
  return api.preferences.representation === "representation";
}

function locationOf(json: string): string {
  const pairs: string[] = JSON.parse(json);
  return pairs.map((pair) => pair.split("=").map(encodeURIComponent)).map(([name, ...value]) =>
    `${name}=${value.join("%3D")}`
  ).join("&");
}

/**
 * Puts the response together. What the database set in `response.status` and `response.headers` overrides the rest.
 *
 * @param hasBody whether the row's body is the response's; for a change of rows, only where the client wants them back.
 * @throws {RestError} PGRST111 or PGRST112 for settings that are no headers or no status.
 */
function respond(
  api: ApiRequest,
  row: AnswerRow,
  status: number,
  headers: Readonly<Record<string, string>>,
  applicable: readonly Applicable[],
  hasBody = returnsRows(api),
): Response {
  const applied = preferenceApplied(api.preferences, applicable);
  const all = new Headers(headers);
  if (applied !== null) all.set("preference-applied", applied);
  if (hasBody) {
    all.set("content-type", contentTypeOf(api.form));
    if (api.negotiatedSchema) all.set("content-profile", api.schema);
  }
  overrideHeaders(all, row.headers);
  const chosen = chosenStatus(row.status) ?? status;
  const bodyless = !hasBody || api.method === "HEAD" || NULL_BODY_STATUSES.has(chosen);
  return new Response(bodyless ? null : row.body, { status: chosen, headers: all });
}

function chosenStatus(setting: string | null): number | null {
  if (setting === null) return null;
  const status = /^\s*\d{3}/.test(setting) ? Number.parseInt(setting, 10) : 0;
  if (status < 200 || status > 599) throw invalidStatusSetting();
  return status;
}

function overrideHeaders(headers: Headers, setting: string | null): void {
  if (setting === null) return;
  const seen = new Set<string>();
  for (const [name, value] of settingPairs(setting)) {
    try {
      // The first replaces what the server would have sent; more of the same name, as for cookies, are added.
      if (seen.has(name.toLowerCase())) headers.append(name, value);
      else headers.set(name, value);
      seen.add(name.toLowerCase());
    } catch {
      throw invalidHeadersSetting();
    }
  }
}

function settingPairs(setting: string): [string, string][] {
  let list: unknown;
  try {
    list = JSON.parse(setting);
  } catch {
    throw invalidHeadersSetting();
  }
  if (!Array.isArray(list)) throw invalidHeadersSetting();
  return list.map((one): [string, string] => {
    const [[name, value] = ["", null], ...more] = typeof one === "object" && one !== null ? Object.entries(one) : [];
    if (more.length > 0 || typeof value !== "string") throw invalidHeadersSetting();
    return [name, value];
  });
}
