/**
 * SQL text with its values written into it. The driver asks the server for the types of bound parameters first, which is a round trip,
 * and cannot bind any in a message of several statements; a read in a caller's name is one such message. So every value that goes into
 * one passes through here.
 *
 * @module
 */

/** What a statement can be given. */
export type Value = string | number | boolean | null;

/** A statement, or a part of one, that says what it was given as constants. Only {@link statement} makes one. */
export class Statement {
  readonly #text: string;

  /** @private */
  constructor(strings: TemplateStringsArray, values: readonly (Value | Statement)[]) {
    this.#text = strings.reduce((text, part, place) => text + textOf(values[place - 1] ?? null) + part);
  }

  toString(): string {
    return this.#text;
  }
}

/**
 * Writes a statement: what stands in the source is SQL, what is given is a constant or itself a statement.
 *
 * @throws {RangeError} for a number that is no safe integer, and for text with a NUL, which no message can carry.
 */
export function statement(strings: TemplateStringsArray, ...values: (Value | Statement)[]): Statement {
  return new Statement(strings, values);
}

function textOf(value: Value | Statement): string {
  if (value instanceof Statement) return value.toString();
  if (value === null) return "null";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "boolean") return String(value);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no safe integer`);
  // In brackets, so that a minus does not meet what stands before it.
  return `(${value})`;
}

/**
 * As libpq's `PQescapeLiteral` does it, and so right whatever `standard_conforming_strings` says: a backslash makes it an escape
 * string, and quotes are doubled. The blank keeps the `E` apart from a word before it.
 */
function quoted(text: string): string {
  if (text.includes("\0")) throw new RangeError("A NUL cannot be part of a statement");
  const constant = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? ` E${constant.replaceAll("\\", "\\\\")}` : constant;
}
