import { expect } from "expect";
import postgres, { type Sql } from "postgres";
import { startJobs } from "@/supabase/local/jobs/jobs.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { eventually } from "./support/eventually.ts";

let database: TestDatabase;
/** A session of the role `postgres`, as migrations and the dashboard have it. */
let owner: Sql;

Deno.test.beforeAll(async () => {
  database = await openTestDatabase({ migrated: false });
  owner = postgres(database.url, { max: 1, onnotice: () => {} });
  // Connections are opened here, so that no test is charged for their timers.
  await Promise.all([owner`select 1`, database.admin`select 1`]);
});

Deno.test.beforeEach(async () => {
  await database.admin`truncate cron.job, cron.job_run_details`;
});

Deno.test.afterAll(async () => {
  await owner.end();
  await database.close();
});

/** How many sessions the scheduler and its jobs have. */
async function sessions(): Promise<number> {
  return (await database.admin`
    select from pg_stat_activity where datname = current_database() and application_name like 'pg_cron%'`).length;
}

/** Runs the scheduler while `body` runs; gives what it logged. */
async function whileScheduling(body: () => Promise<void>, now?: () => Date): Promise<string[]> {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const jobs = await startJobs({ adminUrl: database.adminUrl, cron: true, net: false, log, ...(now ? { now } : {}) });
  try {
    await body();
  } finally {
    await jobs.close();
  }
  await eventually("its sessions' end", async () => await sessions() === 0);
  return lines;
}

/** The runs of a job that have ended, oldest first. */
async function endedRuns(jobname: string): Promise<{ status: string; return_message: string }[]> {
  return await database.admin`
    select status, return_message from cron.job_run_details join cron.job using (jobid)
     where jobname = ${jobname} and status in ('succeeded', 'failed') order by runid`;
}

Deno.test("startJobs() runs a job every second and records it as pg_cron does", async () => {
  await whileScheduling(async () => {
    const scheduled = performance.now();
    await owner`select cron.schedule('rows', '1 seconds', 'select 1 union all select 2')`;
    const [run] = await eventually("a run", async () => {
      const runs = await database.admin`select * from cron.job_run_details where status = 'succeeded'`;
      return runs.length > 0 && runs;
    });
    expect(performance.now() - scheduled).toBeLessThan(2500);
    expect(run).toMatchObject({
      command: "select 1 union all select 2",
      username: "postgres",
      status: "succeeded",
      return_message: "2 rows",
    });
    expect(run?.job_pid).toBeGreaterThan(0);
    expect(run?.end_time >= run?.start_time).toBe(true);
    await owner`select cron.unschedule('rows')`;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const count = async (): Promise<number> => (await database.admin`select from cron.job_run_details`).length;
    const before = await count();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await count()).toBe(before);
  });
});

Deno.test("startJobs() words each outcome as libpq does", async () => {
  await owner`create table if not exists public.outcomes (n integer)`;
  const commands: [string, string, string][] = [
    ["one", "select 1", "1 row"],
    ["none", "select 1 where false", "0 rows"],
    ["insert", "insert into public.outcomes values (1), (2)", "INSERT 0 2"],
    ["returning", "insert into public.outcomes values (3) returning n", "1 row"],
    ["do", "do $$ begin end $$", "DO"],
    ["many", "insert into public.outcomes values (4), (4), (4); delete from public.outcomes where n = 99", "DELETE 0"],
    ["rows last", "delete from public.outcomes where n = 7; select 1; select 1 where false", "0 rows"],
    ["tag last", "select 1 union all select 2; create temp table t as select 1", "SELECT 1"],
    ["empty", "", "0 rows"],
    ["vacuum", "vacuum public.outcomes", "VACUUM"],
    ["copy", "copy public.outcomes to stdout", "COPY not supported"],
    ["zero", "select 1 / 0", "ERROR:  division by zero\n"],
    ["syntax", "select 1;\nselec 2", 'ERROR:  syntax error at or near "selec"\nLINE 2: selec 2\n        ^\n'],
    [
      "context",
      "do $$ begin raise 'no' using detail = 'd', hint = 'h'; end $$",
      "ERROR:  no\nDETAIL:  d\nHINT:  h\nCONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE\n",
    ],
    ["atomic", "insert into public.outcomes values (99); select 1 / 0", "ERROR:  division by zero\n"],
  ];
  for (const [name, command] of commands) await owner`select cron.schedule(${name}, '1 seconds', ${command})`;
  const lines = await whileScheduling(async () => {
    for (const [name, , message] of commands) {
      const [run] = await eventually(`a run of ${name}`, async () => {
        const runs = await endedRuns(name);
        return runs.length > 0 && runs;
      });
      const status = /^ERROR|^COPY/.test(message) ? "failed" : "succeeded";
      expect([name, run]).toEqual([name, { status, return_message: message }]);
    }
  });
  expect(lines).toContain("cron: job zero failed: ERROR:  division by zero");
  expect(await owner`select from public.outcomes where n = 99`).toHaveLength(0);
});

Deno.test("startJobs() runs a command as the job's role, with that role's settings and no others", async () => {
  await owner`create table if not exists public.seen (who text, login text, super text, path text)`;
  await database.admin`alter role postgres in database ${database.admin(await name())} set search_path = 'one', 'two'`;
  await owner`select cron.schedule('who', '1 seconds', ${`
    insert into public.seen
    values (current_user, session_user, current_setting('is_superuser'), current_setting('search_path'))`})`;
  await whileScheduling(async () => {
    const [row] = await eventually("the row", async () => {
      const rows = await database.admin`select * from public.seen`;
      return rows.length > 0 && rows;
    });
    expect(row).toEqual({ who: "postgres", login: "postgres", super: "off", path: "one, two" });
  });
  await database.admin`alter role postgres in database ${database.admin(await name())} reset search_path`;
});

