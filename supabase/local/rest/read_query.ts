/**
 * A read plan as SQL: one subquery per embedded resource, joined laterally.
 *
 * @module
 */
import { quoteIdentifier } from "../sql_text.ts";
import type { Field } from "./field_parser.ts";
import type { Filter } from "./filter_parser.ts";
import { type FieldSource, fieldSql, logicSql } from "./filter_sql.ts";
import type { OrderTerm } from "./order_parser.ts";
import type { RowRange } from "./range.ts";
import { childCalled, type EmbeddedNode, type ReadNode } from "./read_plan.ts";
import { isToOne, type QualifiedName } from "./relationships.ts";
import { unacceptableFilter } from "./request_errors.ts";
import type { SelectedField } from "./select_parser.ts";

/**
 * The rows of a plan.
 *
 * @param root what the root's rows come from, as SQL that may stand in `from`: a table's name or a common table expression.
 */
export function readQuery(node: ReadNode, root: string): string {
  return selectSql(node, `${root} as ${quoteIdentifier(node.rows)}`, []);
}

/** One row for each row that a plan would give without order and range, for counting. */
export function countQuery(node: ReadNode, root: string): string {
  return countSql(node, `${root} as ${quoteIdentifier(node.rows)}`, []);
}

/** A relation's name in SQL. */
export function qualifiedSql(name: QualifiedName): string {
  return `${quoteIdentifier(name.schema)}.${quoteIdentifier(name.name)}`;
}

/** What a selected field is called in the answer: its alias, or the last key of a JSON path, or its name. */
export function outputName(selected: SelectedField): string {
  if (selected.alias !== null) return selected.alias;
  return selected.field.path.findLast((step) => step.operand.kind === "key")?.operand.text ?? selected.field.name;
}

function selectSql(node: ReadNode, from: string, joinConditions: readonly string[]): string {
  const source = sourceOf(node);
  const all = node.fields.length === 0 && node.children.length === 0;
  const columns = all
    ? [`${source.qualifier}.*`]
    : [...node.fields.map((field) => selectedSql(source, field)), ...node.children.flatMap(embeddedColumns)];
  const conditions = [
    ...joinConditions,
    ...node.filters.map((logic) => logicSql(source, logic, (filter) => nullTestSql(node, filter, joinedTest))),
  ];
  return [
    `select ${columns.join(", ")}`,
    `from ${from}`,
    ...node.children.map((child) => joinSql(node, child)),
    whereSql(conditions),
    orderSql(node, source),
    rangeSql(node.range),
  ].filter((part) => part !== "").join(" ");
}

/** Joins would multiply or lose rows here, so inner joins and null tests become `exists`. */
function countSql(node: ReadNode, from: string, joinConditions: readonly string[]): string {
  const source = sourceOf(node);
  const existsSql = (child: EmbeddedNode): string =>
    `exists (${countSql(child, fromSql(node, child), joinConditionsOf(node, child))})`;
  const missing = (child: EmbeddedNode, isNull: boolean): string => `${isNull ? "not " : ""}${existsSql(child)}`;
  const conditions = [
    ...joinConditions,
    ...node.filters.map((logic) => logicSql(source, logic, (filter) => nullTestSql(node, filter, missing))),
    ...node.children.filter((child) => child.inner).map(existsSql),
  ];
  return `select 1 from ${from} ${whereSql(conditions)}`;
}

function sourceOf(node: ReadNode): FieldSource {
  return { qualifier: quoteIdentifier(node.rows), table: node.table };
}

function selectedSql(source: FieldSource, selected: SelectedField): string {
  if (isStar(selected)) return `${source.qualifier}.*`;
  const sql = fieldSql(source, selected.field);
  const value = selected.cast === null ? sql : `cast(${sql} as ${selected.cast})`;
  return `${value} as ${quoteIdentifier(outputName(selected))}`;
}

function isStar({ field, alias }: SelectedField): boolean {
  return field.name === "*" && field.path.length === 0 && alias === null;
}

/** Columns that an embedded resource adds to the row around it. One from which nothing is selected adds none. */
function embeddedColumns(child: EmbeddedNode): string[] {
  const joined = quoteIdentifier(child.joined);
  if (child.spread) return outputNames(child).map((name) => `${joined}.${quoteIdentifier(name)}`);
  if (isEmpty(child)) return [];
  const value = isToOne(child.relationship) ? `row_to_json(${joined}.*)` : `coalesce(${joined}.${joined}, '[]')`;
  return [`${value} as ${quoteIdentifier(child.alias ?? child.name)}`];
}

function isEmpty(node: ReadNode): boolean {
  return node.fields.length === 0 && node.children.every((child) => !child.spread && isEmpty(child));
}

