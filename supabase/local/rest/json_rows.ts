/**
 * JSON text as rows in SQL.
 *
 * @module
 */
import { quoteIdentifier, quoteLiteral } from "../sql_text.ts";
import type { JsonPayload } from "./payload.ts";

/** A column that is read out of JSON objects. */
export interface JsonColumn {
  readonly name: string;
  readonly type: string;
  /** An SQL expression for objects that lack the key; null for none. */
  readonly default: string | null;
}

/** How rows are read. */
export interface JsonRowsOptions {
  /** Whether a missing key takes the column's default instead of null. */
  readonly defaults: boolean;
  /** Whether only the first row counts. */
  readonly onlyFirst: boolean;
}

/**
 * A `from` list that gives the payload's rows as `pgrst_body`, one column for each of `columns`. PostgreSQL converts the
 * values from the text itself, so each is exact.
 */
export function jsonRowsSql(payload: JsonPayload, columns: readonly JsonColumn[], options: JsonRowsOptions): string {
  const type = options.defaults ? "jsonb" : "json";
  const names = columns.map((column) => quoteIdentifier(column.name)).join(", ");
  const source = options.defaults ? "pgrst_defaulted.json_data" : "pgrst_payload.json_data";
  const definitions = columns.map((column) => `${quoteIdentifier(column.name)} ${column.type}`).join(", ");
  const toRows = `${type}_to_record${payload.isObject ? "" : "set"}(${source}) as _ (${definitions})`;
  const rows = columns.length > 0
    ? `select ${names} from ${toRows}`
    // Objects without keys are rows all the same: each takes every default of the table.
    : `select from ${payload.isObject ? "(values (1)) _" : `${type}_array_elements(${source}) _`}`;
  return [
    `(select ${quoteLiteral(payload.text)}::${type} as json_data) pgrst_payload`,
    ...(options.defaults ? [`lateral (${defaultedSql(payload, columns)}) pgrst_defaulted`] : []),
    `lateral (${rows}${options.onlyFirst ? " limit 1" : ""}) pgrst_body`,
  ].join(", ");
}

/** Each object laid over the defaults. */
function defaultedSql(payload: JsonPayload, columns: readonly JsonColumn[]): string {
  // One small object per default: a single call would take at most fifty.
  const objects = columns.flatMap((column) =>
    column.default === null ? [] : [`jsonb_build_object(${quoteLiteral(column.name)}, ${column.default})`]
  );
  const defaults = ["'{}'::jsonb", ...objects].join(" || ");
  if (payload.isObject) return `select ${defaults} || pgrst_payload.json_data as json_data`;
  const elements = "jsonb_array_elements(pgrst_payload.json_data) as element";
  return `select coalesce(jsonb_agg(${defaults} || element), '[]') as json_data from ${elements}`;
}
