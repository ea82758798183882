/**
 * Reads the filters of a `postgres_changes` subscription: `amount=gt.5,owner=not.in.(a,b)`. Pure.
 *
 * @module
 */

/** One condition; all of a subscription's must hold. The names are those that `realtime._local_passes()` reads. */
export interface ChangeFilter {
  /** The column. */
  readonly name: string;
  readonly operator: string;
  /** As PostgreSQL reads it: `in` has an array literal. */
  readonly operand: string;
  readonly negate: boolean;
}

const OPERATORS = [
  "eq",
  "neq",
  "lt",
  "lte",
  "gt",
  "gte",
  "in",
  "like",
  "ilike",
  "is",
  "match",
  "imatch",
  "isdistinct",
];

/** `is` compares with a keyword that goes into SQL as it is. */
const KEYWORDS = ["null", "true", "false", "unknown"];

/**
 * Reads a filter text.
 *
 * @throws {TypeError} with upstream's message.
 */
export function parseChangeFilters(text: string): ChangeFilter[] {
  return text.trim() === "" ? [] : splitAtCommas(text.trim()).map(parseChangeFilter);
}

function parseChangeFilter(text: string): ChangeFilter {
  const parts = /^([^=]+)=(not\.)?([a-z]+)\.(.*)$/s.exec(text);
  const [, name = "", not, operator = "", value = ""] = parts ?? [];
  if (!parts || !OPERATORS.includes(operator)) {
    const condition = text.includes("=") ? text.slice(text.indexOf("=") + 1).split(".") : [text];
    throw new TypeError(`Error parsing \`filter\` params: ${JSON.stringify(condition).replaceAll('","', '", "')}`);
  }
  return { name: name.trim(), operator, operand: parseOperand(operator, value), negate: not !== undefined };
}

function parseOperand(operator: string, value: string): string {
  if (operator === "in") {
    const list = /^\((.*)\)$/s.exec(value);
    if (!list) throw new TypeError("Error parsing `filter` params: `in` filter value must be wrapped by parentheses");
    // The quoting inside is that of an array literal already.
    return `{${list[1]}}`;
  }
  if (operator === "is" && !KEYWORDS.includes(value)) {
    throw new TypeError(
      "Error parsing `filter` params: invalid value for is filter: must be null, true, false, or unknown",
    );
  }
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(value);
  return quoted ? (quoted[1] ?? "").replaceAll(/\\(.)/gs, "$1") : value;
}

/** Splits at the commas that stand neither in quotes nor in parentheses. Quotes open only where a value begins. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quoted) {
      if (character === "\\") part += character + text.charAt(++at);
      else part += character;
      if (character === '"') quoted = false;
      continue;
    }
    if (character === "," && depth === 0) {
      parts.push(part);
      part = "";
      continue;
    }
    if (character === '"' && [".", "(", ","].includes(text.charAt(at - 1))) quoted = true;
    else if (character === "(") depth++;
    else if (character === ")") depth = Math.max(0, depth - 1);
    part += character;
  }
  return [...parts, part];
}
