/**
 * The `select` parameter: columns with aliases, casts and JSON paths, and embedded resources.
 *
 * @module
 */
import {
  accept,
  acceptPattern,
  atEnd,
  attempt,
  comesNext,
  type Cursor,
  expectEnd,
  inBrackets,
  openCursor,
  refuse,
  separated,
  skipBlanks,
} from "./cursor.ts";
import { type Field, parseField, parseFieldName } from "./field_parser.ts";
import { aggregatesNotAllowed } from "./request_errors.ts";

/** A column of the result. */
export interface SelectedField {
  readonly kind: "field";
  /** `*` stands for all columns. */
  readonly field: Field;
  readonly alias: string | null;
  /** The name of a type: letters, digits, `_` and blanks only, so that it may stand unquoted in SQL. */
  readonly cast: string | null;
}

/** Rows of a related table inside the result. */
export interface SelectedEmbed {
  readonly kind: "embed";
  readonly name: string;
  readonly alias: string | null;
  /** What tells apart several relationships to the same table: a constraint, a column or a junction table. */
  readonly hint: string | null;
  readonly inner: boolean;
  /** Whether the columns stand in the parent row instead of in an object or array of their own. */
  readonly spread: boolean;
  readonly items: readonly SelectItem[];
}

export type SelectItem = SelectedField | SelectedEmbed;

/**
 * Parses a `select` parameter. An empty text selects nothing, which stands for all columns.
 *
 * @throws {RestError} PGRST100 for a text outside the grammar, PGRST123 for an aggregate.
 */
export function parseSelect(text: string): SelectItem[] {
  const cursor = openCursor(text, "select parameter");
  const items = parseItems(cursor);
  expectEnd(cursor);
  return items;
}

function parseItems(cursor: Cursor): SelectItem[] {
  skipBlanks(cursor);
  if (atEnd(cursor) || comesNext(cursor, ")")) return [];
  return separated(cursor, () => {
    skipBlanks(cursor);
    const item = parseItem(cursor);
    skipBlanks(cursor);
    return item;
  });
}

function parseItem(cursor: Cursor): SelectItem {
  if (accept(cursor, "...")) return parseEmbed(cursor, parseFieldName(cursor), null, true);
  if (accept(cursor, "*")) {
    expectItemEnd(cursor);
    return { kind: "field", field: { name: "*", path: [] }, alias: null, cast: null };
  }
  const alias = attempt(cursor, () => parseAlias(cursor));
  const start = cursor.position;
  const name = parseFieldName(cursor);
  if (name === "count" && accept(cursor, "()")) throw aggregatesNotAllowed();
  if (comesNext(cursor, "(") || comesNext(cursor, "!")) return parseEmbed(cursor, name, alias, false);
  cursor.position = start;
  return parseColumn(cursor, alias);
}

/** `alias:`, unless the colon is the first of a cast's two. */
function parseAlias(cursor: Cursor): string | null {
  const name = parseFieldName(cursor);
  return !comesNext(cursor, "::") && accept(cursor, ":") ? name : null;
}

function parseColumn(cursor: Cursor, alias: string | null): SelectedField {
  const field = parseField(cursor);
  const cast = parseCast(cursor);
  if (acceptPattern(cursor, /\.(sum|avg|count|max|min)\(\)/y)) throw aggregatesNotAllowed();
  expectItemEnd(cursor);
  return { kind: "field", field, alias, cast };
}

/** PostgREST's identifiers also have `$`; here it could begin a dollar-quoted string. */
function parseCast(cursor: Cursor): string | null {
  if (!accept(cursor, "::")) return null;
  return (acceptPattern(cursor, /[\p{L}0-9_ ]+/uy) ?? refuse(cursor, "letter or digit")).trim();
}

function parseEmbed(cursor: Cursor, name: string, alias: string | null, spread: boolean): SelectedEmbed {
  let hint: string | null = null;
  let join: string | null = null;
  for (let modifiers = 0; modifiers < 2 && accept(cursor, "!"); modifiers += 1) {
    const modifier = parseFieldName(cursor);
    if (modifier === "inner" || modifier === "left") join ??= modifier;
    else hint ??= modifier;
  }
  const items = inBrackets(cursor, () => parseItems(cursor));
  return { kind: "embed", name, alias, hint, inner: join === "inner", spread, items };
}

function expectItemEnd(cursor: Cursor): void {
  if (!atEnd(cursor) && !comesNext(cursor, ")") && !comesNext(cursor, ",")) {
    refuse(cursor, 'letter, digit, "-", "->>", "->", "::", ".", ")", "," or end of input');
  }
}