async function name(): Promise<string> {
  const [row] = await database.admin`select current_database() as name`;
  return row?.name;
}

Deno.test("startJobs() lets no job run as a role that cannot log in", async () => {
  await database.admin`insert into cron.job (jobname, schedule, command, username)
                       values ('anon', '1 seconds', 'select 1', 'anon')`;
  await whileScheduling(async () => {
    const [run] = await eventually("a run", async () => {
      const runs = await endedRuns("anon");
      return runs.length > 0 && runs;
    });
    expect(run).toEqual({ status: "failed", return_message: "connection failed" });
  });
});

Deno.test("startJobs() never runs a job beside itself; the run that fell due in between follows at once", async () => {
  await owner`create table if not exists public.marks (at timestamptz default clock_timestamp(), is_end boolean)`;
  await owner`select cron.schedule('slow', '1 seconds', ${`
    insert into public.marks (is_end) values (false); select pg_sleep(1.6); insert into public.marks (is_end) values (true)`})`;
  await whileScheduling(async () => {
    await eventually("two runs", async () => (await endedRuns("slow")).length >= 2, 8000);
    const runs = await database.admin`
      select extract(epoch from start_time - lag(end_time) over (order by runid)) as gap
        from cron.job_run_details where status = 'succeeded' order by runid`;
    expect(Number(runs[1]?.gap)).toBeGreaterThanOrEqual(0);
    expect(Number(runs[1]?.gap)).toBeLessThan(0.5);
  });
});

Deno.test("startJobs() cancels the run of a job that is unscheduled or switched off", async () => {
  await owner`select cron.schedule('long', '1 seconds', 'select pg_sleep(60)')`;
  const [kept] = await owner`select cron.schedule('kept', '1 seconds', 'select pg_sleep(60)') as id`;
  await whileScheduling(async () => {
    const running = async (): Promise<number> =>
      (await database.admin`select from cron.job_run_details where status = 'running'`).length;
    await eventually("two runs", async () => await running() === 2);
    await owner`select cron.unschedule('long'), cron.alter_job(${kept?.id}, active := false)`;
    await eventually("no runs", async () => await running() === 0);
    const runs = await database.admin`select status, return_message from cron.job_run_details`;
    expect([...runs]).toEqual(Array(2).fill({ status: "failed", return_message: "job canceled" }));
    const sessions = await database.admin`
      select from pg_stat_activity where datname = current_database() and application_name = 'pg_cron'`;
    expect(sessions).toHaveLength(0);
  });
});

Deno.test("startJobs() marks what an earlier scheduler left running as failed", async () => {
  await owner`select cron.schedule('long', '1 seconds', 'select pg_sleep(60)')`;
  await whileScheduling(async () => {
    await eventually(
      "a run",
      async () => (await database.admin`select from cron.job_run_details where status = 'running'`).length === 1,
    );
  });
  const [left] = await database.admin`select status from cron.job_run_details`;
  expect(left?.status).toBe("running");
  await owner`select cron.unschedule('long')`;
  await whileScheduling(async () => {
    const [run] = await database.admin`select status, return_message from cron.job_run_details`;
    expect(run).toEqual({ status: "failed", return_message: "server restarted" });
    await Promise.resolve();
  });
});

Deno.test("startJobs() runs five-field jobs when their minute comes, and @reboot jobs at the start", async () => {
  let time = Date.UTC(2027, 0, 31, 23, 59, 30);
  await owner`select cron.schedule('new month', '0 0 1 * *', 'select 1'), cron.schedule('month end', '59 23 $ * *', 'select 1'),
                     cron.schedule('start', '@reboot', 'select 1')`;
  await whileScheduling(async () => {
    await eventually("the start job", async () => (await endedRuns("start")).length === 1);
    time += 60_000;
    await eventually("the new month", async () => (await endedRuns("new month")).length === 1);
    expect(await endedRuns("month end")).toHaveLength(0);
    time = Date.UTC(2027, 1, 28, 23, 58, 59);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    time = Date.UTC(2027, 1, 28, 23, 59, 1);
    await eventually("the month's end", async () => (await endedRuns("month end")).length === 1);
    expect(await endedRuns("start")).toHaveLength(1);
    expect(await endedRuns("new month")).toHaveLength(1);
  }, () => new Date(time));
});

Deno.test("startJobs() goes on after its connections were cut, and closes what the cut left open", async () => {
  await owner`select cron.schedule('long', '1 seconds', 'select pg_sleep(60)'), cron.schedule('short', '1 seconds', 'select 1')`;
  await whileScheduling(async () => {
    await eventually(
      "the long run",
      async () =>
        (await database.admin`select from cron.job_run_details where status = 'running' and command like '%60%'`)
          .length === 1,
    );
    await database.admin`select cron.unschedule('long') where false`;
    await database.admin`
      select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'pg_cron%'`;
    const cut = (await endedRuns("short")).length;
    await eventually("another run", async () => (await endedRuns("short")).length > cut + 1, 8000);
    const [run] = await eventually("the long run's end", async () => {
      const runs = await endedRuns("long");
      return runs.length > 0 && runs;
    });
    expect(run?.status).toBe("failed");
  });
});
