/**
 * Rows 5, 7 and 35 where the program is too busy for its own history to be walked over in time: the vaults are, one by one.
 *
 * @module
 */
import { expect } from "expect";
import { createRandom } from "@/supabase/local/demo/random.ts";
import { fork } from "@/tests/support/fork.ts";
import { deposit, trader } from "@/tests/support/odd_transactions.ts";
import { type SweepStage, sweepTest } from "@/tests/support/sweeping.ts";

/** Pages of the program's history that never suffice here. */
const BUSY = { pages: 1, pageRows: 5 };

/** So many sweeps of a busy program; how they ended. */
async function sweeps(stage: SweepStage, times: number, limits: Record<string, number> = {}): Promise<string[]> {
  const reports: string[] = [];
  for (let time = 0; time < times; time++) {
    const { status, code } = await stage.sweep({ limits: { ...BUSY, ...limits } });
    reports.push(code ? `${status} ${code}` : status);
  }
  return reports;
}

/** The program's scans that are still under way. */
async function openScans({ sql, node }: SweepStage): Promise<number> {
  const { program } = node.chain.book;
  return (await sql`select from vaultbook.scans where address = ${program} and finished_at is null`).length;
}

sweepTest(
  "row 5: at a busy program two sweeps find what the webhook lost, and the program's own walk goes on",
  [],
  async (stage) => {
    const { node } = stage;
    await stage.hear();
    await stage.sweep();
    node.trade(60);
    await stage.hear({ drop: 0.5 });
    node.waitUntilFinal();
    node.waitSlots(40);
    expect(await sweeps(stage, 2)).toEqual(["partial", "done"]);
    expect(await openScans(stage)).toBe(1);
    expect(await stage.differences()).toEqual([]);
    // And so on, with what was not there when the program's walk began.
    node.trade(20);
    node.waitUntilFinal();
    node.waitSlots(40);
    expect(await sweeps(stage, 1)).toEqual(["done"]);
    expect(await stage.differences()).toEqual([]);
    expect((await stage.sweep()).status).toBe("done");
    expect([await openScans(stage), await stage.differences()]).toEqual([0, []]);
  },
);

sweepTest("row 22: at a busy program vaults that nobody heard of are found by their accounts", [], async (stage) => {
  // What is new to everything is collected first, for an hour.
  await sweeps(stage, 2);
  expect(await stage.sql`select from public.vaults`).toHaveLength(0);
  await stage.sql`update vaultbook.scans set started_at = started_at - interval '1 hour'`;
  await sweeps(stage, 1);
  expect(await stage.sql`select from public.vaults`).toHaveLength(stage.node.chain.state().vaults.size);
  await sweeps(stage, 1);
  expect(await openScans(stage)).toBe(1);
  expect(await stage.differences()).toEqual([]);
  expect(await stage.sql`select from vaultbook.wanted_vaults`).toHaveLength(0);
}, { transactions: 60 });

sweepTest(
  "row 7: at a busy program what a fork dropped is taken back, by the histories of the vaults",
  [],
  async (stage) => {
    const { node } = stage;
    await stage.hear();
    const urls = [node.url, node.another("second").url];
    await stage.sweep({ urls });
    node.trade(30);
    fork(node, { slots: 12, transactions: 6, lands: 0.5, random: createRandom("busy") });
    node.trade(10);
    await stage.hear({ drop: 0.2 });
    node.waitUntilFinal();
    node.waitSlots(40);
    for (let times = 0; times < 3; times++) {
      await stage.sweep({
        limits: { ...BUSY, pages: 2 },
        urls,
      });
    }
    const [{ count } = { count: 0 }] = await stage.sql`select count(*)::integer as count from vaultbook.compensations`;
    expect(count).toBeGreaterThan(0);
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest(
  "row 37: with two pages a run every vault has its turn, and none has a second one before",
  [],
  async (stage) => {
    const { node, sql } = stage;
    await stage.hear();
    await stage.sweep();
    for (let number = 0; number < 4; number++) {
      node.wait(500);
      node.send(deposit(trader(node, number), 1_000_000n));
    }
    node.trade(30);
    node.waitUntilFinal();
    node.waitSlots(40);
    const vaults = node.chain.state().vaults.size;
    let runs = 0;
    for (let status = "partial"; status === "partial" && runs < 80; runs++) {
      [status = ""] = await sweeps(stage, 1, { vaultPages: 2, pages: 0 });
    }
    expect([runs > vaults, runs < 80]).toEqual([true, true]);
    const marks = await sql`
    select count(*)::integer as count, max(scans)::integer as most from (
      select w.address, (select count(*) from vaultbook.scans as s where s.address = w.address and s.outcome = 'proven') as scans
        from vaultbook.watermarks as w join public.vaults as v on v.vault_address = w.address
    ) as own`;
    expect(marks).toEqual([{ count: vaults, most: 1 }]);
    await sweeps(stage, 2);
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest(
  "row 32: a node that does not say which vaults there are is told of, and those that are known are seen",
  [],
  async (stage) => {
    const { node } = stage;
    await stage.hear();
    await stage.sweep();
    node.trade(60);
    await stage.hear({ drop: 0.5 });
    node.waitUntilFinal();
    node.waitSlots(40);
    const refusing: typeof fetch = (input, init) =>
      String(init?.body).includes("getProgramAccounts")
        ? Promise.resolve(
          Response.json({
            jsonrpc: "2.0",
            id: 1,
            error: { code: -32010, message: "excluded from account secondary indexes" },
          }),
        )
        : fetch(input, init);
    for (let times = 0; times < 2; times++) {
      const report = await stage.sweep({ limits: BUSY, rpc: { fetch: refusing } });
      if (times === 1) expect([report.status, report.code]).toEqual(["partial", "rpc_refused"]);
    }
    const balances = (await stage.differences()).filter((line) => line.includes(" vault "));
    expect(balances).toEqual([]);
  },
);
