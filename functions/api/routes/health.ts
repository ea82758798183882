/**
 * `GET /api/health`: whether Vaultbook does its work, for monitors. Tells no secret and no amount.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type Health, readHealth } from "@/lib/ledger/health.ts";
import { answers, type ApiEnvironment, routes } from "../endpoint.ts";
import type { Settings } from "../settings.ts";

/** A delivery this long ago, in seconds, makes the state degraded: on a working exchange something always happens. */
const INGEST_LAG_SECONDS_MAX = 300;

/** The chain is swept every minute; what was final so long ago, in seconds, must have been seen. */
const SWEEP_LAG_SECONDS_MAX = 600;

const STATE = z.object({
  status: z.enum(["ok", "degraded", "down"]),
  checks: z.looseObject({ database: z.enum(["ok", "unreachable"]) }),
}).openapi("Health");

type State = z.infer<typeof STATE>;

const HEALTH = createRoute({
  method: "get",
  path: "/",
  summary: "Whether Vaultbook does its work",
  request: { query: z.strictObject({}) },
  responses: {
    ...answers("It does; degraded: somebody should look", STATE, ["parameter_invalid"]),
    503: { description: "down: the database cannot be reached", content: { "application/json": { schema: STATE } } },
  },
});

/** `{"status":"ok"|"degraded"|"down","checks":{…}}`; 503 when down. */
export function health({ database, program }: Settings): OpenAPIHono<ApiEnvironment> {
  const route = routes();
  route.openapi(HEALTH, async (c) => {
    c.header("cache-control", "no-store");
    let checks: Health;
    try {
      checks = await readHealth(database, program.address);
    } catch {
      const down: State = { status: "down", checks: { database: "unreachable" } };
      return c.json(down, 503);
    }
    const isBehind = checks.last_sweep?.status === "failed" || (checks.sweep_lag_seconds ?? 0) > SWEEP_LAG_SECONDS_MAX;
    const isUntaken = [checks.last_snapshots, checks.last_daily_summary, checks.last_tvl]
      .some((run) => run?.status === "failed");
    const isUnreconciled = checks.last_reconciliation?.status === "failed";
    const isUnwatched = checks.late_jobs.length > 0 || checks.schedule_problem !== null ||
      checks.unchecked_invariants > 0 || checks.last_monitor?.status === "failed";
    const late = checks.ingest_lag_seconds === null || checks.ingest_lag_seconds > INGEST_LAG_SECONDS_MAX;
    const isWrong = late || isBehind || isUnreconciled || isUntaken || isUnwatched ||
      checks.open_critical_alerts > 0 || checks.failed_alerts > 0;
    const state: State = { status: isWrong ? "degraded" : "ok", checks: { database: "ok", ...checks } };
    return c.json(state, 200);
  });
  return route;
}
