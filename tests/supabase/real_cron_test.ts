/**
 * The schedule on the real pg_cron: what the migrations make of a PostgreSQL that has it and nothing else of Supabase's, and one whole round
 * from its tick to a run of a function. pg_net is nowhere to be had for Debian: Vaultbook's stand-in sends what is queued.
 *
 * @module
 */
import { expect } from "expect";
import { fileURLToPath } from "node:url";
import postgres, { type Sql } from "postgres";
import { createMonitor } from "@/functions/monitor/app.ts";
import { readSettings } from "@/functions/monitor/settings.ts";
import { startJobs } from "@/supabase/local/jobs/jobs.ts";
import { applyMigrations } from "@/supabase/local/migrations.ts";
import { installProject } from "@/supabase/local/project.ts";
import { quoteLiteral } from "@/supabase/local/sql_text.ts";
import type { TestServer } from "@/tasks/test/server.ts";
import { runSqlTestsOn } from "@/tasks/test/sql_tests.ts";
import { schedulingTest } from "@/tests/support/scheduling_server.ts";
import { eventually } from "./local/support/eventually.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SECRET = "the cron secret";

/** What pg_cron, jobs and schedule have to do with. The whole of it runs on this PostgreSQL in tests/schema/sql_coverage_test.ts. */
const CHAPTERS = ["15_jobs", "20_schedule", "21_watch", "22_monitor", "23_missing_extensions"].map((name) =>
  `supabase/tests/${name}.sql`
);

/** What the database does for itself on Sundays, and all that is to be seen running. In order. */
const SUNDAYS = ["vaultbook: leftovers", "vaultbook: reindex"];
const RAN = ["vaultbook monitor", ...SUNDAYS, "vaultbook: watch"];

/** pg_cron 1.4 ticks each full minute. Milliseconds. */
const TICK_MS = 65_000;
/** Whatever is not to be disturbed by a tick is begun before this second of a minute. */
const LAST_SECOND = 50;

await schedulingTest(
  "row 38: the real pg_cron calls a function of ours, and what is missing is told of",
  async (server) => {
    const admin = postgres(server.adminUrl, { max: 2, onnotice: () => {} });
    const ownerUrl = new URL(server.adminUrl);
    ownerUrl.username = "postgres";
    const owner = postgres(ownerUrl.href, { max: 1, onnotice: () => {} });
    try {
      await awayFromTick();
      await migrateWithoutNet(admin, owner, ownerUrl.password);
      await bringNet(admin, owner);
      await runChapters(admin, server);
      await goRound(admin, owner, server.adminUrl, ownerUrl.href);
    } finally {
      await owner.end();
      await admin.end();
    }
  },
);

async function awayFromTick(): Promise<void> {
  const second = new Date().getSeconds();
  if (second > LAST_SECOND) await new Promise((resume) => setTimeout(resume, (61 - second) * 1000));
}

/** A superuser made pg_cron; `postgres`, who migrates, is none. */
async function migrateWithoutNet(admin: Sql, owner: Sql, password: string): Promise<void> {
  await admin`create extension pg_cron`;
  await installProject(admin);
  await admin.unsafe(`alter role postgres password ${quoteLiteral(decodeURIComponent(password))}`);
  await admin`drop schema net, vault cascade`;
  expect((await applyMigrations(owner)).length).toBeGreaterThan(30);
  const jobs = await owner`select jobname::text as name from cron.job order by jobname::text collate "C"`;
  expect(jobs.map(({ name }) => name)).toEqual(
    ["check", "forget", "leftovers", "reindex", "watch"].map((name) => `vaultbook: ${name}`),
  );
  const problems = await owner`select distinct problem from public.job_states`;
  expect([...problems]).toEqual([{ problem: "Not scheduled: the database has no pg_net to call functions with" }]);
  await owner`select vaultbook.call_job('sweep')`;
  const [run] = await owner`select job, status, code, message from public.job_runs`;
  expect(run).toEqual({
    job: "sweep",
    status: "failed",
    code: "schedule_broken",
    message: expect.stringMatching(/^It was not called: .*"net/),
  });
  await owner`delete from public.job_runs`;
}

/** What was missing comes: the watch, which needs nobody, puts all on the schedule. */
async function bringNet(admin: Sql, owner: Sql): Promise<void> {
  await admin`create schema net authorization supabase_admin`;
  await admin`create schema vault authorization supabase_admin`;
  await installProject(admin);
  await owner`select vaultbook.watch_jobs()`;
  const [{ scheduled, problems } = {}] = await owner`
    select (select count(*)::integer from cron.job where username = 'postgres') as scheduled, count(problem)::integer as problems
      from public.job_states`;
  expect([scheduled, problems]).toEqual([12, 0]);
}

async function runChapters(admin: Sql, { adminUrl, interrupted }: TestServer): Promise<void> {
  const told: string[] = [];
  const say = (line: string): void => void told.push(line);
  const { passed, failed } = await runSqlTestsOn(admin, { root: ROOT, files: CHAPTERS, adminUrl, say, interrupted });
  expect([failed, passed > 100]).toEqual([[], true]);
}

/** From a tick of pg_cron to a run on record. */
async function goRound(admin: Sql, owner: Sql, adminUrl: string, ownerUrl: string): Promise<void> {
  const settings = readSettings({ SUPABASE_DB_URL: ownerUrl, CRON_SECRET: SECRET });
  const monitor = createMonitor({ ...settings, log: () => {} });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const url = new URL(request.url);
    url.pathname = url.pathname.replace("/functions/v1", "");
    return await monitor.fetch(new Request(url, request));
  });
  const jobs = await startJobs({ adminUrl, cron: false, net: true, log: () => {} });
  try {
    await owner`update public.job_schedules set enabled = false where name <> 'monitor'`;
    // What is due on Sundays, now.
    await owner`
      select cron.schedule(jobname::text, '* * * * *', command) from cron.job where jobname::text = any (${SUNDAYS as string[]})`;
    await owner`select vault.create_secret(${`http://127.0.0.1:${server.addr.port}`}, 'project_url'),
                       vault.create_secret(${SECRET}, 'cron_secret')`;
    await eventually(
      "pg_cron to call the monitor",
      async () => (await owner`select from public.job_runs where job = 'monitor' and status = 'done'`).length === 1,
      TICK_MS,
    );
    const ran = await eventually("pg_cron to note its runs", async () => {
      const rows = await admin`
        select j.jobname::text as name, d.status, d.username from cron.job_run_details as d join cron.job as j on j.jobid = d.jobid
         where j.jobname::text = any (${RAN as string[]}) and d.end_time is not null order by 1`;
      return rows.length === RAN.length ? [...rows] : undefined;
    });
    expect(ran).toEqual(RAN.map((name) => ({ name, status: "succeeded", username: "postgres" })));
    const answers = await eventually("the answer to be kept", async () => {
      const rows = await admin`select status_code, content::jsonb ->> 'job' as job from net._http_response`;
      return rows.length > 0 ? [...rows] : undefined;
    });
    expect(answers).toEqual([{ status_code: 200, job: "monitor" }]);
  } finally {
    await jobs.close();
    await server.shutdown();
    await settings.database.close();
  }
}
