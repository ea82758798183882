/**
 * The daily retention as a job: once at a time, in batches, and called again until it is done.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { retain } from "@/functions/monitor/retention.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

function retentionTest(name: string, run: (stage: { sql: Sql; database: Database }) => Promise<void>): void {
  Deno.test(name, async () => {
    const test = await openTestDatabase();
    const database = openDatabase(test.url, { max: 5 });
    try {
      await run({ sql: test.admin, database });
    } finally {
      await database.close();
      await test.close();
    }
  });
}

/** TVL of ten years ago, five minutes apart. */
async function keepTvl(sql: Sql, rows: number): Promise<void> {
  await sql`
    insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available, timestamp)
    select 0, 0, 0, 0, now() - interval '10 years' + n * interval '5 minutes' from generate_series(1, ${rows}) as n`;
}

retentionTest("row 36: of five retentions at once one works and four are skipped", async ({ sql, database }) => {
  await keepTvl(sql, 500);
  const reports = await Promise.all(
    Array.from({ length: 5 }, () => retain({ database, now: () => performance.now() })),
  );
  expect(reports.map(({ status }) => status).sort()).toEqual(["done", "skipped", "skipped", "skipped", "skipped"]);
  expect(reports.find(({ status }) => status === "done")?.counts.tvl_snapshots).toBeGreaterThan(0);
});

retentionTest("a retention whose time is over is partial, and the next one goes on", async ({ sql, database }) => {
  await keepTvl(sql, 500);
  let time = 0;
  const first = await retain({ database, now: () => time += 100_000, budget: 50_000 });
  expect(first).toMatchObject({ job: "retention", status: "partial" });
  expect(await retain({ database, now: () => performance.now() })).toMatchObject({ status: "done" });
});

retentionTest("a retention that fails is on record", async ({ sql, database }) => {
  await sql`alter function vaultbook.retain(timestamptz) rename to retain_never`;
  await expect(retain({ database, now: () => performance.now() })).rejects.toThrow();
  const [run] = await sql`select job, status, code from public.job_runs`;
  expect(run).toEqual({ job: "retention", status: "failed", code: "internal_error" });
});
