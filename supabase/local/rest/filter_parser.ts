/**
 * Filters: `column=operator.value` in the query string, and the same inside `or=(…)` and `and=(…)`.
 *
 * @module
 */
import {
  accept,
  acceptPattern,
  attempt,
  type Cursor,
  expectEnd,
  expectToken,
  inBrackets,
  openCursor,
  refuse,
  separated,
  skipBlanks,
} from "./cursor.ts";
import { type Field, parseField, parseFieldName, parseQuoted } from "./field_parser.ts";

/** A test on one field. */
export interface Filter {
  readonly field: Field;
  readonly negated: boolean;
  readonly operation: Operation;
}

/** What a field is tested for. SQL in here is never the client's. */
export type Operation =
  | {
    readonly kind: "compare";
    readonly operator: string;
    readonly quantifier: Quantifier | null;
    readonly value: string;
  }
  | { readonly kind: "in"; readonly values: readonly string[] }
  | { readonly kind: "is"; readonly keyword: string }
  | { readonly kind: "distinct"; readonly value: string }
  | { readonly kind: "search"; readonly parser: string; readonly language: string | null; readonly value: string };

export type Quantifier = "any" | "all";

/** Filters joined by and/or. */
export type Logic =
  | { readonly kind: "filter"; readonly filter: Filter }
  | {
    readonly kind: "group";
    readonly negated: boolean;
    readonly operator: "and" | "or";
    readonly members: readonly Logic[];
  };

/** Operators with one value. */
const SIMPLE: ReadonlyMap<string, string> = new Map([
  ["neq", "<>"],
  ["cs", "@>"],
  ["cd", "<@"],
  ["ov", "&&"],
  ["sl", "<<"],
  ["sr", ">>"],
  ["nxr", "&<"],
  ["nxl", "&>"],
  ["adj", "-|-"],
]);

/** Operators that may be followed by `(any)` or `(all)`. */
const QUANTIFIED: ReadonlyMap<string, string> = new Map([
  ["eq", "="],
  ["gte", ">="],
  ["gt", ">"],
  ["lte", "<="],
  ["lt", "<"],
  ["like", "like"],
  ["ilike", "ilike"],
  ["match", "~"],
  ["imatch", "~*"],
]);

/** Operators of full-text search: the function that reads the query. */
const SEARCH: ReadonlyMap<string, string> = new Map([
  ["fts", "to_tsquery"],
  ["plfts", "plainto_tsquery"],
  ["phfts", "phraseto_tsquery"],
  ["wfts", "websearch_to_tsquery"],
]);

const IS: ReadonlyMap<string, string> = new Map([
  ["null", "null"],
  ["not_null", "not null"],
  ["true", "true"],
  ["false", "false"],
  ["unknown", "unknown"],
]);

const OPERATOR = '"not" or operator (eq, gt, ...)';

/**
 * Parses the value of a filter parameter, `not.eq.5`.
 *
 * @throws {RestError} PGRST100.
 */
export function parseFilterValue(text: string): Omit<Filter, "field"> {
  const cursor = openCursor(text, "filter");
  const parsed = parseOperation(cursor, readRest) ?? refuse(cursor, OPERATOR);
  skipBlanks(cursor);
  expectEnd(cursor);
  return parsed;
}

/** Like {@link parseFilterValue}, but gives null for a text that does not begin with an operator: an argument of a function. */
export function parseFilterOrArgument(text: string): Omit<Filter, "field"> | null {
  const cursor = openCursor(text, "filter");
  const parsed = attempt(cursor, () => parseOperation(cursor, readRest));
  if (parsed) expectEnd(cursor);
  return parsed;
}

/**
 * Parses a logic parameter: its key, `not.or` or `client.and`, and its value, `(a.eq.1,not.and(b.gt.2,c.is.null))`.
 *
 * @returns the embedded resource that it is about (empty for the root) and the tree.
 * @throws {RestError} PGRST100.
 */
export function parseLogicParameter(key: string, value: string): { path: string[]; logic: Logic } {
  const keyCursor = openCursor(key, "logic path");
  const words = [parseFieldName(keyCursor)];
  while (accept(keyCursor, ".")) words.push(parseFieldName(keyCursor));
  expectEnd(keyCursor);
  const operator = words.pop() === "and" ? "and" : "or";
  const cursor = openCursor(value, "logic tree");
  const members = parseMembers(cursor);
  expectEnd(cursor);
  return {
    path: words.filter((word) => word !== "not"),
    logic: { kind: "group", negated: words.includes("not"), operator, members },
  };
}

