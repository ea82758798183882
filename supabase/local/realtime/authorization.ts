/**
 * Asks the policies on `realtime.messages` what a caller may do in a private channel.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import type { Caller } from "../caller.ts";
import { soleRow } from "./sole_row.ts";

/** What policies distinguish: `realtime.messages.extension`. */
export type Extension = "broadcast" | "presence";

/** Who asks, and about which channel. */
export interface AuthorizationRequest {
  /** The name of the channel, without `realtime:`. */
  readonly topic: string;
  readonly caller: Caller;
  /** The request's headers in lower case, for policies that read `request.headers`. */
  readonly headers: Record<string, string>;
}

/**
 * Which of the extensions the caller may read in the channel. A policy that raises permits nothing.
 *
 * @param log is told what a policy raised.
 * @throws {Error} when the database cannot be reached.
 */
export async function authorizeReading(
  sql: Sql,
  request: AuthorizationRequest,
  extensions: Extension[],
  log: (line: string) => void,
): Promise<Set<Extension>> {
  return (await probe(sql, request, extensions, [], log)).readable;
}

/** Like {@linkcode authorizeReading}, for writing one extension. */
export async function authorizeWriting(
  sql: Sql,
  request: AuthorizationRequest,
  extension: Extension,
  log: (line: string) => void,
): Promise<boolean> {
  return (await probe(sql, request, [], [extension], log)).writable.has(extension);
}

async function probe(
  sql: Sql,
  { topic, caller, headers }: AuthorizationRequest,
  toRead: Extension[],
  toWrite: Extension[],
  log: (line: string) => void,
): Promise<{ readable: Set<Extension>; writable: Set<Extension> }> {
  try {
    const { readable, writable } = soleRow(
      await sql<{ readable: Extension[]; writable: Extension[] }[]>`
        select array_to_json(readable) as readable, array_to_json(writable) as writable
          from realtime._local_authorize(
            ${topic}, ${caller.role}, ${JSON.stringify(caller.claims)}, ${JSON.stringify(headers)},
            ${`{${toRead}}`}::text::text[], ${`{${toWrite}}`}::text::text[])`,
    );
    return { readable: new Set(readable), writable: new Set(writable) };
  } catch (error) {
    if (!isOfPolicy(error)) throw error;
    log(`RlsPolicyError: ${error.message}`);
    return { readable: new Set(), writable: new Set() };
  }
}

/** Whether a policy raised the error, and not a database that is shutting down, out of resources or out of reach. */
function isOfPolicy(error: unknown): error is postgres.PostgresError {
  return error instanceof postgres.PostgresError && !/^(08|53|57|58)/.test(error.code);
}
