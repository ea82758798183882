/**
 * Rows 36, 37 and 59: sweeps at the same time, sweeps that die, sweeps that are missed, and a book of yesterday.
 *
 * @module
 */
import { expect } from "expect";
import { openArchive } from "@/tests/support/archive.ts";
import { program, sweepTest } from "@/tests/support/sweeping.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

sweepTest("row 36: of five sweeps at once one works and four are skipped, and each is on record", [], async (stage) => {
  const reports = await Promise.all(Array.from({ length: 5 }, () => stage.sweep({ limits: { pageRows: 5 } })));
  expect(reports.map(({ status }) => status).sort()).toEqual(["done", "skipped", "skipped", "skipped", "skipped"]);
  expect(await stage.differences()).toEqual([]);
  const [{ most } = { most: 0 }] = await stage.sql<
    { most: number }[]
  >`select max(times_seen) as most from vaultbook.inbox`;
  expect(most).toBe(1);
  const runs = await stage.sql`select id from public.job_runs where finished_at is not null`;
  expect(runs.map(({ id }) => id).sort()).toEqual(reports.map(({ run_id }) => run_id).sort());
});

sweepTest(
  "row 37: a sweep that was killed in the middle and ten that were missed leave no hole",
  ["hang"],
  async (stage) => {
    const { node, sql } = stage;
    await stage.hear({ drop: 0.5 });
    node.faults.on("hang", { share: 1, milliseconds: 50 });
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", "tasks/sweep.ts", "--db-url", stage.adminUrl, "--rpc-url", node.url],
        ...["--program", program.address, "--concurrency", "2", "--quiet"],
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
    // Amid the transactions that it fetches.
    await eventually("the first transactions to be fetched", () => node.calls("getTransaction") > 4, 30_000);
    child.kill("SIGKILL");
    expect((await child.status).signal).toBe("SIGKILL");
    node.faults.off();
    // Ten minutes of traffic that nobody swept; while the dead one's lease lasts, nobody else can.
    expect((await stage.sweep()).status).toBe("skipped");
    node.trade(30, 20_000);
    node.waitUntilFinal();
    await stage.hear({ drop: 0.5 });
    await sql`update public.job_runs set leased_until = now() where status = 'running'`;
    expect((await stage.sweep()).status).toBe("done");
    expect(await stage.differences()).toEqual([]);
    const [abandoned] = await sql`select code from public.job_runs where status = 'failed'`;
    expect(abandoned?.code).toBe("abandoned");
  },
);

sweepTest("row 59: from yesterday's copy of the book one sweep makes today's", [], async (stage) => {
  const { node, sql } = stage;
  await stage.hear({ drop: 0.2 });
  await stage.sweep();
  const archive = await openArchive({ admin: sql, adminUrl: stage.adminUrl });
  try {
    await archive.copy();
    node.trade(40, 5_000);
    await stage.hear({ drop: 0.2 });
    node.waitUntilFinal();
    await stage.sweep();
    expect(await stage.differences()).toEqual([]);

    await archive.bringBack();
    expect(await stage.differences()).not.toEqual([]);
    const report = await stage.sweep();
    expect([report.status, (report.counts.fetched ?? 0) > 30]).toEqual(["done", true]);
    expect(await stage.differences()).toEqual([]);
  } finally {
    await archive.close();
  }
});
