/**
 * What the monitor takes from its environment.
 *
 * @module
 */
import { type Database, openDatabase } from "@/lib/ledger/database.ts";

/** What the function works with. */
export interface Settings {
  readonly database: Database;
  /** Undefined: everybody is refused. */
  readonly cronSecret: string | undefined;
  /** Writes one line to the function's log. Must never be given a secret. */
  readonly log: (entry: Record<string, unknown>) => void;
}

/**
 * Reads the environment once, when the function starts.
 *
 * @throws {Error} when it names no database. The secret may be missing: then everybody is refused.
 */
export function readSettings(environment: Readonly<Record<string, string>>): Settings {
  const databaseUrl = environment.DB_POOLER_URL || environment.SUPABASE_DB_URL;
  if (!databaseUrl) throw new Error("Cannot start: the environment lacks DB_POOLER_URL or SUPABASE_DB_URL");
  return {
    database: openDatabase(databaseUrl),
    cronSecret: environment.CRON_SECRET,
    // deno-lint-ignore no-console -- a function's log is what it prints
    log: (entry) => console.log(JSON.stringify(entry)),
  };
}
