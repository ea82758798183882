/**
 * What the database says of its own state.
 *
 * @module
 */
import type { Database } from "./database.ts";

/** How Vaultbook does. Null where it never happened. */
export interface Health {
  /** Seconds since something new was received from the chain. */
  readonly ingest_lag_seconds: number | null;
  readonly open_critical_alerts: number;
  /** The last sweep that ended otherwise than skipped. */
  readonly last_sweep: {
    readonly status: "done" | "partial" | "failed";
    readonly code: string | null;
    readonly seconds_ago: number;
  } | null;
  /** Finalized slots that no sweep has seen yet, when the chain was last asked. */
  readonly sweep_lag_slots: number | null;
  /** Seconds since everything that was final then had been seen. */
  readonly sweep_lag_seconds: number | null;
  /** The last reconciliation that ended otherwise than skipped. */
  readonly last_reconciliation: {
    readonly status: "done" | "partial" | "failed";
    readonly code: string | null;
    readonly seconds_ago: number;
  } | null;
  /** Seconds since every vault was seen to be as the chain says. */
  readonly clean_reconciliation_seconds_ago: number | null;
  /** Alerts of the last hour that could not be raised. */
  readonly failed_alerts: number;
}

/**
 * @param program the vault program, by its address.
 * @throws the driver's error when the database cannot be reached.
 */
export async function readHealth(database: Database, program: string): Promise<Health> {
  const [row] = await database.run((sql) =>
    sql<{ health: Health }[]>`
    select jsonb_build_object(
      'ingest_lag_seconds', (
        select extract(epoch from clock_timestamp() - d.received_at)::integer
          from vaultbook.deliveries as d order by d.id desc limit 1
      ),
      'open_critical_alerts', (
        select count(*) from public.alerts as a
         where a.severity = 'critical' and not a.acknowledged and a.resolved_at is null
      ),
      'last_sweep', (
        select jsonb_build_object(
                 'status', r.status, 'code', r.code, 'seconds_ago', extract(epoch from clock_timestamp() - r.finished_at)::integer
               )
          from public.job_runs as r
         where r.job = 'sweep' and r.status in ('done', 'partial', 'failed')
         order by r.started_at desc limit 1
      ),
      'sweep_lag_slots', mark.lag_slots,
      'sweep_lag_seconds', mark.lag_seconds,
      'last_reconciliation', (
        select jsonb_build_object(
                 'status', r.status, 'code', r.code, 'seconds_ago', extract(epoch from clock_timestamp() - r.finished_at)::integer
               )
          from public.job_runs as r
         where r.job = 'reconcile' and r.status in ('done', 'partial', 'failed')
         order by r.started_at desc limit 1
      ),
      'clean_reconciliation_seconds_ago', (
        select extract(epoch from clock_timestamp() - r.finished_at)::integer
          from vaultbook.reconciliations as r
         where r.owners is null and r.is_complete and r.mismatched = 0 and r.behind = 0
         order by r.id desc limit 1
      ),
      'failed_alerts', (
        select count(*) from vaultbook.alert_failures as f where f.failed_at > now() - interval '1 hour'
      )
    ) as health
      from (
        -- By the node that has seen most.
        select (max(w.tip_slot) - max(w.slot))::integer as lag_slots,
               extract(epoch from clock_timestamp() - max(w.seen_at))::integer as lag_seconds
          from vaultbook.watermarks as w where w.address = ${program}
      ) as mark`
  );
  if (!row) throw new Error("Cannot read the state: the database answered nothing");
  return row.health;
}
