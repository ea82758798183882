/**
 * Alerts as clients see them.
 *
 * @module
 */
import type { Caller } from "@/lib/domain/caller.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { rowsFor } from "./as_caller.ts";
import { rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";
import { statement } from "./statement.ts";

/** A row of `public.alerts`; times as ISO 8601, amounts within `data` as decimal strings in base units. */
export interface Alert {
  readonly id: string;
  readonly severity: "info" | "warning" | "critical";
  readonly alert_type: string;
  readonly vault_owner: string | null;
  readonly message: string;
  readonly data: unknown;
  readonly acknowledged: boolean;
  readonly created_at: string;
  readonly acknowledged_at: string | null;
  readonly subject: string;
  readonly resolved_at: string | null;
  readonly acknowledged_by: string | null;
}

/** The place of an alert: the newest come first. */
export interface AlertPosition {
  readonly createdAt: string;
  readonly id: string;
}

/** What is asked for. */
export interface AlertQuestion {
  readonly severity?: string | undefined;
  readonly type?: string | undefined;
  readonly isAcknowledged?: boolean | undefined;
  /** Null: from the newest on. */
  readonly after: AlertPosition | null;
  /** Alerts at most. */
  readonly limit: number;
}

/**
 * One page of the alerts that the caller may see: an owner's own, all for operators and the service.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function readAlerts(
  database: Database,
  caller: Caller,
  question: AlertQuestion,
): Promise<{ alerts: Alert[]; next: AlertPosition | null }> {
  const { severity = null, type = null, isAcknowledged = null, after, limit } = question;
  // An owner's are found by the owner: the policy alone would read all of them.
  const owner = caller.kind === "service" || caller.isOps ? null : caller.wallet ?? "";
  const query = statement`
    select to_jsonb(a) as alert
      from public.alerts as a
     where (${owner}::text is null or a.vault_owner = ${owner})
       and (${severity}::text is null or a.severity = ${severity})
       and (${type}::text is null or a.alert_type = ${type})
       and (${isAcknowledged}::boolean is null or a.acknowledged = ${isAcknowledged}::boolean)
       and (${after === null} or (a.created_at, a.id) < (${after?.createdAt ?? null}::text::timestamptz, ${
    after?.id ?? null
  }::uuid))
     order by a.created_at desc, a.id desc
     limit ${limit + 1}`;
  const found = await rowsFor<{ alert: Alert }>(database, caller, query);
  const alerts = found.slice(0, limit).map(({ alert }) => alert);
  const last = alerts.at(-1);
  return { alerts, next: found.length > limit && last ? { createdAt: last.created_at, id: last.id } : null };
}

/**
 * Notes that the caller has seen to an alert; repeating it is harmless, and the first one stays on record.
 *
 * @param id a UUID.
 * @throws {VaultbookError} alert_unknown, also where it is somebody else's; database_unavailable
 */
export async function acknowledgeAlert(database: Database, caller: Caller, id: string): Promise<Alert> {
  const isOwner = caller.kind === "user" && !caller.isOps;
  const owner = isOwner ? caller.wallet ?? "" : null;
  const by = caller.kind === "service" ? "service" : String(caller.wallet ?? caller.claims.sub);
  const [row] = await rowsOf(database, (sql) =>
    sql<{ alert: Alert }[]>`
    select to_jsonb(a) as alert from vaultbook.acknowledge_alert(${id}::uuid, ${owner}, ${by}) as a`);
  if (!row) throw new VaultbookError("alert_unknown", { id });
  return row.alert;
}
