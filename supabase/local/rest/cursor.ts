/**
 * A place in a text, and the few moves that the parsers of query parameters are made of.
 *
 * @module
 */
import { queryParameterError } from "./request_errors.ts";

/** A text being read from left to right. */
export interface Cursor {
  readonly text: string;
  /** What is being parsed, as PostgREST names it in errors: `failed to parse order (…)`. */
  readonly label: string;
  /** Index of the next character. */
  position: number;
  /** How many brackets are open. */
  depth: number;
}

/** Deeper nesting is refused, so that no request can exhaust the stack. */
const MAX_DEPTH = 50;

/** Starts at the beginning of `text`. */
export function openCursor(text: string, what: string): Cursor {
  return { text, label: `failed to parse ${what} (${text})`, position: 0, depth: 0 };
}

/**
 * Refuses the text at the cursor.
 *
 * @throws {RestError} PGRST100 with line, column and what was expected there.
 */
export function refuse(cursor: Cursor, expecting: string): never {
  const before = cursor.text.slice(0, cursor.position).split("\n");
  const column = [...(before.at(-1) ?? "")].length + 1;
  const next = cursor.text.codePointAt(cursor.position);
  const unexpected = next === undefined ? "end of input" : JSON.stringify(String.fromCodePoint(next));
  throw queryParameterError(
    `"${cursor.label}" (line ${before.length}, column ${column})`,
    `unexpected ${unexpected} expecting ${expecting}`,
  );
}

/** Whether the whole text is read. */
export function atEnd(cursor: Cursor): boolean {
  return cursor.position >= cursor.text.length;
}

/** Whether `token` comes next. */
export function comesNext(cursor: Cursor, token: string): boolean {
  return cursor.text.startsWith(token, cursor.position);
}

/** Steps over `token` when it comes next, and says whether it did. */
export function accept(cursor: Cursor, token: string): boolean {
  if (!comesNext(cursor, token)) return false;
  cursor.position += token.length;
  return true;
}

/** Steps over `token`. @throws {RestError} PGRST100 when something else comes next. */
export function expectToken(cursor: Cursor, token: string): void {
  if (!accept(cursor, token)) refuse(cursor, JSON.stringify(token));
}

/** Demands the end of the text. @throws {RestError} PGRST100 when something is left. */
export function expectEnd(cursor: Cursor): void {
  if (!atEnd(cursor)) refuse(cursor, "end of input");
}

/** Reads what a sticky pattern matches at the cursor; null when it matches nothing. */
export function acceptPattern(cursor: Cursor, pattern: RegExp): string | null {
  pattern.lastIndex = cursor.position;
  const found = pattern.exec(cursor.text)?.[0] ?? "";
  if (found === "") return null;
  cursor.position += found.length;
  return found;
}

/** Steps over blanks and tabs. */
export function skipBlanks(cursor: Cursor): void {
  acceptPattern(cursor, /[ \t]+/y);
}

/**
 * Reads a bracketed inside. The cursor must stand before `(`.
 *
 * @throws {RestError} PGRST100 without brackets, or when they nest too deeply.
 */
export function inBrackets<T>(cursor: Cursor, read: () => T): T {
  expectToken(cursor, "(");
  cursor.depth += 1;
  if (cursor.depth > MAX_DEPTH) refuse(cursor, `at most ${MAX_DEPTH} nested brackets`);
  const inside = read();
  expectToken(cursor, ")");
  cursor.depth -= 1;
  return inside;
}

/** Reads one or more items between commas. */
export function separated<T>(cursor: Cursor, read: () => T): T[] {
  const items = [read()];
  while (accept(cursor, ",")) items.push(read());
  return items;
}

/** Tries one reading; when it refuses, steps back and gives null. */
export function attempt<T>(cursor: Cursor, read: () => T | null): T | null {
  const { position, depth } = cursor;
  const result = read();
  if (result === null) {
    cursor.position = position;
    cursor.depth = depth;
  }
  return result;
}
