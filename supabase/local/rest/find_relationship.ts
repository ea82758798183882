/**
 * Finds the one relationship that an embedded resource means.
 *
 * @module
 */
import { type ColumnPairs, isSelf, type KeyRelationship, type Relationship } from "./relationships.ts";
import type { SchemaCache } from "./schema_cache.ts";
import { ambiguousRelationship, noRelationship } from "./schema_errors.ts";

/**
 * Finds the relationship from `origin` to what `select` calls `target`: a table, view, function, constraint, or a column of
 * `origin` that is a foreign key.
 *
 * @param hint a constraint, a column of either side, or a junction table, where the target alone is ambiguous.
 * @throws {RestError} PGRST200 when there is none, PGRST201 when there are several.
 */
export function findRelationship(
  cache: SchemaCache,
  schema: string,
  origin: string,
  target: string,
  hint: string | null,
): Relationship {
  const known = cache.relationshipsFrom(schema, origin);
  // A function that makes rows takes precedence: that is how a detected relationship is overridden.
  const computed = known.filter((one) => one.cardinality === "computed" && one.routine.name === target);
  const found = computed.length > 0
    ? computed
    : known.filter((one) => one.cardinality !== "computed" && matches(one, target, hint));
  const [first, ...others] = found;
  if (!first) throw noRelationship(cache, schema, origin, target, hint);
  if (others.length > 0) throw ambiguousRelationship(origin, target, found);
  return first;
}

function matches(
  relationship: Exclude<Relationship, { cardinality: "computed" }>,
  target: string,
  hint: string | null,
): boolean {
  const toTarget = relationship.foreignTable.name === target;
  if (isSelf(relationship)) {
    return relationship.cardinality !== "many-to-many" && matchesSelf(relationship, target, hint);
  }
  if (hint !== null) return toTarget && matchesHint(relationship, hint);
  if (toTarget) return true;
  if (relationship.cardinality === "many-to-many" || relationship.foreignTableIsView) return false;
  return relationship.constraint === target || onlyColumn(relationship.columns, 0) === target;
}

/** A foreign key to the own table gives two relationships: by the table's name to the many, by the column's name to the one. */
function matchesSelf(relationship: KeyRelationship, target: string, hint: string | null): boolean {
  const toMany = relationship.cardinality === "one-to-many" && relationship.foreignTable.name === target;
  if (hint !== null) return toMany && onlyColumn(relationship.columns, 1) === hint;
  return toMany || (relationship.cardinality === "many-to-one" && onlyColumn(relationship.columns, 0) === target);
}

function matchesHint(relationship: Exclude<Relationship, { cardinality: "computed" }>, hint: string): boolean {
  if (relationship.cardinality === "many-to-many") return relationship.junction.name === hint;
  const { constraint, columns } = relationship;
  return constraint === hint || onlyColumn(columns, 0) === hint || onlyColumn(columns, 1) === hint;
}

function onlyColumn(columns: ColumnPairs, side: 0 | 1): string | null {
  return columns.length === 1 ? columns[0]?.[side] ?? null : null;
}
