/**
 * What the monitor takes from its environment.
 *
 * @module
 */
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import type { NoticeOptions } from "./notices.ts";

/** What the function works with. */
export interface Settings {
  readonly database: Database;
  /** Undefined: everybody is refused. */
  readonly cronSecret: string | undefined;
  /** Where alerts are told outside, and what signs them. */
  readonly notices: NoticeOptions;
  /** Writes one line to the function's log. Must never be given a secret. */
  readonly log: (entry: Record<string, unknown>) => void;
}

/**
 * Reads the environment once, when the function starts.
 *
 * @throws {Error} when it names no database, or NOTICE_URLS or NOTICE_SECRETS cannot be read; no value is repeated. The secret may be missing: then everybody is refused.
 */
export function readSettings(environment: Readonly<Record<string, string>>): Settings {
  const databaseUrl = environment.DB_POOLER_URL || environment.SUPABASE_DB_URL;
  if (!databaseUrl) throw new Error("Cannot start: the environment lacks DB_POOLER_URL or SUPABASE_DB_URL");
  return {
    database: openDatabase(databaseUrl),
    cronSecret: environment.CRON_SECRET,
    notices: noticesOf(environment),
    // deno-lint-ignore no-console -- a function's log is what it prints
    log: (entry) => console.log(JSON.stringify(entry)),
  };
}

/** @throws {Error} when what is set cannot be read. */
function noticesOf(environment: Readonly<Record<string, string>>): NoticeOptions {
  const { NOTICE_URLS: urls = "", NOTICE_SECRETS: secrets = "", NOTICE_LOCAL: local } = environment;
  const entries = listOf(urls).map((entry): [string, string] => {
    const [, name, url] = /^([a-z][a-z0-9_-]{0,62})=(.+)$/.exec(entry) ?? [];
    if (!name || !url || !URL.canParse(url)) {
      throw new Error("Cannot start: NOTICE_URLS is no list of name=URL");
    }
    return [name, url];
  });
  if (!listOf(secrets).every((secret) => /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret))) {
    throw new Error("Cannot start: NOTICE_SECRETS is no list of whsec_ and at least 24 bytes in base64");
  }
  return { urls: new Map(entries), secrets: listOf(secrets), isLocal: local === "true" };
}

function listOf(list: string): string[] {
  return list.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
}
