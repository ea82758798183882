/**
 * The call of a function as SQL, to stand in a common table expression.
 *
 * @module
 */
import { quoteArrayLiteral, quoteIdentifier, quoteLiteral } from "../sql_text.ts";
import { jsonRowsSql } from "./json_rows.ts";
import type { ArgumentsPayload, JsonPayload, RawPayload, RoutinePayload } from "./payload.ts";
import { qualifiedSql } from "./read_query.ts";
import { hasUnnamedArgument } from "./routine_lookup.ts";
import type { Routine } from "./schema_cache.ts";
import type { ArgumentRow } from "./schema_catalog.ts";

/** The one column of the rows that a function without composite result gives. */
export const SCALAR_COLUMN = "pgrst_scalar";

/** Calls the function with the payload. A result that is no row stands in {@link SCALAR_COLUMN}. */
export function callSql(routine: Routine, payload: RoutinePayload): string {
  if (hasUnnamedArgument(routine) && payload.kind !== "arguments") {
    return selectSql(routine, wholeBodySql(routine, payload));
  }
  if (payload.kind === "arguments") return selectSql(routine, namedValuesSql(routine, payload));
  if (payload.kind === "raw") return selectSql(routine, "");
  const given = routine.arguments.filter((argument) => payload.names.includes(argument.name));
  if (given.length === 0) return selectSql(routine, "");
  const columns = given.map(({ name, type }) => ({ name, type, default: null }));
  const rows = jsonRowsSql(payload, columns, { defaults: false, onlyFirst: true });
  const args = given.map((argument) => named(argument, `pgrst_body.${quoteIdentifier(argument.name)}`));
  return selectSql(routine, args.join(", "), rows);
}

/** `rows` gives what the arguments are read from; it comes first, so that the call can refer to it. */
function selectSql(routine: Routine, args: string, rows: string | null = null): string {
  const call = `${qualifiedSql(routine)}(${args})`;
  const before = rows === null ? "" : `${rows}, lateral `;
  return routine.returns_composite
    ? `select pgrst_call.* from ${before}${call} pgrst_call`
    : `select pgrst_call.${SCALAR_COLUMN} from ${before}(select ${call} as ${SCALAR_COLUMN}) pgrst_call`;
}

function wholeBodySql(routine: Routine, payload: JsonPayload | RawPayload): string {
  const type = routine.arguments[0]?.type ?? "json";
  if (payload.kind === "json") return `${quoteLiteral(payload.text)}::${type}`;
  if (payload.type === "bytea") return `${quoteLiteral(`\\x${hex(payload.bytes)}`)}::${type}`;
  return `${quoteLiteral(new TextDecoder().decode(payload.bytes))}::${type}`;
}

function namedValuesSql(routine: Routine, payload: ArgumentsPayload): string {
  const args = routine.arguments.flatMap((argument) => {
    const values = payload.values.filter(([name]) => name === argument.name).map(([, value]) => value);
    const last = values.at(-1);
    if (last === undefined) return [];
    const literal = argument.variadic ? quoteArrayLiteral(values) : quoteLiteral(last);
    return [named(argument, `${literal}::${argument.type}`)];
  });
  return args.join(", ");
}

function named(argument: ArgumentRow, value: string): string {
  return `${argument.variadic ? "variadic " : ""}${quoteIdentifier(argument.name)} => ${value}`;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
