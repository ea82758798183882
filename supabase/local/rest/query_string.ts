/**
 * The parameters of a request, parsed but not yet tied to tables.
 *
 * @module
 */
import { parseColumnList, parseTreePath } from "./field_parser.ts";
import {
  type Filter,
  type Logic,
  parseFilterOrArgument,
  parseFilterValue,
  parseLogicParameter,
} from "./filter_parser.ts";
import { type OrderTerm, parseOrder } from "./order_parser.ts";
import { rangeOfParameters, type RowRange } from "./range.ts";
import { parseSelect, type SelectItem } from "./select_parser.ts";

/** Something that belongs to the resource (empty path) or to a resource embedded in it (names from the outside in). */
export interface At<T> {
  readonly path: readonly string[];
  readonly value: T;
}

export interface QueryString {
  readonly select: readonly SelectItem[];
  /** Filters and logic trees; all must hold. */
  readonly filters: readonly At<Logic>[];
  readonly orders: readonly At<readonly OrderTerm[]>[];
  readonly ranges: readonly At<RowRange>[];
  readonly columns: readonly string[] | null;
  readonly onConflict: readonly string[] | null;
  /** Parameters that are no filters: the arguments of a function called by GET. */
  readonly arguments: readonly (readonly [string, string])[];
  /** All parameters sorted by name, encoded, without the question mark. */
  readonly canonical: string;
}

/**
 * Parses the search part of a URL. Parameters without `=` are ignored.
 *
 * @param takesArguments whether a value without an operator is an argument of a function instead of an error.
 * @throws {RestError} PGRST100, PGRST103 or PGRST123.
 */
export function parseQueryString(search: string, takesArguments: boolean): QueryString {
  const given = search.replace(/^\?/, "").split("&").filter((parameter) => parameter.includes("="));
  // The gateway of a hosted project takes the key away; here it may still be there.
  const parameters = [...new URLSearchParams(given.join("&"))].filter(([name]) => name !== "apikey");
  const single = (name: string): string | null => parameters.find(([one]) => one === name)?.[1] ?? null;
  const columns = single("columns");
  const onConflict = single("on_conflict");
  const others = parameters.filter(([name]) => !["select", "columns", "on_conflict"].includes(name));
  const called = (word: string): [string, string][] => others.filter(([name]) => lastWord(name) === word);
  const fields = parseFields(others.filter(([name]) => !RESERVED.has(lastWord(name))), takesArguments);
  return {
    select: parseSelect(single("select") ?? ""),
    filters: [
      ...fields.filters,
      ...[...called("and"), ...called("or")].map(([name, text]) => {
        const { path, logic } = parseLogicParameter(name, text);
        return { path, value: logic };
      }),
    ],
    orders: called("order").map(([name, text]) => ({ path: pathBefore(name), value: parseOrder(text) })),
    ranges: parseRanges(called("limit"), called("offset")),
    columns: columns === null ? null : [...new Set(parseColumnList(columns, "columns parameter"))],
    onConflict: onConflict === null ? null : parseColumnList(onConflict, "on_conflict parameter"),
    arguments: fields.arguments,
    canonical: new URLSearchParams(parameters.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))).toString(),
  };
}

const RESERVED: ReadonlySet<string> = new Set(["order", "limit", "offset", "and", "or"]);

function parseFields(
  parameters: readonly [string, string][],
  takesArguments: boolean,
): { filters: At<Logic>[]; arguments: [string, string][] } {
  const filters: At<Logic>[] = [];
  const args: [string, string][] = [];
  for (const [name, text] of parameters) {
    const parsed = takesArguments ? parseFilterOrArgument(text) : parseFilterValue(text);
    const { path, field } = parseTreePath(name);
    if (parsed) filters.push({ path, value: { kind: "filter", filter: { field, ...parsed } satisfies Filter } });
    else args.push([name, text]);
  }
  return { filters, arguments: args };
}

/** Limits and offsets of the same resource make one range; of several the last holds. */
function parseRanges(limits: readonly [string, string][], offsets: readonly [string, string][]): At<RowRange>[] {
  const limitOf = new Map(limits.map(([name, text]) => [prefix(name), text]));
  const offsetOf = new Map(offsets.map(([name, text]) => [prefix(name), text]));
  return [...new Set([...limitOf.keys(), ...offsetOf.keys()])].map((where) => ({
    path: pathBefore(`${where}limit`),
    value: rangeOfParameters(limitOf.get(where) ?? null, offsetOf.get(where) ?? null),
  }));
}

function lastWord(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function prefix(name: string): string {
  return name.slice(0, name.lastIndexOf(".") + 1);
}

function pathBefore(name: string): string[] {
  return parseTreePath(name).path;
}
