/**
 * What is known about the database between two reloads: exposed relations, their relationships, functions, role settings.
 *
 * @module
 */
import type { Sql } from "postgres";
import {
  type ComputedRelationship,
  deriveRelationships,
  type KeyRelationship,
  type QualifiedName,
  type Relationship,
  type ViewOf,
} from "./relationships.ts";
import { type Catalog, type ColumnRow, readCatalog, type RelationRow, type RoutineRow } from "./schema_catalog.ts";
import { viewColumns } from "./view_columns.ts";

/** A table or view. */
export interface Table extends QualifiedName {
  readonly isView: boolean;
  readonly columns: ReadonlyMap<string, ColumnRow>;
  readonly primaryKey: readonly string[];
}

/** A function, with the table whose rows it returns. */
export interface Routine extends Omit<RoutineRow, "returns_relation"> {
  readonly returnsTable: QualifiedName | null;
}

export interface SchemaCache {
  /** Finds a relation; null when there is none of that name in that schema. */
  table(schema: string, name: string): Table | null;
  /** Names of the relations of a schema, sorted. */
  tableNames(schema: string): readonly string[];
  /** Every relationship that starts at a relation of that schema and ends in the same schema. */
  relationshipsFrom(schema: string, name: string): readonly Relationship[];
  /** All functions of that name, in a fixed order. */
  routines(schema: string, name: string): readonly Routine[];
  /** Names of the functions of a schema, sorted. */
  routineNames(schema: string): readonly string[];
  /** Settings that a request of the role starts with. */
  roleSettings(role: string): readonly (readonly [string, string])[];
}

/**
 * Reads the schema cache.
 *
 * @param admin may read every catalog.
 * @param authenticator the connection that requests come in by; it tells which settings it may hand on.
 */
export async function loadSchemaCache(
  admin: Sql,
  authenticator: Sql,
  schemas: readonly string[],
): Promise<SchemaCache> {
  const [catalog, settings] = await Promise.all([readCatalog(admin, schemas), readRoleSettings(authenticator)]);
  const byOid = new Map(catalog.relations.map((relation) => [relation.oid, relation]));
  const views = viewsOf(catalog, byOid);
  const tables = new Map(catalog.relations.map((relation) => {
    const table = tableOf(relation, catalog, views);
    return [key(table.schema, table.name), table];
  }));
  const relationships = Map.groupBy(
    [
      ...deriveRelationships(
        keyRelationships(catalog, byOid),
        views,
        (name) => tables.get(key(name.schema, name.name))?.primaryKey ?? [],
      ),
      ...computedRelationships(catalog, byOid),
    ].filter((relationship) => relationship.table.schema === relationship.foreignTable.schema),
    (relationship) => key(relationship.table.schema, relationship.table.name),
  );
  const routines = Map.groupBy(
    catalog.routines.map((row) => routineOf(row, byOid)),
    (routine) => key(routine.schema, routine.name),
  );
  const namesIn = (schema: string, all: Iterable<QualifiedName>): string[] =>
    [...new Set([...all].filter((one) => one.schema === schema).map((one) => one.name))].sort();
  return {
    table: (schema, name) => tables.get(key(schema, name)) ?? null,
    tableNames: (schema) => namesIn(schema, tables.values()),
    relationshipsFrom: (schema, name) => relationships.get(key(schema, name)) ?? [],
    routines: (schema, name) => routines.get(key(schema, name)) ?? [],
    routineNames: (schema) => namesIn(schema, [...routines.values()].flat()),
    roleSettings: (role) => settings.get(role) ?? [],
  };
}

/** Settings of roles (`alter role … set …`) that the authenticator may set in their place. */
async function readRoleSettings(authenticator: Sql): Promise<Map<string, [string, string][]>> {
  const rows = await authenticator`
    with setting as (
      select r.rolname as role,
             split_part(s.text, '=', 1) as name,
             substr(s.text, strpos(s.text, '=') + 1) as value
        from pg_catalog.pg_roles r
       cross join lateral unnest(r.rolconfig) s (text)
    )
    select s.role, s.name, s.value
      from setting s
      join pg_catalog.pg_settings p on p.name = s.name
     where s.name not in ('default_transaction_isolation', 'search_path')
       and (p.context = 'user' or has_parameter_privilege(current_user, p.name, 'set'))`;
  const settings = new Map<string, [string, string][]>();
  for (const row of rows) {
    const known = settings.get(row.role) ?? [];
    settings.set(row.role, [...known, [row.name, row.value]]);
  }
  return settings;
}

