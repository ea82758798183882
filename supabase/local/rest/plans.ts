/**
 * From a request to what runs in the database: one function for each kind of request.
 *
 * @module
 */
import { type AnswerParts, answerQuery, type Guard, NO_BODY, rowBody, rowsBody, scalarBody } from "./answer_query.ts";
import type { ApiRequest } from "./api_request.ts";
import type { Filter, Logic } from "./filter_parser.ts";
import type { JsonPayload, RoutinePayload } from "./payload.ts";
import { planRead, type ReadScope } from "./read_plan.ts";
import { countQuery, qualifiedSql, readQuery } from "./read_query.ts";
import { invalidPutFilters, maxAffectedRpcViolation } from "./request_errors.ts";
import { findRoutine } from "./routine_lookup.ts";
import { callSql } from "./routine_query.ts";
import type { Routine, SchemaCache, Table } from "./schema_cache.ts";
import type { Transaction } from "./transaction.ts";
import { type Conflict, deleteSql, insertSql, returningSql, updateSql } from "./write_query.ts";

/** What all plans are made with. */
export interface PlanContext {
  readonly api: ApiRequest;
  readonly cache: SchemaCache;
  readonly maxRows: number;
  readonly guardToken: string;
}

/** Reads rows of a table or view. */
export function planTableRead(context: PlanContext, table: Table): Transaction {
  const { api, cache, maxRows } = context;
  const { count } = api.preferences;
  const plan = planRead(cache, api.schema, table.name, api.query, readScope(context));
  const from = qualifiedSql(table);
  const counted = countQuery(plan, from);
  // An estimate is exact as long as it stays below what an answer can hold.
  const counts = { exact: counted, estimated: `${counted} limit ${maxRows + 1}`, planned: null };
  const statement = answerQuery({
    ...answerDefaults(context),
    source: readQuery(plan, from),
    counted: count === null ? null : counts[count],
    body: api.method === "HEAD" ? NO_BODY : rowsBody(api.form),
  });
  return {
    statement,
    explained: count === "planned" || count === "estimated" ? counted : null,
    readOnly: true,
    settings: [],
  };
}

/** Inserts or merges rows. */
export function planInsert(context: PlanContext, table: Table, payload: JsonPayload): Transaction {
  const { preferences, query } = context.api;
  const conflict: Conflict | null = preferences.resolution === null
    ? null
    : { columns: query.onConflict ?? table.primaryKey, resolution: preferences.resolution };
  return planWrite(context, table, {
    source: (returning) =>
      insertSql({ table, payload, defaults: preferences.missing === "default", conflict, conditions: [], returning }),
    countsInserted: preferences.resolution === "merge-duplicates",
    guards: singleGuard(context),
    locates: preferences.representation === "headers-only",
  });
}

/** Inserts or replaces the one row that the filters name by its primary key. */
export function planPut(context: PlanContext, table: Table, payload: JsonPayload): Transaction {
  const conditions = rootFilters(context.api);
  checkPutFilters(table, conditions);
  const conflict: Conflict = { columns: table.primaryKey, resolution: "merge-duplicates" };
  return planWrite(context, table, {
    source: (returning) => insertSql({ table, payload, defaults: false, conflict, conditions, returning }),
    countsInserted: true,
    guards: [{ kind: "put", forbids: "count(*) <> 1" }],
    locates: false,
  });
}

/** Updates the rows that the filters name. */
export function planUpdate(context: PlanContext, table: Table, payload: JsonPayload): Transaction {
  const defaults = context.api.preferences.missing === "default";
  return planWrite(context, table, {
    source: (returning) => updateSql(table, payload, defaults, rootFilters(context.api), returning),
    countsInserted: false,
    guards: [...singleGuard(context), ...maxAffectedGuard(context)],
    locates: false,
  });
}

/** Deletes the rows that the filters name. */
export function planDelete(context: PlanContext, table: Table): Transaction {
  return planWrite(context, table, {
    source: (returning) => deleteSql(table, rootFilters(context.api), returning),
    countsInserted: false,
    guards: [...singleGuard(context), ...maxAffectedGuard(context)],
    locates: false,
  });
}

