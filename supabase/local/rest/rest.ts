/**
 * A stand-in for PostgREST on the local platform: `/rest/v1` for supabase-js.
 *
 * Like PostgREST it turns a request into one SQL statement whose JSON PostgreSQL builds itself, and runs it as the caller's
 * role. No value passes through JavaScript's numbers, so int8 and numeric are exact on the wire in both directions.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import type { Caller } from "../caller.ts";
import { callAnswer, deleteAnswer, insertAnswer, putAnswer, readAnswer, updateAnswer } from "./answer.ts";
import { type ApiRequest, readApiRequest } from "./api_request.ts";
import { toRestError } from "./database_errors.ts";
import { errorResponse } from "./errors.ts";
import { openApiAnswer, schemaForbidden } from "./openapi.ts";
import { readArguments, readRows } from "./payload.ts";
import { planCall, type PlanContext, planDelete, planInsert, planPut, planTableRead, planUpdate } from "./plans.ts";
import { loadSchemaCache, type SchemaCache, type Table } from "./schema_cache.ts";
import { tableNotFound } from "./schema_errors.ts";
import { watchSchema } from "./schema_watch.ts";
import { type Outcome, runTransaction, type Transaction } from "./transaction.ts";

export interface RestOptions {
  /** Connection string of `authenticator`, the role that may become the callers' roles. */
  readonly authenticatorUrl: string;
  /** Connection string of a role that may read every catalog. */
  readonly adminUrl: string;
  /** Schemas that requests may name; the first is the default. */
  readonly schemas: readonly string[];
  /** The most rows that one answer holds. */
  readonly maxRows: number;
}

export interface Rest {
  /**
   * Answers a request; never throws.
   *
   * @param path what follows `/rest/v1/` in the URL, undecoded.
   */
  handle(request: Request, path: string, caller: Caller): Promise<Response>;
  /** Reads the database's schema anew. `notify pgrst, 'reload schema'` does the same. @throws when the database is away. */
  reload(): Promise<void>;
  /** Waits up to five seconds for running requests, then closes all connections. */
  close(): Promise<void>;
}

/** How many requests run in the database at the same time. */
const POOL_SIZE = 10;

/** How long closing waits for running requests, in milliseconds. */
const CLOSE_MS = 5000;

/**
 * Opens the stand-in and reads the schema.
 *
 * @throws when the database cannot be reached.
 */
export async function openRest(options: RestOptions): Promise<Rest> {
  const authenticator = postgres(options.authenticatorUrl, poolOptions(POOL_SIZE));
  const admin = postgres(options.adminUrl, poolOptions(1));
  // Idle connections need no farewell, and broken ones would never give theirs.
  const disconnect = async (): Promise<void> => {
    await Promise.all([authenticator.end({ timeout: 0 }), admin.end({ timeout: 0 })]);
  };
  try {
    const load = (): Promise<SchemaCache> => loadSchemaCache(admin, authenticator, options.schemas);
    let cache = await load();
    const reload = async (): Promise<void> => {
      cache = await load();
    };
    // A reload that fails leaves the old schema in place; the next connection brings the next reload.
    let reloading: Promise<void> = Promise.resolve();
    const watch = await watchSchema(options.adminUrl, () => {
      reloading = reload().catch(() => {});
    });
    const running = new Set<Promise<Response>>();
    return {
      async handle(request, path, caller): Promise<Response> {
        const answering = handle(authenticator, cache, options, request, path, caller);
        running.add(answering);
        return await answering.finally(() => running.delete(answering));
      },
      reload,
      async close(): Promise<void> {
        await watch.close();
        await reloading;
        await patiently(Promise.all(running), CLOSE_MS);
        await disconnect();
      },
    };
  } catch (error) {
    await disconnect();
    throw error;
  }
}

/** Waits for a promise that does not reject, but not longer than so many milliseconds. */
async function patiently(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, patience]);
  clearTimeout(timer);
}

/** Without pipelining a slow request holds up nobody but itself. */
function poolOptions(max: number): postgres.Options<Record<string, never>> {
  const options = {
    max,
    max_pipeline: 0,
    max_lifetime: null,
    connect_timeout: 5,
    fetch_types: false,
    backoff: (attempts: number) => Math.min(0.05 * 2 ** attempts, 1),
    onnotice: () => {},
    connection: { application_name: "vaultbook rest" },
  };
  return options;
}

async function handle(
  authenticator: Sql,
  cache: SchemaCache,
  options: RestOptions,
  request: Request,
  path: string,
  caller: Caller,
): Promise<Response> {
  const guardToken = crypto.randomUUID();
  try {
    const api = readApiRequest(request, path, options.schemas);
    const run = (transaction: Transaction): Promise<Outcome> =>
      runTransaction(authenticator, api, caller, cache.roleSettings(caller.role), transaction);
    return await answer({ api, cache, maxRows: options.maxRows, guardToken }, request, caller, run);
  } catch (error) {
    return errorResponse(toRestError(error, caller.role, guardToken), request.method);
  }
}

type Run = (transaction: Transaction) => Promise<Outcome>;

async function answer(context: PlanContext, request: Request, caller: Caller, run: Run): Promise<Response> {
  const { api, cache } = context;
  if (api.method === "OPTIONS") return optionsAnswer(api);
  if (api.target.kind === "routine") return await answerCall(context, api.target.name, request, run);
  if (api.target.kind === "root") {
    if (caller.role !== "service_role") throw schemaForbidden();
    return openApiAnswer(api, cache);
  }
  const table = cache.table(api.schema, api.target.name);
  if (!table) throw tableNotFound(cache, api.schema, api.target.name);
  return await answerTable(context, table, request, run);
}

async function answerTable(context: PlanContext, table: Table, request: Request, run: Run): Promise<Response> {
  const { api } = context;
  switch (api.method) {
    case "POST":
      return insertAnswer(api, table, await run(planInsert(context, table, await readRows(request, api))));
    case "PUT":
      return putAnswer(api, await run(planPut(context, table, await readRows(request, api))));
    case "PATCH":
      return updateAnswer(api, await run(planUpdate(context, table, await readRows(request, api))));
    case "DELETE":
      return deleteAnswer(api, await run(planDelete(context, table)));
    default:
      return readAnswer(api, table, await run(planTableRead(context, table)), context.maxRows);
  }
}

async function answerCall(context: PlanContext, name: string, request: Request, run: Run): Promise<Response> {
  const { api } = context;
  const payload = api.method === "POST"
    ? await readArguments(request, api)
    : { kind: "arguments" as const, values: api.query.arguments };
  const { routine, transaction } = planCall(context, name, payload);
  return callAnswer(api, routine, await run(transaction));
}

function optionsAnswer(api: ApiRequest): Response {
  const allow = {
    table: "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE",
    routine: "OPTIONS,GET,HEAD,POST",
    root: "OPTIONS,GET,HEAD",
  };
  return new Response(null, { headers: { allow: allow[api.target.kind] } });
}
