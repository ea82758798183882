/**
 * Runs one request in the database: one message, one round trip, one transaction.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { Caller } from "../caller.ts";
import { quoteIdentifier, quoteLiteral } from "../sql_text.ts";
import type { AnswerRow } from "./answer_query.ts";
import type { ApiRequest } from "./api_request.ts";

/** What runs after the settings. */
export interface Transaction {
  readonly statement: string;
  /** A statement whose estimated number of rows is wanted; null for none. */
  readonly explained: string | null;
  readonly readOnly: boolean;
  /** Settings that come last, after those of the role. */
  readonly settings: readonly (readonly [string, string])[];
}

export interface Outcome {
  readonly row: AnswerRow;
  /** The planner's estimate of the explained statement; null where nothing was explained. */
  readonly planned: bigint | null;
}

/** Schemas that are searched after the request's own. */
const EXTRA_SEARCH_PATH = ["public", "extensions"];

/**
 * Runs a transaction as the caller.
 *
 * Several statements in one simple-protocol message are one implicit transaction. Each starts its own statement timeout, so
 * the one that the settings give holds for the statements after them.
 *
 * @param roleSettings what the caller's role starts a session with.
 * @throws whatever npm:postgres throws.
 */
export async function runTransaction(
  authenticator: Sql,
  api: ApiRequest,
  caller: Caller,
  roleSettings: readonly (readonly [string, string])[],
  transaction: Transaction,
): Promise<Outcome> {
  const statements = [settingsSql(api, caller, roleSettings, transaction), transaction.statement];
  if (transaction.explained !== null) statements.push(`explain (format json) ${transaction.explained}`);
  // Of several statements npm:postgres gives a list of results, which its types do not know.
  const results = await authenticator.unsafe<Record<string, unknown>[][]>(statements.join(";\n")).simple();
  const row = results[1]?.[0];
  if (!row) throw new Error("The database gave no answer row");
  return { row: row as unknown as AnswerRow, planned: plannedRows(results[2]?.[0]?.["QUERY PLAN"]) };
}

/** Settings come before the role, which may lack the right to make them. */
function settingsSql(
  api: ApiRequest,
  caller: Caller,
  roleSettings: readonly (readonly [string, string])[],
  transaction: Transaction,
): string {
  const searchPath = [api.schema, ...EXTRA_SEARCH_PATH].map(quoteIdentifier).join(", ");
  const { timezone } = api.preferences;
  const { cookie, ...headers } = Object.fromEntries(api.headers);
  const settings: (readonly [string, string])[] = [
    ["search_path", searchPath],
    ...(transaction.readOnly ? [["transaction_read_only", "on"] as const] : []),
    ...roleSettings,
    ["role", caller.role],
    ["request.jwt.claims", JSON.stringify({ ...caller.claims, role: caller.role })],
    ["request.method", api.method],
    ["request.path", api.path],
    ["request.headers", JSON.stringify(headers)],
    ["request.cookies", JSON.stringify(cookiesOf(cookie))],
    ...(timezone === null ? [] : [["timezone", timezone] as const]),
    ...transaction.settings,
  ];
  return `select ${settings.map(([name, value]) => setConfigSql(name, value)).join(", ")}`;
}

function setConfigSql(name: string, value: string): string {
  return `set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`;
}

function cookiesOf(header: string | undefined): Record<string, string> {
  const pairs = (header ?? "").split(";").filter((pair) => pair.includes("=")).map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

/** npm:postgres parses the plan; PostgreSQL writes the estimate as a whole number that a double holds. */
function plannedRows(plan: unknown): bigint | null {
  const rows = Array.isArray(plan) ? plan[0]?.Plan?.["Plan Rows"] : undefined;
  return typeof rows === "number" ? BigInt(Math.round(rows)) : null;
}