function parseMembers(cursor: Cursor): Logic[] {
  skipBlanks(cursor);
  const members = inBrackets(cursor, () => separated(cursor, () => parseLogic(cursor)));
  skipBlanks(cursor);
  return members;
}

function parseLogic(cursor: Cursor): Logic {
  skipBlanks(cursor);
  const group = acceptPattern(cursor, /(not\.)?(and|or)[ \t]*(?=\()/y);
  if (group !== null) {
    const operator = group.includes("and") ? "and" : "or";
    return { kind: "group", negated: group.startsWith("not."), operator, members: parseMembers(cursor) };
  }
  const field = parseField(cursor);
  expectToken(cursor, ".");
  const parsed = parseOperation(cursor, readLogicValue) ?? refuse(cursor, OPERATOR);
  skipBlanks(cursor);
  return { kind: "filter", filter: { field, ...parsed } };
}

/** Reads `not.` and an operator with its value; null when no operator begins here. */
function parseOperation(cursor: Cursor, readValue: (cursor: Cursor) => string): Omit<Filter, "field"> | null {
  const start = cursor.position;
  const negated = accept(cursor, "not.");
  const word = acceptPattern(cursor, /[a-z]+/y) ?? "";
  const argument = acceptPattern(cursor, /\([\p{L}0-9_ $]+\)/uy)?.slice(1, -1).trim() ?? null;
  const operation = accept(cursor, ".") ? readOperation(cursor, word, argument, readValue) : null;
  if (operation) return { negated, operation };
  cursor.position = start + (negated ? "not.".length : 0);
  return null;
}

function readOperation(
  cursor: Cursor,
  word: string,
  argument: string | null,
  readValue: (cursor: Cursor) => string,
): Operation | null {
  const parser = SEARCH.get(word);
  if (parser) return { kind: "search", parser, language: argument, value: readValue(cursor) };
  const quantified = QUANTIFIED.get(word);
  if (quantified && (argument === null || argument === "any" || argument === "all")) {
    return { kind: "compare", operator: quantified, quantifier: argument, value: readValue(cursor) };
  }
  if (argument !== null) return null;
  if (word === "in") return { kind: "in", values: readList(cursor) };
  if (word === "is") return { kind: "is", keyword: readKeyword(cursor) };
  if (word === "isdistinct") return { kind: "distinct", value: readValue(cursor) };
  const simple = SIMPLE.get(word);
  return simple ? { kind: "compare", operator: simple, quantifier: null, value: readValue(cursor) } : null;
}

function readKeyword(cursor: Cursor): string {
  const start = cursor.position;
  const keyword = IS.get(acceptPattern(cursor, /[a-z_]+/iy)?.toLowerCase() ?? "");
  if (keyword !== undefined) return keyword;
  cursor.position = start;
  refuse(cursor, "isVal: (null, not_null, true, false, unknown)");
}

/** `(1,"a,b",)`: elements may be quoted; an empty list has one empty element. */
function readList(cursor: Cursor): string[] {
  skipBlanks(cursor);
  const values = inBrackets(cursor, () => separated(cursor, () => readQuotedOr(cursor, /[^,)]+/y)));
  skipBlanks(cursor);
  return values;
}

function readRest(cursor: Cursor): string {
  return acceptPattern(cursor, /[^]+/y) ?? "";
}

/** Inside brackets a value ends at a comma or a bracket, unless it is quoted or an array without inner arrays. */
function readLogicValue(cursor: Cursor): string {
  return readQuotedOr(cursor, /\{[^{}]*\}|[^,)]+/y);
}

/** Quotes that do not reach to the end of the value are part of it. */
function readQuotedOr(cursor: Cursor, unquoted: RegExp): string {
  const quoted = attempt(cursor, () => {
    if (!/"(?:[^\\"]|\\[^])*"(?=[,)]|$)/y.test(cursor.text.slice(cursor.position))) return null;
    return parseQuoted(cursor);
  });
  return quoted ?? acceptPattern(cursor, unquoted) ?? "";
}
