/**
 * How tables and views are related: what can be embedded in what.
 *
 * @module
 */

/** A relation by schema and name. */
export interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

/** Pairs of joined columns: the first on the side of `table`, the second on the side of `foreignTable`. */
export type ColumnPairs = readonly (readonly [string, string])[];

/** A way from one relation to another. */
export type Relationship = KeyRelationship | JunctionRelationship | ComputedRelationship;

interface Ends {
  readonly table: QualifiedName;
  readonly foreignTable: QualifiedName;
  readonly tableIsView: boolean;
  readonly foreignTableIsView: boolean;
}

/** A foreign key, read from either side. */
export interface KeyRelationship extends Ends {
  readonly cardinality: "many-to-one" | "one-to-many" | "one-to-one";
  readonly constraint: string;
  readonly columns: ColumnPairs;
}

/** Two foreign keys of a junction table whose primary key holds them both. */
export interface JunctionRelationship extends Ends {
  readonly cardinality: "many-to-many";
  readonly junction: QualifiedName;
  readonly constraint: string;
  readonly foreignConstraint: string;
  /** Columns of `table` and of the junction. */
  readonly columns: ColumnPairs;
  /** Columns of `foreignTable` and of the junction. */
  readonly foreignColumns: ColumnPairs;
}

/** A function from a row of `table` to rows of `foreignTable`. */
export interface ComputedRelationship {
  readonly cardinality: "computed";
  readonly table: QualifiedName;
  readonly foreignTable: QualifiedName;
  readonly routine: QualifiedName;
  readonly toOne: boolean;
}

/** Whether at most one row is related. */
export function isToOne(relationship: Relationship): boolean {
  if (relationship.cardinality === "computed") return relationship.toOne;
  return relationship.cardinality === "many-to-one" || relationship.cardinality === "one-to-one";
}

/** Whether a relation is related to itself. */
export function isSelf(relationship: Relationship): boolean {
  return sameName(relationship.table, relationship.foreignTable);
}

export function sameName(a: QualifiedName, b: QualifiedName): boolean {
  return a.schema === b.schema && a.name === b.name;
}

/** How a view shows a relation: for each column that is shown, its name in the view. */
export interface ViewOf {
  readonly view: QualifiedName;
  readonly relation: QualifiedName;
  readonly columns: ReadonlyMap<string, string>;
}

/**
 * Derives all relationships from the foreign keys of tables.
 *
 * @param keys each foreign key as a many-to-one or one-to-one relationship.
 * @param views through which views the columns of tables can be seen.
 * @param primaryKeyOf the primary key's columns of a table or view.
 */
export function deriveRelationships(
  keys: readonly KeyRelationship[],
  views: readonly ViewOf[],
  primaryKeyOf: (name: QualifiedName) => readonly string[],
): Relationship[] {
  const direct = [...keys, ...keys.flatMap((key) => throughViews(key, views))];
  const junctions = direct.flatMap((first) => junctionsFrom(first, direct, primaryKeyOf));
  return [...direct, ...junctions, ...direct.map(inverse)];
}

/** The same foreign key where one end or both are views that show all its columns. */
function throughViews(key: KeyRelationship, views: readonly ViewOf[]): KeyRelationship[] {
  const near = views.filter((view) => sameName(view.relation, key.table) && shows(view, key.columns, 0));
  const far = views.filter((view) => sameName(view.relation, key.foreignTable) && shows(view, key.columns, 1));
  const nearEnds = near.map((view) => ({
    table: view.view,
    tableIsView: true,
    columns: renamed(view, key.columns, 0),
  }));
  const farOf = (relationship: KeyRelationship): KeyRelationship[] =>
    far.map((view) => ({
      ...relationship,
      foreignTable: view.view,
      foreignTableIsView: true,
      columns: renamed(view, relationship.columns, 1),
    }));
  const fromViews = nearEnds.map((end): KeyRelationship => ({ ...key, ...end }));
  return [...fromViews, ...farOf(key), ...fromViews.flatMap(farOf)];
}

function shows(view: ViewOf, columns: ColumnPairs, side: 0 | 1): boolean {
  return columns.every((pair) => view.columns.has(pair[side]));
}

function renamed(view: ViewOf, columns: ColumnPairs, side: 0 | 1): ColumnPairs {
  return columns.map(([near, far]) =>
    side === 0 ? [view.columns.get(near) ?? near, far] : [near, view.columns.get(far) ?? far]
  );
}

function inverse(key: KeyRelationship): KeyRelationship {
  return {
    cardinality: key.cardinality === "one-to-one" ? "one-to-one" : "one-to-many",
    constraint: key.constraint,
    table: key.foreignTable,
    foreignTable: key.table,
    tableIsView: key.foreignTableIsView,
    foreignTableIsView: key.tableIsView,
    columns: swapped(key.columns),
  };
}

function junctionsFrom(
  first: KeyRelationship,
  direct: readonly KeyRelationship[],
  primaryKeyOf: (name: QualifiedName) => readonly string[],
): JunctionRelationship[] {
  if (first.cardinality !== "many-to-one") return [];
  const primaryKey = new Set(primaryKeyOf(first.table));
  if (!first.columns.every(([column]) => primaryKey.has(column))) return [];
  return direct
    .filter((second) =>
      second.cardinality === "many-to-one" && sameName(second.table, first.table) &&
      second.constraint !== first.constraint && second.columns.every(([column]) => primaryKey.has(column))
    )
    .map((second) => ({
      cardinality: "many-to-many",
      table: first.foreignTable,
      tableIsView: first.foreignTableIsView,
      foreignTable: second.foreignTable,
      foreignTableIsView: second.foreignTableIsView,
      junction: first.table,
      constraint: first.constraint,
      foreignConstraint: second.constraint,
      columns: swapped(first.columns),
      foreignColumns: swapped(second.columns),
    }));
}

function swapped(columns: ColumnPairs): ColumnPairs {
  return columns.map(([near, far]) => [far, near]);
}
