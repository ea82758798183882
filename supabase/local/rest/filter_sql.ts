/**
 * Fields and filters as SQL.
 *
 * @module
 */
import { quoteArrayLiteral, quoteIdentifier, quoteLiteral } from "../sql_text.ts";
import type { Field, JsonStep } from "./field_parser.ts";
import type { Filter, Logic } from "./filter_parser.ts";
import type { Table } from "./schema_cache.ts";

/** Where fields are looked up. */
export interface FieldSource {
  /** What stands before the dot, already quoted. */
  readonly qualifier: string;
  /** Tells the types of columns; null when nothing is known. */
  readonly table: Table | null;
}

/** A field as an SQL expression. Columns that are no JSON are turned into JSON where a path leads into them. */
export function fieldSql(source: FieldSource, field: Field): string {
  const column = `${source.qualifier}.${quoteIdentifier(field.name)}`;
  if (field.path.length === 0) return column;
  const type = baseType(source, field.name);
  const json = type === "json" || type === "jsonb" ? column : `to_jsonb(${column})`;
  return `(${json}${field.path.map(stepSql).join("")})`;
}

/**
 * A tree of filters as an SQL condition.
 *
 * @param special gives the SQL of a filter that is about something else than a column; null for all others.
 */
export function logicSql(
  source: FieldSource,
  logic: Logic,
  special: (filter: Filter) => string | null = () => null,
): string {
  if (logic.kind === "filter") return special(logic.filter) ?? filterSql(source, logic.filter);
  const members = logic.members.map((member) => logicSql(source, member, special));
  return `${logic.negated ? "not " : ""}(${members.join(` ${logic.operator} `)})`;
}

/** One filter as an SQL condition. Values stand as untyped constants: PostgreSQL reads them as what they are compared with. */
export function filterSql(source: FieldSource, filter: Filter): string {
  const test = `${testedSql(source, filter)} ${testSql(filter)}`;
  return filter.negated ? `not (${test})` : `(${test})`;
}

function testedSql(source: FieldSource, { field, operation }: Filter): string {
  const sql = fieldSql(source, field);
  const isVector = field.path.length === 0 && baseType(source, field.name) === "tsvector";
  if (operation.kind !== "search" || isVector) return sql;
  return `to_tsvector(${languageSql(operation.language)}${sql})`;
}

function testSql({ operation }: Filter): string {
  switch (operation.kind) {
    case "compare": {
      const isPattern = operation.operator === "like" || operation.operator === "ilike";
      const value = quoteLiteral(isPattern ? operation.value.replaceAll("*", "%") : operation.value);
      return `${operation.operator} ${operation.quantifier === null ? value : `${operation.quantifier}(${value})`}`;
    }
    case "in": {
      const isEmpty = operation.values.length === 1 && operation.values[0] === "";
      return `= any(${quoteArrayLiteral(isEmpty ? [] : operation.values)})`;
    }
    case "is":
      return `is ${operation.keyword}`;
    case "distinct":
      return `is distinct from ${quoteLiteral(operation.value)}`;
    case "search":
      return `@@ ${operation.parser}(${languageSql(operation.language)}${quoteLiteral(operation.value)})`;
  }
}

function languageSql(language: string | null): string {
  return language === null ? "" : `${quoteLiteral(language)}, `;
}

/** The cast keeps PostgreSQL from taking an index for a key. */
function stepSql({ arrow, operand }: JsonStep): string {
  return `${arrow}${quoteLiteral(operand.text)}${operand.kind === "index" ? "::int" : ""}`;
}

function baseType(source: FieldSource, column: string): string | null {
  return source.table?.columns.get(column)?.base_type ?? null;
}
