/**
 * Ties what a request selects, filters and orders to tables and relationships: a tree with one node per resource.
 *
 * @module
 */
import { findRelationship } from "./find_relationship.ts";
import type { Logic } from "./filter_parser.ts";
import type { OrderTerm } from "./order_parser.ts";
import type { QueryString } from "./query_string.ts";
import { ALL_ROWS, capRange, type RowRange } from "./range.ts";
import { isToOne, type Relationship } from "./relationships.ts";
import { notEmbedded, relatedOrderNotToOne } from "./request_errors.ts";
import type { SchemaCache, Table } from "./schema_cache.ts";
import type { SelectedEmbed, SelectedField, SelectItem } from "./select_parser.ts";

/** A resource of the answer. */
export interface ReadNode {
  /** As the request calls it. */
  readonly name: string;
  readonly alias: string | null;
  /** What the rows come from, by name: a table, a view, or in a function's answer whatever the function is called. */
  readonly relation: { readonly schema: string; readonly name: string };
  /** Null when the schema cache does not know the columns. */
  readonly table: Table | null;
  /** The alias of its rows in SQL, unique in the statement. */
  readonly rows: string;
  /** Plain columns; empty together with no children stands for all. */
  readonly fields: readonly SelectedField[];
  readonly children: readonly EmbeddedNode[];
  readonly filters: readonly Logic[];
  readonly order: readonly OrderTerm[];
  readonly range: RowRange;
}

/** A resource inside another. */
export interface EmbeddedNode extends ReadNode {
  /** The alias of the joined subquery in SQL, unique in the statement. */
  readonly joined: string;
  readonly relationship: Relationship;
  readonly inner: boolean;
  readonly spread: boolean;
}

/** Which parts of a query string shape the rows: reading takes all of them, a change of rows leaves some out. */
export interface ReadScope {
  /** Whether filters without a path belong to the root node; for a change of rows they choose what to change. */
  readonly rootFilters: boolean;
  /** Whether order and ranges hold. */
  readonly ordered: boolean;
  /** The root's range. */
  readonly range: RowRange;
  /** The most rows that any node may give; null for no limit. */
  readonly maxRows: number | null;
}

/** What plans are made with. */
interface Context {
  readonly cache: SchemaCache;
  readonly schema: string;
  readonly query: QueryString;
  readonly scope: ReadScope;
  /** Alias of the root's rows. */
  readonly rootRows: string;
  /** Hands out the numbers that make aliases unique. */
  readonly nextNumber: () => number;
}

/**
 * Plans what is read from the relation `name`.
 *
 * @throws {RestError} PGRST200 or PGRST201 for an embedded resource, PGRST108 for a parameter about a resource that is not
 * embedded, PGRST118 for an order by a resource with many rows.
 */
export function planRead(
  cache: SchemaCache,
  schema: string,
  name: string,
  query: QueryString,
  scope: ReadScope,
): ReadNode {
  let number = 0;
  const context: Context = { cache, schema, query, scope, rootRows: name, nextNumber: () => (number += 1) };
  checkPaths(query, scope);
  const plan = planNode(context, { name, alias: null, items: query.select }, { schema, name }, [[]], name);
  return { ...plan, range: cap(scope.ordered ? scope.range : ALL_ROWS, scope.maxRows) };
}

/** The child that a name in `order` or in a null filter means. */
export function childCalled(node: ReadNode, name: string): EmbeddedNode | null {
  return node.children.find((child) => (child.alias ?? child.name) === name) ?? null;
}

/** `paths` are all ways to call the node in the keys of parameters: by names and by aliases. */
function planNode(
  context: Context,
  resource: { readonly name: string; readonly alias: string | null; readonly items: readonly SelectItem[] },
  relation: ReadNode["relation"],
  paths: readonly (readonly string[])[],
  rows: string,
): ReadNode {
  const { query, scope } = context;
  const here = <T>(all: readonly { path: readonly string[]; value: T }[]): T[] =>
    all.filter((one) => paths.some((path) => samePath(path, one.path))).map((one) => one.value);
  const isRoot = paths.some((path) => path.length === 0);
  const embeds = resource.items.filter((item): item is SelectedEmbed => item.kind === "embed");
  const node: ReadNode = {
    name: resource.name,
    alias: resource.alias,
    relation,
    table: context.cache.table(relation.schema, relation.name),
    rows,
    fields: resource.items.filter((item): item is SelectedField => item.kind === "field"),
    children: embeds.map((embed) => planEmbed(context, embed, relation.name, paths)),
    filters: isRoot && !scope.rootFilters ? [] : here(query.filters),
    order: scope.ordered ? here(query.orders).at(-1) ?? [] : [],
    range: cap(scope.ordered ? here(query.ranges).at(-1) ?? ALL_ROWS : ALL_ROWS, scope.maxRows),
  };
  for (const term of node.order) checkRelatedOrder(node, term);
  return node;
}

function planEmbed(
  context: Context,
  embed: SelectedEmbed,
  origin: string,
  parentPaths: readonly (readonly string[])[],
): EmbeddedNode {
  const relationship = findRelationship(context.cache, context.schema, origin, embed.name, embed.hint);
  const number = context.nextNumber();
  const names = [embed.name, ...(embed.alias === null ? [] : [embed.alias])];
  const paths = parentPaths.flatMap((path) => names.map((name) => [...path, name]));
  const relation = relationship.foreignTable;
  // PostgreSQL cuts names after 63 bytes, so a long name must leave room for the number.
  const numbered = `${[...relation.name].slice(0, 12).join("")}_${number}`;
  const rows = numbered === context.rootRows ? `${numbered}_` : numbered;
  const node = planNode(context, { name: embed.name, alias: embed.alias, items: embed.items }, relation, paths, rows);
  return { ...node, joined: `embed_${number}`, relationship, inner: embed.inner, spread: embed.spread };
}

/** Refuses parameters whose path leads to no embedded resource. */
function checkPaths(query: QueryString, scope: ReadScope): void {
  const about = [...query.filters, ...(scope.ordered ? [...query.orders, ...query.ranges] : [])];
  for (const { path } of about) {
    let items: readonly SelectItem[] = query.select;
    for (const name of path) {
      const embed = items.find((item) => item.kind === "embed" && (item.name === name || item.alias === name));
      if (embed?.kind !== "embed") throw notEmbedded(name);
      items = embed.items;
    }
  }
}

function checkRelatedOrder(node: ReadNode, term: OrderTerm): void {
  if (term.relation === null) return;
  const child = childCalled(node, term.relation);
  if (!child) throw notEmbedded(term.relation);
  if (!isToOne(child.relationship)) throw relatedOrderNotToOne(node.relation.name, term.relation);
}

function cap(range: RowRange, maxRows: number | null): RowRange {
  return maxRows === null ? range : capRange(range, maxRows);
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}
