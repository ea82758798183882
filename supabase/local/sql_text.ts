/**
 * Turns text into SQL tokens. The REST stand-in sends whole requests as one simple-protocol message, which has no bind
 * parameters, so everything a client can influence passes through these functions.
 *
 * @module
 */

/** Thrown for text that no SQL token can carry. */
export class UnquotableTextError extends Error {
  override readonly name = "UnquotableTextError";
}

/**
 * Gives `text` as a string constant whose type PostgreSQL infers from where it stands.
 *
 * Correct whatever `standard_conforming_strings` and `backslash_quote` are set to in the session: a text with a backslash
 * becomes an escape string (`E'…'`, whose rules do not vary), and quotes are doubled, never escaped by a backslash. An escape
 * string starts with a blank, so that the `E` cannot grow together with a word before it.
 *
 * @throws {UnquotableTextError} when `text` holds a NUL, which would end the protocol message early.
 */
export function quoteLiteral(text: string): string {
  refuseNul(text);
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}

/**
 * Gives `name` as a quoted identifier. PostgreSQL itself cuts identifiers after 63 bytes and refuses empty ones.
 *
 * @throws {UnquotableTextError} when `name` holds a NUL.
 */
export function quoteIdentifier(name: string): string {
  refuseNul(name);
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Gives texts as one array constant, `'{"a","b"}'`, whose element type PostgreSQL infers.
 *
 * @throws {UnquotableTextError} when an element holds a NUL.
 */
export function quoteArrayLiteral(elements: readonly string[]): string {
  const quoted = elements.map((element) => `"${element.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);
  return quoteLiteral(`{${quoted.join(",")}}`);
}

function refuseNul(text: string): void {
  if (text.includes("\0")) throw new UnquotableTextError("A NUL character cannot be part of SQL text");
}
