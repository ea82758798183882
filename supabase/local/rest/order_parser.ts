/**
 * The `order` parameter: `name.desc.nullslast,client(name)`.
 *
 * @module
 */
import { accept, atEnd, attempt, comesNext, type Cursor, expectEnd, openCursor, refuse, separated } from "./cursor.ts";
import { type Field, parseField, parseFieldName } from "./field_parser.ts";

/** One key of the sort order. */
export interface OrderTerm {
  /** The embedded resource that the field belongs to; null for the resource itself. */
  readonly relation: string | null;
  readonly field: Field;
  readonly direction: "asc" | "desc" | null;
  readonly nulls: "first" | "last" | null;
}

/**
 * Parses an `order` parameter.
 *
 * @throws {RestError} PGRST100.
 */
export function parseOrder(text: string): OrderTerm[] {
  const cursor = openCursor(text, "order");
  const terms = separated(cursor, () => parseTerm(cursor));
  expectEnd(cursor);
  return terms;
}

function parseTerm(cursor: Cursor): OrderTerm {
  const related = attempt(cursor, () => parseRelatedField(cursor));
  const relation = related?.relation ?? null;
  const field = related?.field ?? parseField(cursor);
  const direction = accept(cursor, ".asc") ? "asc" : accept(cursor, ".desc") ? "desc" : null;
  const nulls = accept(cursor, ".nullsfirst") ? "first" : accept(cursor, ".nullslast") ? "last" : null;
  if (!atEnd(cursor) && !comesNext(cursor, ",")) refuse(cursor, expectedAfter(cursor, direction, nulls));
  return { relation, field, direction, nulls };
}

function parseRelatedField(cursor: Cursor): { relation: string; field: Field } | null {
  const relation = parseFieldName(cursor);
  if (!accept(cursor, "(")) return null;
  const field = parseField(cursor);
  if (!accept(cursor, ")")) refuse(cursor, '")"');
  return { relation, field };
}

function expectedAfter(cursor: Cursor, direction: string | null, nulls: string | null): string {
  if (nulls === null && accept(cursor, ".")) {
    return direction === null ? '"asc", "desc", "nullsfirst" or "nullslast"' : '"nullsfirst" or "nullslast"';
  }
  return nulls === null ? 'delimiter (.), "," or end of input' : '"," or end of input';
}
