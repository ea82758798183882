import { expect } from "expect";
import postgres, { type Sql } from "postgres";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";

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

/** The error of a statement of `postgres`. */
async function refusal(statement: string): Promise<{ code?: string; message: string; hint?: string }> {
  try {
    await owner.unsafe(statement);
  } catch (error) {
    return error as { code?: string; message: string; hint?: string };
  }
  throw new Error(`Was not refused: ${statement}`);
}

Deno.test("cron.schedule() makes a job of the caller and changes it under its name", async () => {
  const [first] = await owner`select cron.schedule('vacuum', '0 10 * * *', 'vacuum') as id`;
  const [second] = await owner`select cron.schedule('vacuum', '0 11 * * *', 'vacuum full') as id`;
  expect(second?.id).toBe(first?.id);
  const [{ current_database: name } = {}] = await owner`select current_database()`;
  const jobs = await owner`select jobname, schedule, command, database, username, active from cron.job`;
  expect([...jobs]).toEqual([{
    jobname: "vacuum",
    schedule: "0 11 * * *",
    command: "vacuum full",
    database: name,
    username: "postgres",
    active: true,
  }]);
});

Deno.test("cron.schedule() names the owner of a definer function that calls it, as GetUserId() does", async () => {
  await database.admin.unsafe(`
    create function public.schedule_for_me() returns bigint language sql security definer set search_path = ''
    as $$ select cron.schedule('mine', '* * * * *', 'select 1') $$;
    grant execute on function public.schedule_for_me to postgres`).simple();
  await owner`select public.schedule_for_me()`;
  const [job] = await database.admin`select username from cron.job`;
  expect(job?.username).toBe("supabase_admin");
});

Deno.test("cron.schedule() refuses what is no schedule, in pg_cron's words", async () => {
  const wrong = [
    "* * * *",
    "5 secondc",
    "50 seconds c",
    "-1 seconds",
    "0 seconds",
    "60 seconds",
    "10000000000 seconds",
  ];
  wrong.push(
    "@restar",
    "1/20 * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "* * * foo *",
  );
  for (const schedule of [...wrong, "*/0 * * * *", "5-1 * * * *", ",1 * * * *", "", "* * $,1 * *", "* * * * * *"]) {
    const error = await refusal(`select cron.schedule('${schedule}', 'select 1')`);
    expect(error).toMatchObject({
      code: "22023",
      message: `invalid schedule: ${schedule}`,
      hint: "Use cron format (e.g. 5 4 * * *), or interval format '[1-59] seconds'",
    });
  }
  for (
    const schedule of [
      "1 second",
      " 30 sEcOnDs ",
      "17  seconds ",
      "@restart",
      "@daily",
      "0 0 $ * *",
      "*/5\t1,2 * jan SUN",
    ]
  ) {
    await owner`select cron.schedule(${schedule}, 'select 1')`;
  }
});

Deno.test("cron.job cannot be written by postgres but through the functions", async () => {
  await database.admin`select cron.schedule('theirs', '* * * * *', 'select 1')`;
  const denied = { code: "42501", message: "permission denied for table job" };
  expect(await refusal("insert into cron.job (schedule, command) values ('* * * * *', 'select 1')")).toMatchObject(
    denied,
  );
  expect(await refusal("update cron.job set command = 'select 2'")).toMatchObject(denied);
  expect(await refusal("delete from cron.job")).toMatchObject(denied);
  expect(await refusal("select cron.unschedule(jobid) from cron.job")).toMatchObject(denied);
  const other = await refusal(
    "insert into cron._writable_job (schedule, command, username) values ('* * * * *', 'select 1', 'supabase_admin')",
  );
  expect(other.code).toBe("44000");
  expect((await refusal("select cron.alter_job(jobid, active := false) from cron.job")).message).toMatch(
    /^Job \d+ does not exist or you don't own it$/,
  );
  expect((await refusal("select cron.unschedule('theirs')")).message).toBe(
    "could not find valid entry for job 'theirs'",
  );
  expect((await refusal("select cron.unschedule(999999)")).message).toBe("could not find valid entry for job 999999");
  const [count] = await database.admin`select count(*)::integer as jobs from cron.job where command = 'select 1'`;
  expect(count?.jobs).toBe(1);
});

Deno.test("cron.alter_job() changes what it is given, and only a superuser may change the role", async () => {
  const [job] = await owner`select cron.schedule('a', '* * * * *', 'select 1') as id`;
  await owner`select cron.alter_job(${job?.id}, schedule := '5 seconds', active := false)`;
  const [row] = await owner`select schedule, command, active from cron.job`;
  expect(row).toEqual({ schedule: "5 seconds", command: "select 1", active: false });
  expect((await refusal(`select cron.alter_job(${job?.id})`)).message).toBe("no updates specified");
  const byOwner = await refusal(`select cron.alter_job(${job?.id}, username := 'authenticator')`);
  expect(byOwner.message).toBe("must be superuser to alter username");
  await database.admin`select cron.alter_job(${job?.id}, username := 'authenticator')`;
  const [moved] = await database.admin`select username from cron.job`;
  expect(moved?.username).toBe("authenticator");
});

Deno.test("cron.schedule_in_database() makes jobs for roles that can log in, for superusers alone", async () => {
  const call = (role: string): string => `
    select cron.schedule_in_database('x', '* * * * *', 'select 1', current_database(), '${role}')`;
  expect((await refusal(call("authenticator"))).message).toBe("must be superuser to create a job for another role");
  await database.admin.unsafe(call("authenticator"));
  await expect(database.admin.unsafe(call("anon"))).rejects.toThrow('role "anon" can not log in');
  await expect(database.admin.unsafe(call("nobody"))).rejects.toThrow('role "nobody" does not exist');
  const missing = "select cron.schedule_in_database('x', '* * * * *', 'select 1', 'no_such_database')";
  expect(await refusal(missing)).toMatchObject({
    code: "3D000",
    message: 'database "no_such_database" does not exist',
  });
});
