/**
 * Rows 36, 37, 39 and 40: jobs called at the same time, jobs that die, ticks that are missed, clocks that jump, and blocks without a time.
 *
 * @module
 */
import { expect } from "expect";
import postgres, { type Sql } from "postgres";
import { at, deposit, initialise } from "@/tests/support/book.ts";
import { openCronCaller } from "@/tests/support/cron_caller.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { minute, type TickingBook, timed, timeTest } from "@/tests/support/ticking.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

const [alice, bob] = [key("alice"), key("bob")];
const JOBS = ["periodic", "daily_summary", "tvl"] as const;

/** Rows of each tick of a series, and the ticks that have none, by what the tables and not the jobs say. */
async function series(sql: Sql): Promise<Record<string, string>> {
  const rows = await sql<{ series: string; ticks: string }[]>`
    select series, string_agg(rows::text, ' ' order by tick) as ticks
      from (
        select s.snapshot_type as series, date_bin(r.every, s.timestamp, '2000-01-01 00:00Z') as tick, count(*) as rows
          from public.balance_snapshots as s join public.snapshot_rules as r on r.series = s.snapshot_type
         where s.snapshot_type <> 'event'
         group by 1, 2
        union all
        select 'tvl', date_bin('5 minutes', s.timestamp, '2000-01-01 00:00Z'), count(*) from public.tvl_snapshots as s group by 2
      ) as taken
     group by series`;
  return Object.fromEntries(rows.map(({ series, ticks }) => [series, ticks]));
}

async function twoVaults({ take }: TickingBook): Promise<void> {
  await take(at(1, [initialise(alice), initialise(bob)]), at(2, [deposit(alice, 7n)]));
}

timeTest(
  "row 36: of five calls of each job at once one works, and its tick has one row of each vault",
  async (book) => {
    await twoVaults(book);
    const { sql, url } = book;
    const callers = Array.from({ length: 5 }, () => openCronCaller(url, { now: () => minute(0) }));
    try {
      for (const job of JOBS) {
        // One is at work while the others come.
        const { promise: release, resolve } = Promise.withResolvers<void>();
        const held = sql.begin(async (own) => {
          await own`select pg_advisory_xact_lock(hashtext('vaultbook.tick'), hashtext(${job}))`;
          await release;
        });
        const calls = Promise.all(callers.map((caller) => caller.call(job)));
        await eventually(`four calls of ${job} to be skipped`, async () => {
          const [row] = await sql<{ count: number }[]>`
          select count(*)::integer from public.job_runs
           where status = 'skipped' and job = ${job === "periodic" ? "snapshot" : job}`;
          return row?.count === 4;
        }, 10_000);
        resolve();
        const [reports] = await Promise.all([calls, held]);
        expect(reports.map(({ status }) => status).sort()).toEqual(["done", ...Array(4).fill("skipped")]);
      }
      // And where no run sees another one: none of them writes a second time.
      await sql`update public.job_runs set status = 'done', leased_until = null, finished_at = now() where status = 'running'`;
      await Promise.all(callers.flatMap(({ ask }) => JOBS.map((job) => ask(job === "tvl" ? job : "snapshot"))));
      await Promise.all(
        Array.from({ length: 5 }, () =>
          book.patient.run((own) =>
            own`
        select vaultbook.take_snapshots('periodic', ${minute(1)}), vaultbook.take_tvl(${minute(1)})`
          )),
      );
      expect(await series(sql)).toEqual({ periodic: "2", daily_summary: "2", tvl: "1" });
    } finally {
      await Promise.all(callers.map((caller) => caller.close()));
    }
  },
);

