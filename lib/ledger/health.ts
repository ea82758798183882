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
  /** Alerts of the last hour that could not be raised. */
  readonly failed_alerts: number;
}

/** @throws the driver's error when the database cannot be reached. */
export async function readHealth(database: Database): Promise<Health> {
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
      'failed_alerts', (
        select count(*) from vaultbook.alert_failures as f where f.failed_at > now() - interval '1 hour'
      )
    ) as health`
  );
  if (!row) throw new Error("Cannot read the state: the database answered nothing");
  return row.health;
}
