/**
 * What every endpoint of Auth works with.
 *
 * @module
 */
import type { Sql, TransactionSql } from "postgres";
import type { ProjectKeys } from "../keys.ts";

/** A transaction of the role supabase_auth_admin. */
export type Transaction = TransactionSql;

/** What every endpoint of Auth works with. */
export interface AuthContext {
  /** A pool whose sessions are supabase_auth_admin's. */
  readonly sql: Sql;
  readonly keys: ProjectKeys;
  /** How long an access token lives. */
  readonly lifetimeSeconds: number;
  /** The custom access token hook, `schema.function`; undefined when the project has none. */
  readonly customAccessTokenHook: string | undefined;
  /** The time, milliseconds since the epoch. */
  now(): number;
  /** Whether a URL belongs to this project's apps. */
  isAllowedUrl(url: string): boolean;
}