timeTest("row 37: a day with kills and ten missed ticks has no hole that is not flagged", async (book) => {
  await twoVaults(book);
  const { sql, caller } = book;
  const missed = new Set([20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 100]);
  const killed = new Set([50, 150]);
  for (let tick = 0; tick < 288; tick++) {
    if (missed.has(tick)) continue;
    book.clock = minute(tick * 5 + (tick % 5));
    if (killed.has(tick)) {
      await killWhileTaking(book);
      continue;
    }
    await Promise.all([caller.call("periodic"), caller.call("tvl")]);
    if (tick % 40 === 0) await book.take(at(100 + tick, [deposit(bob, 1n)]));
  }
  await caller.call("daily_summary");
  const holes = await sql`
    select series, ticks::integer, round(extract(epoch from after_tick - ${
    minute(0)
  }::timestamptz) / 300)::integer as after
      from vaultbook.missed_ticks where before_tick is not null order by series, after_tick`;
  const expected = [[10, 19], [1, 49], [1, 99], [1, 149]];
  expect(holes.map(({ series, ticks, after }) => [series, ticks, after])).toEqual([
    ...expected.map((hole) => ["periodic", ...hole]),
    ...expected.map((hole) => ["tvl", ...hole]),
  ]);
  // Each tick that is not flagged has its rows, of both vaults.
  const taken = 288 - missed.size - killed.size;
  expect(await series(sql)).toEqual({
    periodic: Array(taken).fill("2").join(" "),
    daily_summary: "2",
    tvl: Array(taken).fill("1").join(" "),
  });
  const told = await sql`
    select job, sum((counts ->> 'missed')::integer)::integer as missed from public.job_runs
     where job <> 'daily_summary' group by 1 order by 1`;
  expect([...told]).toEqual([{ job: "snapshot", missed: 13 }, { job: "tvl", missed: 13 }]);
});

/** Runs of both jobs that die amid their work, with the connections that they had; their leases run out. */
async function killWhileTaking({ sql, url, clock }: TickingBook): Promise<void> {
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const held = sql.begin(async (own) => {
    await own`select pg_advisory_xact_lock(hashtext('vaultbook.tick'), hashtext(series))
                from (values ('periodic'), ('tvl')) as s (series)`;
    await release;
  });
  const doomed = postgres(url, { max: 2, onnotice: () => {} });
  await doomed`select vaultbook.start_job(job, '3 minutes') from (values ('snapshot'), ('tvl')) as j (job)`;
  const runs = Promise.allSettled([
    doomed`select vaultbook.take_snapshots('periodic', ${clock ?? null})`,
    doomed`select vaultbook.take_tvl(${clock ?? null})`,
  ]);
  let ended = 0;
  await eventually("both runs to be at work, and dead", async () => {
    ended += (await sql`
      select pg_terminate_backend(pid, 5000) from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query ~ 'take_'`).length;
    return ended === 2;
  }, 10_000);
  resolve();
  expect((await runs).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await Promise.all([held, doomed.end({ timeout: 1 })]);
  await sql`update public.job_runs set leased_until = now() where status = 'running'`;
}

timeTest("row 39: a clock that jumps a day ahead and back leaves a flagged hole, and doubles nothing", async (book) => {
  await twoVaults(book);
  const { sql, caller } = book;
  const day = 24 * 60;
  for (const time of [0, 5, day + 10, 10, 15, 5, 15.5, 20]) {
    book.clock = minute(time);
    await caller.call("periodic");
    await caller.call("tvl");
  }
  expect(await series(sql)).toEqual({ periodic: "2 2 2 2 2 2", tvl: "1 1 1 1 1 1" });
  const holes = await sql`select series, ticks::integer from vaultbook.missed_ticks order by series`;
  expect([...holes]).toEqual([{ series: "periodic", ticks: 285 }, { series: "tvl", ticks: 285 }]);
  // And a day back, before anything was taken.
  book.clock = minute(-day);
  expect((await caller.call("tvl")).counts).toMatchObject({ written: 1, missed: 0 });
});

timeTest("row 40: neither a block without a time nor one of another century moves a snapshot", async (book) => {
  const { take, sql, caller } = book;
  await take(
    at(1, [initialise(alice)]),
    timed(at(2, [deposit(alice, 200_000_000n)]), null),
    timed(at(3, [deposit(alice, 1n)]), 1),
    timed(at(4, [deposit(alice, 1n)]), 4_000_000_000),
  );
  await caller.call("periodic");
  await caller.call("tvl");
  const rows = await sql`
    select snapshot_type, total_balance from public.balance_snapshots
     where timestamp between now() - interval '1 minute' and now() order by 1`;
  expect(rows.map((row) => Object.values(row).join(" "))).toEqual(["event 200000002", "periodic 200000002"]);
});
