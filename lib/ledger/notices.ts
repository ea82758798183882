/**
 * The outbox of notices: what targets outside are to be told of alerts.
 *
 * @module
 */
import { rowOf, rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/** One thing to tell one target. */
export interface Notice {
  /** The same at every attempt. */
  readonly id: string;
  readonly target: string;
  readonly kind: "slack" | "generic";
  readonly occasion: "opened" | "escalated" | "resolved";
  /** The alert as it was; amounts in its data are decimal strings. */
  readonly alert: Readonly<Record<string, unknown>>;
  /** ISO 8601. */
  readonly created_at: string;
  /** This one counted. */
  readonly attempts: number;
}

/** How long nobody else takes what one sender took. Longer than an attempt may take. */
const LEASE_SECONDS = 60;

/**
 * Takes what is due, the longest due first; so many of each target at most.
 *
 * @param now ISO 8601; undefined: the database's own clock.
 * @throws {VaultbookError} database_unavailable
 */
export function takeNotices(database: Database, each: number, now?: string): Promise<Notice[]> {
  return rowsOf(database, (sql) =>
    sql<Notice[]>`
    select id, target, kind, occasion, alert, to_jsonb(created_at) #>> '{}' as created_at, attempts
      from vaultbook.take_notices(${each}, make_interval(secs => ${LEASE_SECONDS}),
                                  coalesce(${now ?? null}::text::timestamptz, clock_timestamp()))`);
}

/**
 * Notes how an attempt ended.
 *
 * @param error a code; null: it was sent.
 * @param retrySeconds when it is due again, if it is not given up.
 * @param now ISO 8601; undefined: the database's own clock.
 * @returns what became of it; null where another sender took it over.
 * @throws {VaultbookError} database_unavailable
 */
export async function settleNotice(
  database: Database,
  notice: Notice,
  { error, retrySeconds, now }: { error: string | null; retrySeconds: number; now?: string | undefined },
): Promise<"sent" | "due" | "dead" | null> {
  const { status } = await rowOf(database, (sql) =>
    sql<{ status: "sent" | "due" | "dead" | null }[]>`
    select vaultbook.settle_notice(${notice.id}, ${notice.attempts}, ${error}, make_interval(secs => ${retrySeconds}),
                                   coalesce(${now ?? null}::text::timestamptz, clock_timestamp())) as status`);
  return status;
}
