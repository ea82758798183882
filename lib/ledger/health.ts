/**
 * What the database says of its own state.
 *
 * @module
 */
import type { PendingQuery, Row, Sql } from "postgres";
import type { Database } from "./database.ts";
import type { Job } from "./jobs.ts";

/** The last run of a job that ended otherwise than skipped. */
export interface LastRun {
  readonly status: "done" | "partial" | "failed";
  readonly code: string | null;
  readonly seconds_ago: number;
}

/** How Vaultbook does. Null where it never happened. */
export interface Health {
  /** Seconds since something new was received from the chain. */
  readonly ingest_lag_seconds: number | null;
  readonly open_critical_alerts: number;
  /** The last sweep that ended otherwise than skipped. */
  readonly last_sweep: LastRun | null;
  /** Finalized slots that no sweep has seen yet, when the chain was last asked. */
  readonly sweep_lag_slots: number | null;
  /** Seconds since everything that was final then had been seen. */
  readonly sweep_lag_seconds: number | null;
  /** The last reconciliation that ended otherwise than skipped. */
  readonly last_reconciliation: LastRun | null;
  /** Seconds since every vault was seen to be as the chain says. */
  readonly clean_reconciliation_seconds_ago: number | null;
  /** The last snapshots of all vaults, those of the day, and the last of the TVL. */
  readonly last_snapshots: LastRun | null;
  readonly last_daily_summary: LastRun | null;
  readonly last_tvl: LastRun | null;
  /** Ticks of the last day that have no snapshot, of all series together. */
  readonly missed_ticks: number;
  /** The last look at what lasts. */
  readonly last_monitor: LastRun | null;
  /** Jobs that nobody called for longer than the schedule has patience, by name: the monitor among them, which looks after the others. */
  readonly late_jobs: readonly string[];
  /** Why something is not on the schedule. */
  readonly schedule_problem: string | null;
  /** Invariants that nobody could count within a day. */
  readonly unchecked_invariants: number;
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
          from vaultbook.deliveries as d where d.source <> 'correction' order by d.id desc limit 1
      ),
      'open_critical_alerts', (
        select count(*) from public.alerts as a
         where a.severity = 'critical' and not a.acknowledged and a.resolved_at is null
      ),
      'last_sweep', ${lastRun(sql, "sweep")},
      'sweep_lag_slots', mark.lag_slots,
      'sweep_lag_seconds', mark.lag_seconds,
      'last_reconciliation', ${lastRun(sql, "reconcile")},
      'clean_reconciliation_seconds_ago', (
        select extract(epoch from clock_timestamp() - r.finished_at)::integer
          from vaultbook.reconciliations as r
         where r.owners is null and r.is_complete and r.mismatched = 0 and r.behind = 0
         order by r.id desc limit 1
      ),
      'last_snapshots', ${lastRun(sql, "snapshot")},
      'last_daily_summary', ${lastRun(sql, "daily_summary")},
      'last_tvl', ${lastRun(sql, "tvl")},
      'missed_ticks', (
        select coalesce(sum(m.ticks), 0)
          from (
            select h.ticks from vaultbook.missed_ticks as h where h.before_tick is null
            union all
            select h.ticks from vaultbook.missed_ticks as h where h.before_tick > now() - interval '1 day'
          ) as m
      ),
      'last_monitor', ${lastRun(sql, "monitor")},
      'late_jobs', (
        select coalesce(jsonb_agg(s.name order by s.name), '[]')
          from public.job_schedules as s
         where s.enabled
           and greatest(s.changed_at, (select max(r.started_at) from public.job_runs as r where r.job = s.name))
               < clock_timestamp() - s.patience
      ),
      'schedule_problem', (select min(s.problem) from public.job_schedules as s),
      'unchecked_invariants', (
        select count(*) from vaultbook.invariant_checks as k
         where k.violations is null or k.checked_at < clock_timestamp() - interval '1 day'
      ),
      'failed_alerts', (
        select count(*) from vaultbook.alert_failures as f where f.failed_at > now() - interval '1 hour'
      )
    ) as health
      from (
        -- By the node that has seen most.
        select (max(w.tip_slot) - max(w.slot))::integer as lag_slots,
               extract(epoch from clock_timestamp() - max(w.seen_at))::integer as lag_seconds
          from (
            select m.tip_slot, m.slot, m.seen_at from vaultbook.watermarks as m where m.address = ${program}
            union all
            -- Where the program is too busy it is the vaults that are seen: as far as the one that was not for the longest.
            select max(m.tip_slot), min(m.slot), min(m.seen_at)
              from vaultbook.watermarks as m join public.vaults as v on v.vault_address = m.address
             group by m.source
            having count(*) = (select count(*) from public.vaults)
          ) as w
      ) as mark`
  );
  if (!row) throw new Error("Cannot read the state: the database answered nothing");
  return row.health;
}

/** The last run of a job as JSON, as part of a query. */
function lastRun(sql: Sql, job: Job): PendingQuery<Row[]> {
  return sql`(
        select jsonb_build_object(
                 'status', r.status, 'code', r.code, 'seconds_ago', extract(epoch from clock_timestamp() - r.finished_at)::integer
               )
          from public.job_runs as r
         where r.job = ${job} and r.status in ('done', 'partial', 'failed')
         order by r.started_at desc limit 1
      )`;
}
