/**
 * Changes of rows as SQL: insert, upsert, update, delete. Each gives a statement with `returning`, to stand in a common table
 * expression.
 *
 * @module
 */
import { quoteIdentifier } from "../sql_text.ts";
import type { Logic } from "./filter_parser.ts";
import { logicSql } from "./filter_sql.ts";
import { type JsonColumn, jsonRowsSql } from "./json_rows.ts";
import type { JsonPayload } from "./payload.ts";
import { qualifiedSql } from "./read_query.ts";
import type { ReadNode } from "./read_plan.ts";
import type { Table } from "./schema_cache.ts";
import { columnNotFound } from "./schema_errors.ts";

/** What an insert does about rows that are already there. */
export interface Conflict {
  readonly columns: readonly string[];
  readonly resolution: "merge-duplicates" | "ignore-duplicates";
}

/** An insert of the payload's rows. */
export interface Insert {
  readonly table: Table;
  readonly payload: JsonPayload;
  /** Whether missing keys take the column's default. */
  readonly defaults: boolean;
  readonly conflict: Conflict | null;
  /** What a row of the payload must fulfil to be inserted. */
  readonly conditions: readonly Logic[];
  readonly returning: string;
}

/**
 * Inserts rows. A merge counts in the setting `pgrst.inserted` how many rows are new: each row adds one before, and each row
 * that turns out to be there takes one off.
 *
 * @throws {RestError} PGRST204 for a key that is no column.
 */
export function insertSql({ table, payload, defaults, conflict, conditions, returning }: Insert): string {
  const columns = payload.names.map((name) => columnCalled(table, name));
  const names = columns.map((column) => quoteIdentifier(column.name));
  const rows = jsonRowsSql(payload, columns, { defaults, onlyFirst: false });
  const merges = conflict?.resolution === "merge-duplicates";
  const tests = conditions.map((logic) => logicSql({ qualifier: "pgrst_body", table }, logic));
  const where = [...(merges ? [countInserted("+ 1", "0")] : []), ...tests];
  return [
    `insert into ${qualifiedSql(table)}${names.length > 0 ? ` (${names.join(", ")})` : ""}`,
    `select ${names.map((name) => `pgrst_body.${name}`).join(", ")} from ${rows}`,
    where.length > 0 ? `where ${where.join(" and ")}` : "",
    conflictSql(conflict, names),
    `returning ${returning}`,
  ].filter((part) => part !== "").join(" ");
}

/**
 * Updates the rows that fulfil the conditions with the values of the payload's first row. A payload without keys changes
 * nothing.
 *
 * @throws {RestError} PGRST204 for a key that is no column.
 */
export function updateSql(
  table: Table,
  payload: JsonPayload,
  defaults: boolean,
  conditions: readonly Logic[],
  returning: string,
): string {
  const columns = payload.names.map((name) => columnCalled(table, name));
  if (columns.length === 0) return `select ${returning} from ${qualifiedSql(table)} where false`;
  const assignments = columns.map(({ name }) => `${quoteIdentifier(name)} = pgrst_body.${quoteIdentifier(name)}`);
  const rows = jsonRowsSql(payload, columns, { defaults, onlyFirst: true });
  return [
    `update ${qualifiedSql(table)} set ${assignments.join(", ")}`,
    `from ${rows}`,
    `${conditionsSql(table, conditions)}returning ${returning}`,
  ].join(" ");
}

/** Deletes the rows that fulfil the conditions. */
export function deleteSql(table: Table, conditions: readonly Logic[], returning: string): string {
  return `delete from ${qualifiedSql(table)} ${conditionsSql(table, conditions)}returning ${returning}`;
}

/**
 * What a change must return so that the answer can be read from it: everything when everything is selected, else the selected
 * columns, those that embedded resources are joined by, and the primary key. Fewer columns need fewer privileges.
 */
export function returningSql(plan: ReadNode, primaryKey: readonly string[]): string {
  const selectsAll = plan.fields.some((field) => field.field.name === "*") ||
    (plan.fields.length === 0 && plan.children.length === 0);
  const computed = plan.children.some((child) => child.relationship.cardinality === "computed");
  const source = qualifiedSql(plan.relation);
  if (selectsAll || computed) return `${source}.*`;
  const joined = plan.children.flatMap(({ relationship }) =>
    relationship.cardinality === "computed" ? [] : relationship.columns.map(([column]) => column)
  );
  const names = new Set([...plan.fields.map((field) => field.field.name), ...joined, ...primaryKey]);
  return names.size === 0 ? "1" : [...names].map((name) => `${source}.${quoteIdentifier(name)}`).join(", ");
}

function columnCalled(table: Table, name: string): JsonColumn {
  const column = table.columns.get(name);
  if (!column) throw columnNotFound(table.name, name);
  return column;
}

function conditionsSql(table: Table, conditions: readonly Logic[]): string {
  if (conditions.length === 0) return "";
  const source = { qualifier: qualifiedSql(table), table };
  return `where ${conditions.map((logic) => logicSql(source, logic)).join(" and ")} `;
}

function conflictSql(conflict: Conflict | null, names: readonly string[]): string {
  if (!conflict || conflict.columns.length === 0) return "";
  const target = `on conflict (${conflict.columns.map(quoteIdentifier).join(", ")})`;
  if (conflict.resolution === "ignore-duplicates" || names.length === 0) return `${target} do nothing`;
  const assignments = names.map((name) => `${name} = excluded.${name}`);
  return `${target} do update set ${assignments.join(", ")} where ${countInserted("- 1", "-1")}`;
}

/** Always true: the count never reaches `impossible`. */
function countInserted(change: string, impossible: string): string {
  const count = "coalesce(nullif(current_setting('pgrst.inserted', true), '')::int, 0)";
  return `set_config('pgrst.inserted', (${count} ${change})::text, true) <> '${impossible}'`;
}