/** The names of all columns that a node's rows have. */
function outputNames(node: ReadNode): string[] {
  const ofFields = node.fields.flatMap((field) =>
    isStar(field) ? [...node.table?.columns.keys() ?? []] : [outputName(field)]
  );
  const ofChildren = node.children.flatMap((child) => {
    if (child.spread) return outputNames(child);
    return isEmpty(child) ? [] : [child.alias ?? child.name];
  });
  return [...new Set([...ofFields, ...ofChildren])];
}

function joinSql(parent: ReadNode, child: EmbeddedNode): string {
  const joined = quoteIdentifier(child.joined);
  const rows = selectSql(child, fromSql(parent, child), joinConditionsOf(parent, child));
  const kind = child.inner ? "inner join lateral" : "left join lateral";
  if (isToOne(child.relationship)) return `${kind} (${rows}) as ${joined} on true`;
  const spread = child.spread
    ? outputNames(child).map((name) => {
      const column = quoteIdentifier(name);
      return `, coalesce(json_agg(${joined}.${column}), '[]') as ${column}`;
    })
    : [];
  const array = `select json_agg(${joined}.*) as ${joined}${spread.join("")} from (${rows}) as ${joined}`;
  return `${kind} (${array}) as ${joined} on ${child.inner ? `${joined}.${joined} is not null` : "true"}`;
}

function fromSql(parent: ReadNode, child: EmbeddedNode): string {
  const rows = quoteIdentifier(child.rows);
  const { relationship } = child;
  if (relationship.cardinality === "computed") {
    // The rows of a change or a call are an anonymous record until they are cast.
    const row = `(${quoteIdentifier(parent.rows)}.*)::${qualifiedSql(relationship.table)}`;
    return `${qualifiedSql(relationship.routine)}(${row}) as ${rows}`;
  }
  const from = `${qualifiedSql(relationship.foreignTable)} as ${rows}`;
  return relationship.cardinality === "many-to-many"
    ? `${from}, ${qualifiedSql(relationship.junction)} as ${junctionAlias(child)}`
    : from;
}

function joinConditionsOf(parent: ReadNode, child: EmbeddedNode): string[] {
  const { relationship } = child;
  if (relationship.cardinality === "computed") return [];
  const near = quoteIdentifier(parent.rows);
  const far = quoteIdentifier(child.rows);
  const equal = (a: string, aColumn: string, b: string, bColumn: string): string =>
    `${a}.${quoteIdentifier(aColumn)} = ${b}.${quoteIdentifier(bColumn)}`;
  if (relationship.cardinality !== "many-to-many") {
    return relationship.columns.map(([column, foreign]) => equal(far, foreign, near, column));
  }
  const junction = junctionAlias(child);
  return [
    ...relationship.columns.map(([column, joining]) => equal(junction, joining, near, column)),
    ...relationship.foreignColumns.map(([column, joining]) => equal(junction, joining, far, column)),
  ];
}

function junctionAlias(child: EmbeddedNode): string {
  return quoteIdentifier(`${child.joined}_junction`);
}

/** `client=is.null` asks whether anything is embedded, unless the relation has a column of that name. */
function nullTestSql(
  node: ReadNode,
  { field, negated, operation }: Filter,
  test: (child: EmbeddedNode, isNull: boolean) => string,
): string | null {
  const child = field.path.length === 0 ? childCalled(node, field.name) : null;
  if (!child) return null;
  if (operation.kind === "is" && (operation.keyword === "null" || operation.keyword === "not null")) {
    return test(child, (operation.keyword === "null") !== negated);
  }
  if (node.table?.columns.has(field.name)) return null;
  throw unacceptableFilter(field.name);
}

function joinedTest(child: EmbeddedNode, isNull: boolean): string {
  const joined = quoteIdentifier(child.joined);
  // A row of nulls `is null`; only `is distinct from null` tells it from no row.
  if (isToOne(child.relationship)) return `(${joined}.* is ${isNull ? "not " : ""}distinct from null)`;
  return `(${joined}.${joined} is ${isNull ? "" : "not "}null)`;
}

function whereSql(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
}

function orderSql(node: ReadNode, source: FieldSource): string {
  if (node.order.length === 0) return "";
  const terms = node.order.map((term) => {
    const nulls = term.nulls === null ? "" : ` nulls ${term.nulls}`;
    return `${orderedSql(node, source, term)}${term.direction === null ? "" : ` ${term.direction}`}${nulls}`;
  });
  return `order by ${terms.join(", ")}`;
}

function orderedSql(node: ReadNode, source: FieldSource, { relation, field }: OrderTerm): string {
  const child = relation === null ? null : childCalled(node, relation);
  const from: FieldSource = child ? { qualifier: quoteIdentifier(child.joined), table: null } : source;
  return fieldSql(from, field satisfies Field);
}

function rangeSql({ offset, limit }: RowRange): string {
  const limited = limit === null ? "" : `limit ${limit}`;
  const shifted = offset === 0n ? "" : `offset ${offset}`;
  return [limited, shifted].filter((part) => part !== "").join(" ");
}
