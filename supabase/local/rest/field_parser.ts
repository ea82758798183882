/**
 * Names of columns and resources, and paths into JSON columns: `name`, `"odd name"`, `data->key->0->>text`.
 *
 * @module
 */
import {
  accept,
  acceptPattern,
  atEnd,
  comesNext,
  type Cursor,
  expectEnd,
  openCursor,
  refuse,
  separated,
  skipBlanks,
} from "./cursor.ts";

/** One step into a JSON value. */
export interface JsonStep {
  /** `->` gives JSON, `->>` gives text. */
  readonly arrow: "->" | "->>";
  /** A key, or a whole number that may be negative. */
  readonly operand: { readonly kind: "key" | "index"; readonly text: string };
}

/** A column, or something inside a JSON column. */
export interface Field {
  readonly name: string;
  readonly path: readonly JsonStep[];
}

const FIELD_NAME = "field name (* or [a..z0..9_$])";

/** Reads a name: quoted, or made of letters, digits, `_`, `$` and inner blanks, with single dashes between. */
export function parseFieldName(cursor: Cursor): string {
  if (comesNext(cursor, '"')) return parseQuoted(cursor);
  return parseDashed(cursor, /[\p{L}0-9_ $]+/uy, FIELD_NAME);
}

/** Reads a double-quoted text, in which a backslash takes the next character as it is. */
export function parseQuoted(cursor: Cursor): string {
  if (!accept(cursor, '"')) refuse(cursor, '"\\""');
  let value = "";
  for (;;) {
    value += acceptPattern(cursor, /[^\\"]+/y) ?? "";
    if (accept(cursor, '"')) return value;
    if (!accept(cursor, "\\")) refuse(cursor, '"\\""');
    value += acceptPattern(cursor, /[^]/uy) ?? refuse(cursor, "any character");
  }
}

/** Reads a name with an optional JSON path, and the blanks around it. */
export function parseField(cursor: Cursor): Field {
  skipBlanks(cursor);
  const field = { name: parseFieldName(cursor), path: parseJsonPath(cursor) };
  skipBlanks(cursor);
  return field;
}

/**
 * Parses the key of a filter: names of embedded resources and at the end a field, `client.address->>city`.
 *
 * @throws {RestError} PGRST100.
 */
export function parseTreePath(key: string): { path: string[]; field: Field } {
  const cursor = openCursor(key, "tree path");
  const names = [parseFieldName(cursor)];
  while (accept(cursor, ".")) names.push(parseFieldName(cursor));
  const path = parseJsonPath(cursor);
  expectEnd(cursor);
  const name = names.pop() ?? "";
  return { path: names, field: { name, path } };
}

/**
 * Parses a list of column names, as in `columns=a,"b c"`. An empty text names no column and is refused.
 *
 * @throws {RestError} PGRST100.
 */
export function parseColumnList(text: string, what: string): string[] {
  const cursor = openCursor(text, what);
  const names = separated(cursor, () => {
    skipBlanks(cursor);
    const name = parseFieldName(cursor);
    skipBlanks(cursor);
    return name;
  });
  expectEnd(cursor);
  return names;
}

function parseJsonPath(cursor: Cursor): JsonStep[] {
  const steps: JsonStep[] = [];
  for (;;) {
    const arrow = accept(cursor, "->>") ? "->>" : accept(cursor, "->") ? "->" : null;
    if (arrow === null) return steps;
    steps.push({ arrow, operand: parseJsonOperand(cursor) });
  }
}

/** A whole number counts as an index only when nothing else follows that would make it part of a key. */
function parseJsonOperand(cursor: Cursor): JsonStep["operand"] {
  const start = cursor.position;
  const index = acceptPattern(cursor, /-?[0-9]+/y);
  if (index !== null) {
    const ends = atEnd(cursor) || ["->", "::", ".", ",", ")"].some((token) => comesNext(cursor, token));
    if (ends) return { kind: "index", text: index };
    cursor.position = start;
  }
  if (comesNext(cursor, '"')) return { kind: "key", text: parseQuoted(cursor) };
  const expecting = "any non reserved character different from: .,>()";
  return { kind: "key", text: parseDashed(cursor, /[^(\-:.,>)]+/y, expecting) };
}

/** Reads parts that a pattern accepts, joined by dashes that do not begin an arrow. Blanks around parts are dropped. */
function parseDashed(cursor: Cursor, part: RegExp, expecting: string): string {
  const parts: string[] = [];
  do {
    parts.push((acceptPattern(cursor, part) ?? refuse(cursor, expecting)).trim());
  } while (!comesNext(cursor, "->") && accept(cursor, "-"));
  return parts.join("-");
}