/** Calls a function. */
export function planCall(
  context: PlanContext,
  name: string,
  payload: RoutinePayload,
): { routine: Routine; transaction: Transaction } {
  const { api, cache } = context;
  const { count, handling, maxAffected } = api.preferences;
  const posted = api.method === "POST";
  const routine = findRoutine(cache, api.schema, name, payload, posted);
  const isSingle = !routine.returns_set;
  if (maxAffected !== null && handling === "strict" && isSingle) throw maxAffectedRpcViolation();
  const plan = planRead(cache, api.schema, routine.returnsTable?.name ?? name, api.query, readScope(context));
  const readOnly = !posted || routine.volatility !== "v";
  const withBody = api.method !== "HEAD" && !routine.returns_void;
  const statement = answerQuery({
    ...answerDefaults(context),
    source: callSql(routine, payload),
    rows: readQuery(plan, "pgrst_source"),
    counted: count === "exact" || count === "estimated" ? countQuery(plan, "pgrst_source") : null,
    body: withBody ? callBody(api, routine) : NO_BODY,
    guards: readOnly || isSingle ? [] : [...singleGuard(context), ...maxAffectedGuard(context)],
  });
  return { routine, transaction: { statement, explained: null, readOnly, settings: hoistedSettings(routine) } };
}

function planWrite(
  context: PlanContext,
  table: Table,
  write: {
    readonly source: (returning: string) => string;
    readonly countsInserted: boolean;
    readonly guards: readonly Guard[];
    readonly locates: boolean;
  },
): Transaction {
  const { api, cache } = context;
  const { representation } = api.preferences;
  const scope: ReadScope = { rootFilters: false, ordered: false, range: api.range, maxRows: null };
  const plan = planRead(cache, api.schema, table.name, api.query, scope);
  const returnsRows = representation === "representation";
  const returnsKey = representation === "headers-only";
  const statement = answerQuery({
    ...answerDefaults(context),
    source: write.source(returnsRows || returnsKey ? returningSql(plan, table.primaryKey) : "1"),
    // Where nothing is returned, nothing needs to be joined or selected.
    rows: returnsRows ? readQuery(plan, "pgrst_source") : "select * from pgrst_source",
    body: returnsRows ? rowsBody(api.form) : NO_BODY,
    locationOf: write.locates ? table.primaryKey : null,
    countsInserted: write.countsInserted,
    guards: write.guards,
  });
  return { statement, explained: null, readOnly: false, settings: [] };
}

function answerDefaults(context: PlanContext): Omit<AnswerParts, "source" | "body"> {
  return {
    rows: "select * from pgrst_source",
    counted: null,
    locationOf: null,
    countsInserted: false,
    guards: [],
    guardToken: context.guardToken,
  };
}

function readScope(context: PlanContext): ReadScope {
  return { rootFilters: true, ordered: true, range: context.api.range, maxRows: context.maxRows };
}

function callBody(api: ApiRequest, routine: Routine): string {
  if (!routine.returns_composite) return scalarBody(api.form, routine.returns_set);
  return routine.returns_set ? rowsBody(api.form) : rowBody(api.form);
}

function singleGuard(context: PlanContext): Guard[] {
  return context.api.form.kind === "object" ? [{ kind: "single", forbids: "count(*) <> 1" }] : [];
}

function maxAffectedGuard(context: PlanContext): Guard[] {
  const { handling, maxAffected } = context.api.preferences;
  if (handling !== "strict" || maxAffected === null) return [];
  return [{ kind: "max-affected", forbids: `count(*) > ${maxAffected}` }];
}

function rootFilters(api: ApiRequest): Logic[] {
  return api.query.filters.filter((filter) => filter.path.length === 0).map((filter) => filter.value);
}

/** PUT takes `eq` on each column of the primary key, and nothing else. */
function checkPutFilters(table: Table, conditions: readonly Logic[]): void {
  const filters = conditions.flatMap((logic) => (logic.kind === "filter" ? [logic.filter] : []));
  const names = new Set(filters.filter(isPlainEquality).map((filter) => filter.field.name));
  const complete = table.primaryKey.length > 0 && table.primaryKey.every((column) => names.has(column));
  if (!complete || filters.length !== conditions.length || names.size !== filters.length) throw invalidPutFilters();
  if (names.size !== table.primaryKey.length) throw invalidPutFilters();
}

function isPlainEquality({ field, negated, operation }: Filter): boolean {
  return !negated && field.path.length === 0 && operation.kind === "compare" && operation.operator === "=" &&
    operation.quantifier === null;
}

/** A timeout of a function must be set before the function runs; its own `set` clause would come too late. */
function hoistedSettings(routine: Routine): [string, string][] {
  return routine.settings
    .filter((text) => text.startsWith("statement_timeout="))
    .map((text) => ["statement_timeout", text.slice("statement_timeout=".length)]);
}