function tableOf(relation: RelationRow, catalog: Catalog, views: readonly ViewOf[]): Table {
  return {
    schema: relation.schema,
    name: relation.name,
    isView: relation.is_view,
    columns: new Map(relation.columns.map((column) => [column.name, column])),
    primaryKey: relation.is_view ? primaryKeyOfView(relation, catalog, views) : primaryKeyOf(relation, catalog),
  };
}

function primaryKeyOf(relation: RelationRow, catalog: Catalog): readonly string[] {
  return catalog.keys.find((one) => one.primary && one.relation === relation.oid)?.columns ?? [];
}

/** A view has the primary key of the first table whose key it shows completely. */
function primaryKeyOfView(view: RelationRow, catalog: Catalog, views: readonly ViewOf[]): readonly string[] {
  for (const shown of views) {
    if (shown.view.schema !== view.schema || shown.view.name !== view.name) continue;
    const table = catalog.relations.find((one) =>
      one.schema === shown.relation.schema && one.name === shown.relation.name
    );
    const columns = table ? primaryKeyOf(table, catalog) : [];
    const names = columns.flatMap((column) => shown.columns.get(column) ?? []);
    if (columns.length > 0 && names.length === columns.length) return names;
  }
  return [];
}

/** For each view and each table below it, directly or through other views, which columns it shows. */
function viewsOf(catalog: Catalog, byOid: ReadonlyMap<string, RelationRow>): ViewOf[] {
  const columnsOf = new Map(catalog.view_rules.map(({ relation, rule }) => [relation, viewColumns(rule)]));
  const origin = (relation: string, number: number): { table: RelationRow; column: string } | null => {
    const found = byOid.get(relation);
    const column = found?.columns.find((one) => one.number === number)?.name;
    if (!found || column === undefined) return null;
    if (!found.is_view) return { table: found, column };
    const deeper = columnsOf.get(relation)?.find((one) => one.name === column);
    return deeper ? origin(deeper.relation, deeper.column) : null;
  };
  return [...columnsOf].flatMap(([oid, columns]) => {
    const view = byOid.get(oid);
    if (!view) return [];
    const shown = new Map<RelationRow, Map<string, string>>();
    for (const column of columns) {
      const from = origin(column.relation, column.column);
      if (!from) continue;
      const names = shown.get(from.table) ?? new Map<string, string>();
      shown.set(from.table, names);
      // A column that is shown twice is known by its first name.
      if (!names.has(from.column)) names.set(from.column, column.name);
    }
    return [...shown].map(([table, names]) => ({ view: nameOf(view), relation: nameOf(table), columns: names }));
  });
}

function keyRelationships(catalog: Catalog, byOid: ReadonlyMap<string, RelationRow>): KeyRelationship[] {
  return catalog.foreign_keys.flatMap((foreignKey) => {
    const table = byOid.get(foreignKey.relation);
    const foreignTable = byOid.get(foreignKey.foreign_relation);
    if (!table || !foreignTable) return [];
    const unique = catalog.keys.some((one) =>
      one.relation === foreignKey.relation && sameSet(one.columns, foreignKey.columns)
    );
    return [{
      cardinality: unique ? "one-to-one" : "many-to-one",
      constraint: foreignKey.name,
      table: nameOf(table),
      foreignTable: nameOf(foreignTable),
      tableIsView: false,
      foreignTableIsView: false,
      columns: foreignKey.columns.map((column, at) => [column, foreignKey.foreign_columns[at] ?? ""] as const),
    }];
  });
}

/** Functions that take one row of a relation and return rows of a relation. */
function computedRelationships(catalog: Catalog, byOid: ReadonlyMap<string, RelationRow>): ComputedRelationship[] {
  return catalog.routines.flatMap((routine) => {
    const [argument, ...others] = routine.arguments;
    const table = byOid.get(argument?.relation ?? "");
    const foreignTable = byOid.get(routine.returns_relation ?? "");
    if (!table || !foreignTable || others.length > 0) return [];
    return [{
      cardinality: "computed",
      table: nameOf(table),
      foreignTable: nameOf(foreignTable),
      routine: { schema: routine.schema, name: routine.name },
      toOne: !routine.returns_set || routine.returns_one_row,
    }];
  });
}

function routineOf(row: RoutineRow, byOid: ReadonlyMap<string, RelationRow>): Routine {
  const table = byOid.get(row.returns_relation ?? "");
  return { ...row, returnsTable: table ? nameOf(table) : null };
}

function nameOf(relation: RelationRow): QualifiedName {
  return { schema: relation.schema, name: relation.name };
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}

/** A NUL cannot occur in either part, so the key is unambiguous. */
function key(schema: string, name: string): string {
  return `${schema}\0${name}`;
}
