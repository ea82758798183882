/**
 * Row 38: what pg_net had queued is gone after a crash.
 *
 * @module
 */
import { expect } from "expect";
import postgres from "postgres";
import { createMonitor } from "@/functions/monitor/app.ts";
import { readSettings } from "@/functions/monitor/settings.ts";
import { startJobs } from "@/supabase/local/jobs/jobs.ts";
import { startMortalPostgres } from "@/tasks/fuzz/mortal_postgres.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

const SECRET = "the cron secret";

Deno.test("row 38: a crash between queueing a daily job's call and sending it: it is called again, once, and runs", async () => {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-" });
  // PostgreSQL, which does not run as root, must get through.
  await Deno.chmod(folder, 0o711);
  const server = await startMortalPostgres(folder);
  try {
    const database = await openTestDatabase({ server: server.adminUrl });
    await database.admin.end();
    const { url, adminUrl } = database;
    const called: string[] = [];
    const settings = readSettings({ SUPABASE_DB_URL: url, CRON_SECRET: SECRET });
    const monitor = createMonitor({ ...settings, log: () => {} });
    const functions = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const target = new URL(request.url);
      target.pathname = target.pathname.replace("/functions/v1", "");
      called.push(target.pathname);
      return await monitor.fetch(new Request(target, request));
    });
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    try {
      await sql`select vault.create_secret(${`http://127.0.0.1:${functions.addr.port}`}, 'project_url'),
                       vault.create_secret(${SECRET}, 'cron_secret')`;
      await sql`update public.job_schedules set enabled = false where name <> 'retention'`;
      // Due an hour ago by a schedule of yesterday.
      await sql`update public.job_schedules set schedule = to_char((now() - interval '1 hour') at time zone 'utc', 'FMMI FMHH24 * * *')
                 where name = 'retention'`;
      await sql`update public.job_schedules set changed_at = now() - interval '2 days'`;
      await sql`select vaultbook.call_job('retention')`;
      expect((await sql`select id from net.http_request_queue`).length).toBe(1);
      await sql.end();
      await server.kill();
      await server.revive();

      const later = postgres(url, { max: 1, onnotice: () => {} });
      expect((await later`select id from net.http_request_queue`).length).toBe(0);
      const watch = async (after: string): Promise<string> =>
        (await later`select vaultbook.watch_jobs(now() + ${after}::interval) as repeated`)[0]?.repeated;
      expect([await watch("1 minute"), await watch("6 minutes"), await watch("7 minutes")]).toEqual(["0", "1", "1"]);
      expect((await later`select id from net.http_request_queue`).length).toBe(1);
      const jobs = await startJobs({ adminUrl, cron: false, net: true, log: () => {} });
      try {
        await eventually(
          "the retention to run",
          async () => (await later`select from public.job_runs where job = 'retention' and status = 'done'`).length > 0,
          30_000,
        );
      } finally {
        await jobs.close();
      }
      expect([called, await watch("30 minutes")]).toEqual([["/monitor"], "0"]);
      await later.end();
    } finally {
      await functions.shutdown();
      await settings.database.close();
    }
  } finally {
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
});
