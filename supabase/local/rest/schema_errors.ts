/**
 * PostgREST's error group 2: names that the schema cache does not know, or knows too well.
 *
 * @module
 */
import { type RestError, restError } from "./errors.ts";
import type { QualifiedName, Relationship } from "./relationships.ts";
import type { Routine, SchemaCache } from "./schema_cache.ts";
import { mostSimilar } from "./similar_names.ts";

/** Names of tables and functions are hinted at only when the client was close. */
const CLOSE = 0.75;
const ROUGH = 0.33;

/** No relationship leads from one to the other. */
export function noRelationship(
  cache: SchemaCache,
  schema: string,
  parent: string,
  child: string,
  hint: string | null,
): RestError {
  const using = hint === null ? "" : ` using the hint '${hint}'`;
  return restError(
    400,
    "PGRST200",
    `Could not find a relationship between '${parent}' and '${child}' in the schema cache`,
    {
      details: `Searched for a foreign key relationship between '${parent}' and '${child}'${using} in the schema ` +
        `'${schema}', but no matches were found.`,
      hint: relationshipHint(cache, schema, parent, child),
    },
  );
}

function relationshipHint(cache: SchemaCache, schema: string, parent: string, child: string): string | null {
  const known = cache.relationshipsFrom(schema, parent);
  if (known.length > 0) {
    const similar = mostSimilar(child, known.map((one) => one.foreignTable.name), ROUGH);
    return similar === null || similar === child ? null : `Perhaps you meant '${similar}' instead of '${child}'.`;
  }
  const parents = cache.tableNames(schema).filter((name) => cache.relationshipsFrom(schema, name).length > 0);
  const similar = mostSimilar(parent, parents, ROUGH);
  return similar === null ? null : `Perhaps you meant '${similar}' instead of '${parent}'.`;
}

/** Several relationships lead from one to the other. */
export function ambiguousRelationship(parent: string, child: string, found: readonly Relationship[]): RestError {
  const hints = found.map((one) => `'${one.foreignTable.name}!${nameOf(one)}'`).join(", ");
  return restError(
    300,
    "PGRST201",
    `Could not embed because more than one relationship was found for '${parent}' and '${child}'`,
    {
      details: found.map(describe),
      hint: `Try changing '${child}' to one of the following: ${hints}. ` +
        "Find the desired relationship in the 'details' key.",
    },
  );
}

function nameOf(relationship: Relationship): string {
  if (relationship.cardinality === "computed") return relationship.routine.name;
  return relationship.cardinality === "many-to-many" ? relationship.junction.name : relationship.constraint;
}

function describe(relationship: Relationship): Record<string, string> {
  const { table, foreignTable, cardinality } = relationship;
  const embedding = `${table.name} with ${foreignTable.name}`;
  if (relationship.cardinality === "computed") return { embedding };
  const list = (columns: readonly (readonly [string, string])[], side: 0 | 1): string =>
    `(${columns.map((pair) => pair[side]).join(", ")})`;
  const { columns } = relationship;
  if (relationship.cardinality === "many-to-many") {
    const { junction, constraint, foreignConstraint, foreignColumns } = relationship;
    const first = `${constraint}${list(columns, 1)}`;
    const second = `${foreignConstraint}${list(foreignColumns, 1)}`;
    return { cardinality, embedding, relationship: `${junction.name} using ${first} and ${second}` };
  }
  const ends = `${table.name}${list(columns, 0)} and ${foreignTable.name}${list(columns, 1)}`;
  return { cardinality, embedding, relationship: `${relationship.constraint} using ${ends}` };
}

/** What a function was searched by. */
export interface RoutineSearch extends QualifiedName {
  readonly argumentNames: readonly string[];
  /** The type of the single unnamed argument that the body could have been; null where it could not be one. */
  readonly unnamedType: "json" | "text" | "xml" | "bytea" | null;
}

/** No function of that name takes those arguments. */
export function noRoutine(cache: SchemaCache, search: RoutineSearch): RestError {
  const { schema, name, unnamedType } = search;
  const names = search.argumentNames.toSorted();
  const onlyUnnamed = unnamedType !== null && unnamedType !== "json";
  const inBrackets = names.length === 0 ? " without parameters" : `(${names.join(", ")})`;
  const inWords = names.length === 0
    ? " without parameters"
    : ` with parameter${names.length > 1 ? "s" : ""} ${names.join(", ")}`;
  const tried = onlyUnnamed
    ? ` with a single unnamed ${unnamedType} parameter`
    : inWords + (unnamedType === "json" ? " or with a single unnamed json/jsonb parameter" : "");
  return restError(
    404,
    "PGRST202",
    `Could not find the function ${schema}.${name}${onlyUnnamed ? "" : inBrackets} in the schema cache`,
    {
      details: `Searched for the function ${schema}.${name}${tried}, but no matches were found in the schema cache.`,
      hint: onlyUnnamed ? null : routineHint(cache, schema, name, names),
    },
  );
}

function routineHint(cache: SchemaCache, schema: string, name: string, names: readonly string[]): string | null {
  const overloads = cache.routines(schema, name);
  const signature = (given: readonly string[]): string => `(${given.toSorted().join(", ")})`;
  const similar = overloads.length === 0
    ? mostSimilar(name, cache.routineNames(schema), CLOSE)
    : mostSimilar(signature(names), overloads.map((one) => signature(one.arguments.map((arg) => arg.name))), ROUGH);
  if (similar === null) return null;
  return `Perhaps you meant to call the function ${schema}.${overloads.length === 0 ? similar : name + similar}`;
}

/** Several functions of that name take those arguments. */
export function ambiguousRoutine(found: readonly Routine[]): RestError {
  const list = found.map((routine) => {
    const args = routine.arguments.map((argument) => `${argument.name} => ${argument.type}`).join(", ");
    return `${routine.schema}.${routine.name}(${args})`;
  });
  return restError(300, "PGRST203", `Could not choose the best candidate function between: ${list.join(", ")}`, {
    hint: "Try renaming the parameters or the function itself in the database so function overloading can be resolved",
  });
}

/** A body or `columns` parameter names a column that the table does not have. */
export function columnNotFound(table: string, column: string): RestError {
  return restError(400, "PGRST204", `Could not find the '${column}' column of '${table}' in the schema cache`);
}

/** There is no such table or view in an exposed schema. */
export function tableNotFound(cache: SchemaCache, schema: string, name: string): RestError {
  const similar = mostSimilar(name, cache.tableNames(schema), CLOSE);
  return restError(404, "PGRST205", `Could not find the table '${schema}.${name}' in the schema cache`, {
    hint: similar === null ? null : `Perhaps you meant the table '${schema}.${similar}'`,
  });
}
