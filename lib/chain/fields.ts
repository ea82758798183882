/**
 * Reads fields of foreign JSON one by one, so that what is wrong is named by its path.
 *
 * Hand-written and not a zod schema: a delivery is up to 10 MiB on the path that has one second, and most of it is never looked at.
 *
 * @module
 */

/** A field that must be there is missing or of the wrong kind. */
export class Malformed extends Error {
  /** Where the field is. */
  readonly path: string;
  /** What is wrong with it, to be read behind its path. */
  readonly problem: string;

  constructor(path: string, expected: string, value: unknown) {
    const problem = `must be ${expected}: current value is ${describe(value)}`;
    super(`${path} ${problem}`);
    this.name = "Malformed";
    this.path = path;
    this.problem = problem;
  }
}

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws {Malformed} */
export function objectAt(value: unknown, path: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Malformed(path, "an object", value);
  }
  return value as JsonObject;
}

/** @throws {Malformed} */
export function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(path, "an array", value);
  return value;
}

/** An array, or nothing: the key may be absent or null. @throws {Malformed} */
export function optionalArrayAt(value: unknown, path: string): readonly unknown[] | null {
  return value === undefined || value === null ? null : arrayAt(value, path);
}

/** @throws {Malformed} */
export function stringAt(value: unknown, path: string): string {
  if (typeof value !== "string") throw new Malformed(path, "a string", value);
  return value;
}

/** An array of strings, as it is. @throws {Malformed} naming the first item that is none. */
export function stringsAt(value: unknown, path: string): readonly string[] {
  const items = arrayAt(value, path);
  // A path is written out only for what is wrong, here and below: a log has many lines.
  items.forEach((item, i) => typeof item === "string" || stringAt(item, `${path}[${i}]`));
  return items as readonly string[];
}

/** An array of public keys, as it is. @throws {Malformed} naming the first item that is none. */
export function keysAt(value: unknown, path: string): readonly string[] {
  const items = arrayAt(value, path);
  items.forEach((item, i) => isKey(item) || keyAt(item, `${path}[${i}]`));
  return items as readonly string[];
}

/**
 * A public key in base58, by its letters and length only: a transaction names up to 256 of them, and most are never looked at.
 *
 * @throws {Malformed}
 */
export function keyAt(value: unknown, path: string): string {
  if (!isKey(value)) throw new Malformed(path, "a public key", value);
  return value;
}

function isKey(value: unknown): value is string {
  return typeof value === "string" && PUBLIC_KEY.test(value);
}
const PUBLIC_KEY = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

/** A whole number from 0 to `max`, by default the largest that JSON holds exactly. @throws {Malformed} */
export function countAt(value: unknown, path: string, max: number = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > max) {
    throw new Malformed(path, `a whole number from 0 to ${max}`, value);
  }
  return value as number;
}

/** A whole number, or nothing. @throws {Malformed} */
export function optionalCountAt(value: unknown, path: string, max?: number): number | null {
  return value === undefined || value === null ? null : countAt(value, path, max);
}

/** Of what has parts only the kind: to write out what is nested deeply takes more stack than there is. */
function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
