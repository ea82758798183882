/**
 * JSON whose numbers keep every digit on the way through this process.
 *
 * @module
 */

/** The parts of `JSON` that TypeScript does not know yet. */
interface SourceTextJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

/**
 * Like `JSON.parse`, but `JSON.stringify` of the result gives each number back as it was written: `9007199254740993`
 * stays that, `1.0` stays `1.0`. A number that JavaScript would change is an opaque object here, not a `number`.
 *
 * @throws {SyntaxError} when the text is not JSON.
 */
export function parseExactly(text: string): unknown {
  const json = JSON as unknown as SourceTextJson;
  return json.parse(text, (_key, value, { source }) => {
    const changes = typeof value === "number" && source !== undefined && JSON.stringify(value) !== source;
    return changes ? json.rawJSON(source) : value;
  });
}

/** The value when it is a JSON object, else an empty one. */
export function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** Whether the value is a JSON object: neither array, null nor scalar. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

/** Whether the value is one of the opaque numbers that {@linkcode parseExactly} makes. */
function isRawNumber(value: object): boolean {
  return Object.getPrototypeOf(value) === null && "rawJSON" in value && Object.isFrozen(value);
}
