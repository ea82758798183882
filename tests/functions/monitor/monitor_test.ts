/**
 * The monitor on a book: what it tells of, what it leaves to whom, and what happens when it cannot.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { monitor, type MonitorOptions } from "@/functions/monitor/monitor.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

/** A book of so many vaults of 150 USDT each, whose ledger is right. */
const VAULTS = (count: number): string => `
  select vaultbook.ingest('webhook', '', jsonb_agg(jsonb_build_object(
    'position', n, 'signature', 's' || n, 'slot', n, 'transaction_index', 0, 'outcome', 'new',
    'vaults', jsonb_build_array(v), 'content_sha256', '00', 'content', jsonb_build_object('failed', false, 'events', jsonb_build_array(
      jsonb_build_object('ordinal', 0, 'kind', 'initialise', 'owner', o, 'vault', v, 'token_account', v),
      jsonb_build_object('ordinal', 1, 'kind', 'deposit', 'owner', o, 'vault', v, 'amount', '150000000'))))))
  from (select n, rpad('A' || translate(n::text, '0', 'z'), 43, 'o') as o, rpad('V' || translate(n::text, '0', 'z'), 43, 'v') as v
          from generate_series(1, ${count}) as n) as made`;

interface Stage {
  readonly sql: Sql;
  readonly database: Database;
  look(options?: Partial<MonitorOptions>): Promise<JobReport>;
  /** Types and subjects of what is open. */
  open(): Promise<string[]>;
}

function monitorTest(name: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test(name, async () => {
    const test = await openTestDatabase();
    const database = openDatabase(test.url, { max: 5 });
    try {
      await run({
        sql: test.admin,
        database,
        look: (options = {}) => monitor({ database, now: () => performance.now(), ...options }),
        open: async () =>
          (await test.admin`select alert_type, subject from public.alerts where resolved_at is null order by 1, 2`)
            .map((alert) => `${alert.alert_type} ${alert.subject}`),
      });
    } finally {
      await database.close();
      await test.close();
    }
  });
}

monitorTest(
  "row 36: of five monitors at once one works and four are skipped, and nothing is told twice",
  async (stage) => {
    await stage.sql.unsafe(VAULTS(3));
    await stage.sql`update public.alert_rules set threshold = 200000000 where alert_type = 'low_balance'`;
    const reports = await Promise.all(Array.from({ length: 5 }, () => stage.look()));
    expect(reports.map(({ status }) => status).sort()).toEqual(["done", "skipped", "skipped", "skipped", "skipped"]);
    expect(reports.find(({ status }) => status === "done")?.counts).toMatchObject({ balances: 3, low_balances: 3 });
    const told = await stage.sql`select data ->> 'count' as count from public.alerts where alert_type = 'low_balance'`;
    expect(told.map(({ count }) => count)).toEqual(["1", "1", "1"]);
    const runs = await stage.sql`select id from public.job_runs where finished_at is not null`;
    expect(runs.map(({ id }) => id).sort()).toEqual(reports.map(({ run_id }) => run_id).sort());
  },
);

monitorTest("row 37: a monitor that was killed and ten that were missed leave nothing untold", async (stage) => {
  await stage.sql.unsafe(VAULTS(2));
  await stage.look();
  // One dies amid its work; while its lease lasts, nobody else works.
  await stage.sql`select vaultbook.start_job('monitor', '90 seconds')`;
  expect((await stage.look()).status).toBe("skipped");
  // What happened in the ten minutes that nobody looked.
  await stage
    .sql`update public.job_runs set leased_until = now(), started_at = now() - interval '10 minutes' where status = 'running'`;
  await stage.sql`update public.alert_rules set threshold = 200000000 where alert_type = 'low_balance'`;
  expect((await stage.look()).counts).toMatchObject({ low_balances: 2 });
  const [dead] = await stage.sql`select code from public.job_runs where status = 'failed'`;
  expect(dead?.code).toBe("abandoned");
});

monitorTest(
  "a balance that the ledger does not have is found, told of, and resolved when it is right again",
  async (stage) => {
    await stage.sql.unsafe(VAULTS(2));
    expect((await stage.look()).counts).toMatchObject({ invariants: 15, invariants_broken: 0 });
    const spoil = async (by: number): Promise<void> => {
      await stage.sql.begin(async (sql) => {
        await sql`alter table public.vaults disable trigger user`;
        await sql`update public.vaults set total_balance = total_balance + ${by}, available_balance = available_balance + ${by}
                 where owner like 'A1%'`;
        await sql`alter table public.vaults enable always trigger vaults_append_only`;
      });
      await stage.sql`update vaultbook.invariant_checks set checked_at = checked_at - interval '1 day'`;
    };
    await spoil(1);
    expect((await stage.look()).counts).toMatchObject({ invariants_broken: 2 });
    expect(await stage.open()).toEqual(["invariant_violation I10", "invariant_violation I4"]);
    await spoil(-1);
    expect((await stage.look()).counts).toMatchObject({ invariants_broken: 0 });
    expect(await stage.open()).toEqual([]);
  },
);

monitorTest("what is not due is not looked at again", async (stage) => {
  await stage.look();
  expect((await stage.look()).counts).toMatchObject({ invariants: 0 });
});

monitorTest("an invariant that takes too long is given up, on record, and left to pg_cron", async (stage) => {
  await stage.sql.unsafe(`
    create or replace view vaultbook.breaks_i2 as
    select 'x'::text as subject, 'y'::text as detail where pg_sleep(60)::text = 'never'`);
  const report = await stage.look({ invariantTimeout: 200 });
  expect([report.status, report.counts]).toEqual(["done", expect.objectContaining({ invariants_too_dear: 1 })]);
  const [known] = await stage.sql`
    select violations, took >= interval '0.2 seconds' as took from vaultbook.invariant_checks where invariant = 'I2'`;
  expect(known).toEqual({ violations: null, took: true });
  expect(await stage.open()).toEqual([]);
  await stage
    .sql`update vaultbook.invariant_checks set took = '3 seconds', checked_at = now() - interval '1 day' where invariant = 'I2'`;
  const due = await stage.sql`select d from vaultbook.due_invariants('2 seconds') as d`;
  expect(due.map(({ d }) => d)).not.toContain("I2");
  expect((await stage.sql`select d from vaultbook.due_invariants(null) as d`).map(({ d }) => d)).toContain("I2");
});

monitorTest("a run whose time is over leaves the rest to the next one", async (stage) => {
  let time = 0;
  const first = await stage.look({ now: () => time += 10_000, budget: 40_000 });
  expect([first.status, first.counts]).toEqual(["partial", expect.objectContaining({ invariants: 3 })]);
  expect((await stage.look()).counts).toMatchObject({ invariants: 12 });
});

monitorTest("what fails is on record, and told of when it goes on", async (stage) => {
  await stage.sql`alter function vaultbook.judge_silence_anew() rename to judge_silence_never`;
  for (let time = 0; time < 3; time++) await expect(stage.look()).rejects.toThrow();
  const runs = await stage.sql`select code from public.job_runs where job = 'monitor'`;
  expect(runs.map(({ code }) => code)).toEqual(["internal_error", "internal_error", "internal_error"]);
  expect(await stage.open()).toEqual(["job_failed monitor"]);
  await stage.sql`alter function vaultbook.judge_silence_never() rename to judge_silence_anew`;
  await stage.look();
  expect(await stage.open()).toEqual([]);
});
