/**
 * The sweep on a sound node: an empty book, a complete one, and what lies between.
 *
 * @module
 */
import { expect } from "expect";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { sweepTest } from "@/tests/support/sweeping.ts";

sweepTest("the first sweep fills an empty book with the whole history, oldest first", [], async (stage) => {
  const report = await stage.sweep({ limits: { pageRows: 7 } });
  expect([report.status, report.counts.unfetched, report.counts.lag_slots]).toEqual(["done", 0, 0]);
  expect(await stage.differences()).toEqual([]);
  const late = await stage.sql`
    select from (
      select i.slot < lag(i.slot) over (order by i.delivery_id, i.delivery_position) as is_late from vaultbook.inbox as i
    ) as placed where is_late`;
  expect(late).toHaveLength(0);
  const again = await stage.sweep();
  expect([again.status, again.counts.fetched, again.counts.pages]).toEqual(["done", 0, 1]);
});

sweepTest(
  "a first sweep that is stopped again and again goes on where it was, and applies nothing before it has seen all",
  [],
  async (stage) => {
    const limits = { pages: 3, transactions: 10, pageRows: 5 };
    const statuses: string[] = [];
    let [runs, pages] = [0, 0];
    for (;; runs++) {
      const { status, counts } = await stage.sweep({ limits });
      statuses.push(status);
      pages += counts.pages ?? 0;
      const [{ open } = { open: 0 }] = await stage.sql`
      select count(*) as open from vaultbook.scans where finished_at is null`;
      if (Number(open) > 0) expect(counts.fetched).toBe(0);
      if (status === "done") break;
      expect(runs).toBeLessThan(50);
    }
    expect(statuses.slice(0, -1).every((status) => status === "partial")).toBe(true);
    expect(runs).toBeGreaterThan(4);
    // Each page but the first shows one slot again, so five rows make at least three new ones here.
    expect(pages).toBeLessThan(40);
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest("what the webhook brought is made final and not fetched again", [], async (stage) => {
  await stage.hear();
  const report = await stage.sweep();
  const shown = await stage.sql`select from vaultbook.inbox where outcome <> 'ignored'`;
  expect([report.status, report.counts.applied, report.counts.finalized]).toEqual(["done", 0, shown.length]);
  expect(await stage.differences()).toEqual([]);
  const [{ open } = { open: -1 }] = await stage.sql`
    select count(*)::integer as open from public.transactions where finalized_at is null`;
  expect(open).toBe(0);
});

sweepTest("from_slot looks again at what was seen", [], async (stage) => {
  await stage.sweep();
  const first = stage.node.chain.genesis.first.slot;
  const report = await stage.sweep({ fromSlot: first });
  expect([report.status, (report.counts.rows ?? 0) > 30, report.counts.fetched]).toEqual(["done", true, 0]);
});

sweepTest("a sweep that the database takes for dead stops, and another one takes over", [], async (stage) => {
  const stopped = stage.sweep({
    limits: { pageRows: 5 },
    rpc: {
      fetch: async (input, init) => {
        await stage.sql`update public.job_runs set leased_until = now() where status = 'running'`.catch(() => {});
        await stage.sql`select vaultbook.start_job('sweep', interval '0')`;
        return await fetch(input, init);
      },
    },
  });
  const error = await stopped.then(() => null, (reason: unknown) => reason);
  expect(error instanceof VaultbookError && error.code).toBe("job_taken_over");
  const report = await stage.sweep();
  expect(report.status).toBe("done");
  expect(await stage.differences()).toEqual([]);
});
