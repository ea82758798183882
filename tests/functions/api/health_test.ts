/**
 * What the health check says of jobs, schedule and invariants.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { openTestDatabase } from "@/tests/support/database.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";
import { openWebhook } from "@/tests/support/webhook.ts";

/** A test on a book that has just heard of something. */
function healthTest(name: string, run: (health: () => Promise<unknown>, sql: Sql) => Promise<void>): void {
  Deno.test(name, async () => {
    const database = await openTestDatabase();
    const api = openWebhook(database.url);
    try {
      await api.post(bodyOf());
      await database.admin`update public.job_schedules set changed_at = now()`;
      await run(async () => await (await api.get("/api/health")).json(), database.admin);
    } finally {
      await api.close();
      await database.close();
    }
  });
}

healthTest("GET /api/health tells degraded when nobody calls a job", async (health, sql) => {
  expect(await health()).toMatchObject({ status: "ok", checks: { late_jobs: [], last_monitor: null } });
  await sql`update public.job_schedules set changed_at = now() - interval '6 minutes' where name = 'monitor'`;
  expect(await health()).toMatchObject({ status: "degraded", checks: { late_jobs: ["monitor"] } });
  await sql`insert into public.job_runs (job, status, finished_at) values ('monitor', 'done', now())`;
  expect(await health()).toMatchObject({ status: "ok", checks: { late_jobs: [], last_monitor: { status: "done" } } });
});

healthTest("GET /api/health tells degraded when something is not scheduled, and why", async (health, sql) => {
  await sql`update public.job_schedules set problem = 'Nothing is scheduled' where name = 'tvl'`;
  expect(await health()).toMatchObject({ status: "degraded", checks: { schedule_problem: "Nothing is scheduled" } });
});

healthTest("GET /api/health tells degraded when an invariant cannot be counted", async (health, sql) => {
  await sql`insert into vaultbook.invariant_checks (invariant, checked_at, took) values ('I3', now(), '5 seconds')`;
  expect(await health()).toMatchObject({ status: "degraded", checks: { unchecked_invariants: 1 } });
});
