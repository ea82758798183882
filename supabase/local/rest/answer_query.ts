/**
 * The statement around a query: PostgreSQL counts the rows, builds the whole body and reports what functions set for the
 * response, all in one row of text.
 *
 * @module
 */
import { quoteLiteral } from "../sql_text.ts";
import type { AnswerForm } from "./media_type.ts";
import { SCALAR_COLUMN } from "./routine_query.ts";

/** The one row that a statement answers with. Counts are decimal text; nothing is parsed on the way. */
export interface AnswerRow {
  /** How many rows there are in all; null when nobody counted. */
  readonly total: string | null;
  /** How many rows the body holds. */
  readonly page: string;
  readonly body: string;
  /** JSON: `key=eq.value` for each column of the key of the one row that was inserted; null otherwise. */
  readonly location: string | null;
  /** How many rows of a merge are new; null for anything but a merge. */
  readonly inserted: string | null;
  /** The settings `response.headers` and `response.status`; null where they are not set. */
  readonly headers: string | null;
  readonly status: string | null;
}

/** How many rows there must be for the transaction to hold. */
export interface Guard {
  readonly kind: "single" | "put" | "max-affected";
  /** SQL that is true of a forbidden number of rows. */
  readonly forbids: string;
}

export interface AnswerParts {
  /** The statement whose rows are `pgrst_source`: a read, a change, or a call. */
  readonly source: string;
  /** Reads the rows of the answer, from `pgrst_source`. */
  readonly rows: string;
  /** Gives one row for each row to be counted; null where nothing is counted. */
  readonly counted: string | null;
  /** The SQL of the body, from rows called `pgrst_row`. */
  readonly body: string;
  /** The primary key, where a location is wanted. */
  readonly locationOf: readonly string[] | null;
  /** Whether new rows of a merge are counted. */
  readonly countsInserted: boolean;
  readonly guards: readonly Guard[];
  /** What an error names that a guard raises: unguessable, so that no function can raise it. */
  readonly guardToken: string;
}

/** The body of a HEAD request or of a change that returns nothing. */
export const NO_BODY = "''";

/** The statement that answers a request with one {@link AnswerRow}. */
export function answerQuery(parts: AnswerParts): string {
  const counted = parts.counted === null ? "" : `, pgrst_counted as (${parts.counted})`;
  return [
    `with pgrst_source as (${parts.source})${counted}`,
    "select",
    [
      `${parts.counted === null ? "null" : "(select count(*) from pgrst_counted)::text"} as total`,
      "count(*)::text as page",
      `${parts.body} as body`,
      `${parts.locationOf === null ? "null" : locationSql(parts.locationOf)} as location`,
      `${parts.countsInserted ? setting("pgrst.inserted") : "null"} as inserted`,
      `${setting("response.headers")} as headers`,
      `${setting("response.status")} as status`,
      ...parts.guards.map((guard, at) => `${guardSql(guard, parts.guardToken)} as guard_${at}`),
    ].join(", "),
    `from (${parts.rows}) as pgrst_row`,
  ].join(" ");
}

/** The body of rows in a form. */
export function rowsBody(form: AnswerForm): string {
  if (form.kind === "csv") return CSV_BODY;
  return jsonBody(form, "json_agg(pgrst_row.*)", form.kind === "object");
}

/** The body of a function's result that is no row: a set gives an array of values, otherwise it is the value itself. */
export function scalarBody(form: AnswerForm, isSet: boolean): string {
  if (form.kind === "csv") return CSV_BODY;
  return jsonBody(form, `json_agg(pgrst_row.${SCALAR_COLUMN})`, !isSet || form.kind === "object");
}

/** The body of a function's result that is one row. */
export function rowBody(form: AnswerForm): string {
  return form.kind === "csv" ? CSV_BODY : jsonBody(form, "json_agg(pgrst_row.*)", true);
}

function jsonBody(form: Exclude<AnswerForm, { kind: "csv" }>, array: string, onlyFirst: boolean): string {
  const value = onlyFirst ? `(${array} -> 0)` : array;
  const stripped = form.stripNulls ? `json_strip_nulls(${value})` : value;
  return `coalesce(${stripped}::text, '${onlyFirst ? "null" : "[]"}')`;
}

/** Names come from the first row. Rows lose the brackets that PostgreSQL writes around them. */
const CSV_BODY =
  "coalesce((select string_agg(k, ',') from json_object_keys(json_agg(pgrst_row.*) -> 0) as keys (k)), '') " +
  "|| chr(10) || coalesce(string_agg(substring((pgrst_row.*)::text, 2, length((pgrst_row.*)::text) - 2), chr(10)), '')";

function locationSql(primaryKey: readonly string[]): string {
  const keys = primaryKey.map(quoteLiteral).join(", ");
  if (keys === "") return "null";
  return "case when count(*) = 1 then (select json_agg(c.key || '=' || coalesce('eq.' || c.value, 'is.null'))::text " +
    "from (select row_to_json(h) as r from pgrst_source as h limit 1) s cross join json_each_text(s.r) c " +
    `where c.key in (${keys})) end`;
}

function setting(name: string): string {
  return `nullif(current_setting('${name}', true), '')`;
}

/**
 * A failing cast undoes the whole transaction in the same round trip in which the rows were counted. The error's text carries
 * which guard it was and the count.
 */
function guardSql(guard: Guard, token: string): string {
  const text = `${quoteLiteral(`${token}:${guard.kind}:`)} || count(*)`;
  return `case when ${guard.forbids} then (${text})::int end`;
}
