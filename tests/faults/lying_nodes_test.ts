/**
 * Rows 31 to 35: the node is away, refuses, lags, forgets or lies. What it does not say is never taken for what is not there.
 *
 * @module
 */
import { expect } from "expect";
import { openAlerts } from "@/tests/support/ledger_state.ts";
import { forgedOf, itemOf, type SweepStage, sweepTest } from "@/tests/support/sweeping.ts";

/** What was taken back or doubted: nothing, in all of these. */
async function takenBack({ sql }: SweepStage): Promise<number> {
  const [{ count } = { count: -1 }] = await sql<{ count: number }[]>`
    select ((select count(*) from vaultbook.compensations) + (select count(*) from vaultbook.doubts)
            + (select count(*) from vaultbook.lost_landings))::integer as count`;
  return count;
}

sweepTest(
  "row 31: while no node answers nothing is known, and after the third time somebody is told",
  [],
  async (stage) => {
    await stage.hear({ drop: 0.3 });
    const urls = ["http://127.0.0.1:9"];
    for (let times = 1; times <= 3; times++) {
      const report = await stage.sweep({ urls });
      expect([report.status, report.code]).toEqual(["failed", "rpc_unavailable"]);
      expect((await openAlerts(stage.sql)).filter((line) => line.startsWith("job_failed")).length).toBe(
        times === 3 ? 1 : 0,
      );
    }
    expect(await takenBack(stage)).toBe(0);
    expect((await stage.sweep()).status).toBe("done");
    expect(await stage.differences()).toEqual([]);
    expect((await openAlerts(stage.sql)).filter((line) => line.startsWith("job_failed"))).toEqual([]);
  },
);

sweepTest("row 32: 429 on every second call costs time and nothing else", ["rate_limited"], async (stage) => {
  const { faults } = stage.node;
  await stage.hear({ drop: 0.3 });
  faults.on("rate_limited", { share: 0.5 });
  const report = await stage.sweep();
  expect([report.status, report.counts.unfetched]).toEqual(["done", 0]);
  expect(await stage.differences()).toEqual([]);
});

sweepTest(
  "row 32: 429 on every call from the middle on is partial, and nothing is dropped",
  ["rate_limited"],
  async (stage) => {
    const { node } = stage;
    let calls = 0;
    const limited: typeof fetch = (input, init) => {
      if (++calls === 12) node.faults.on("rate_limited", { share: 1 });
      return fetch(input, init);
    };
    const report = await stage.sweep({ rpc: { fetch: limited } });
    expect([report.status, report.code ?? null]).toEqual(["partial", expect.stringMatching(/^rpc_/)]);
    expect(await takenBack(stage)).toBe(0);
    node.faults.off();
    expect((await stage.sweep()).status).toBe("done");
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest(
  "row 32: 5xx, torn and late answers cost time and nothing else",
  ["server_error", "cut", "hang"],
  async (stage) => {
    const { faults } = stage.node;
    faults.on("server_error", { share: 0.2 });
    faults.on("cut", { share: 0.1 });
    faults.on("hang", { share: 0.2, milliseconds: 20 });
    expect((await stage.sweep()).status).toBe("done");
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest("row 32: a node that will not give a version is asked again, and what it keeps back holds up nothing else", [
  "unsupported_version",
], async (stage) => {
  const { faults } = stage.node;
  faults.on("unsupported_version", { share: 1 });
  const report = await stage.sweep();
  expect([report.status, report.counts.fetched]).toEqual(["partial", 0]);
  faults.off();
  expect((await stage.sweep()).status).toBe("done");
  expect(await stage.differences()).toEqual([]);
});

sweepTest(
  "row 33: a node that has fallen behind its own word is refused, and what it does not have yet is not doubted",
  ["node_behind"],
  async (stage) => {
    const { node } = stage;
    await stage.sweep();
    node.trade(100);
    await stage.hear();
    node.waitUntilFinal();
    node.waitSlots(50);
    node.faults.on("node_behind", { slots: 500 });
    const report = await stage.sweep();
    expect([report.status, report.code]).toEqual(["failed", "rpc_behind"]);
    // Behind, but ahead of where it was: it says what it knows.
    node.faults.on("node_behind", { slots: 120 });
    const [early, again] = [await stage.sweep(), await stage.sweep()];
    expect([early.status, again.status]).toEqual(["done", "done"]);
    expect(await takenBack(stage)).toBe(0);
    node.faults.off();
    expect((await stage.sweep()).status).toBe("done");
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest("row 34: what one node forgets or hides the other one knows, and nothing true is taken back", [
  "missing_rows",
  "missing_transaction",
], async (stage) => {
  const { node } = stage;
  await stage.hear({ drop: 0.3 });
  node.waitSlots(40);
  node.faults.on("missing_rows", { share: 0.4 });
  node.faults.on("missing_transaction", { share: 0.9 });
  const other = node.another("sound");
  const urls = [node.url, other.url];
  for (let times = 0; times < 2; times++) expect((await stage.sweep({ urls })).status).toBe("done");
  expect(await stage.differences()).toEqual([]);
  expect(await takenBack(stage)).toBe(0);
});

sweepTest("row 34: what a node has forgotten the status of, and does not list, it can still have", [
  "missing_rows",
  "missing_status",
], async (stage) => {
  const { node } = stage;
  await stage.hear({ drop: 0.3 });
  node.waitSlots(40);
  node.faults.on("missing_rows", { share: 0.4 });
  node.faults.on("missing_status", { share: 1 });
  for (let times = 0; times < 3; times++) expect((await stage.sweep()).status).toBe("done");
  expect(await takenBack(stage)).toBe(0);
});

sweepTest(
  "row 34: what is older than all that a pruned node still has is not taken back, and once a node has it, it is final",
  ["pruned"],
  async (stage) => {
    const { node } = stage;
    await stage.hear();
    node.waitSlots(40);
    node.faults.on("pruned", { belowSlot: node.chain.record(20).slot });
    for (let times = 0; times < 3; times++) expect((await stage.sweep()).counts.rolled_back).toBe(0);
    expect(await takenBack(stage)).toBe(0);
    const urls = [node.url, node.another("archive").url];
    await stage.sweep({ urls });
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest("row 34: while the second node is away nothing is taken back, and the rest goes on", [], async (stage) => {
  const { node } = stage;
  await stage.hear({ drop: 0.3 });
  expect(await stage.take(forgedOf(itemOf(node, 30), 1))).toEqual([expect.stringMatching(/^(applied|parked)/)]);
  node.waitSlots(40);
  const urls = [node.url, "http://127.0.0.1:9"];
  for (let times = 0; times < 3; times++) {
    const report = await stage.sweep({ urls });
    expect([report.status, report.code, report.counts.doubted]).toEqual(["partial", "rpc_unavailable", 0]);
  }
  expect(await takenBack(stage)).toBe(0);
  // That nothing can be taken back must not last unseen.
  expect((await openAlerts(stage.sql)).filter((line) => line.startsWith("job_failed"))).toHaveLength(1);
});

sweepTest(
  "row 35: order inside a slot, hidden rows and short pages, on small pages",
  ["order_in_slot", "missing_rows"],
  async (stage) => {
    const { node } = stage;
    for (let i = 0; i < 30; i++) {
      node.waitSlots(1);
      node.trade(2, 0);
    }
    node.waitUntilFinal();
    node.faults.on("order_in_slot", { share: 0.5 });
    node.faults.on("missing_rows", { share: 0.2, forSlots: 700 });
    for (let times = 0; times < 2; times++) await stage.sweep({ limits: { pageRows: 6 } });
    // Ten minutes later each is looked for again.
    node.waitSlots(1_600);
    node.faults.off("missing_rows");
    const report = await stage.sweep({ limits: { pageRows: 6 } });
    expect(report.status).toBe("done");
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest("row 35: what was hidden for an hour is found by the scan of a day", ["missing_rows"], async (stage) => {
  const { node } = stage;
  await stage.hear();
  await stage.sweep();
  node.trade(40);
  node.waitUntilFinal();
  node.faults.on("missing_rows", { share: 0.3, forSlots: 9_000 });
  for (let times = 0; times < 3; times++) {
    node.waitSlots(1_600);
    await stage.sweep();
  }
  node.waitSlots(5_000);
  node.trade(1);
  node.waitUntilFinal();
  await stage.sweep();
  expect(await stage.differences()).not.toEqual([]);
  node.waitSlots(216_000);
  expect((await stage.sweep()).status).toBe("done");
  expect(await stage.differences()).toEqual([]);
});

sweepTest(
  "row 35: a watermark whose signature has vanished is gone below, and trusted no more until it was looked at again",
  [],
  async (stage) => {
    const { node } = stage;
    await stage.sweep();
    const [mark] = await stage.sql`select signature from vaultbook.watermarks`;
    node.trade(10);
    node.waitUntilFinal();
    const hiding: typeof fetch = async (input, init) => {
      const answer = await (await fetch(input, init)).json();
      if (!Array.isArray(answer.result)) return Response.json(answer);
      return Response.json({
        ...answer,
        result: answer.result.filter((row: { signature: string }) => row.signature !== mark?.signature),
      });
    };
    const report = await stage.sweep({ rpc: { fetch: hiding }, limits: { pageRows: 5 } });
    expect(report.status).toBe("done");
    const distrusted = async (): Promise<unknown> =>
      (await stage.sql`select is_distrusted from vaultbook.watermarks`)[0]?.is_distrusted;
    expect(await distrusted()).toBe(true);
    const again = await stage.sweep();
    expect([again.status, (again.counts.rows ?? 0) > 20, await distrusted()]).toEqual(["done", true, false]);
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest(
  "row 35: an empty page is no end: a node that does not know the signature it is asked by proves nothing",
  [],
  async (stage) => {
    let emptied = 0;
    const forgetful: typeof fetch = async (input, init) => {
      const answer = await (await fetch(input, init)).json();
      const { params } = JSON.parse(String(init?.body));
      if (!Array.isArray(answer.result) || params[1].before === undefined) return Response.json(answer);
      emptied++;
      return Response.json({ ...answer, result: [] });
    };
    const { node } = stage;
    await stage.hear();
    expect(await stage.take(forgedOf(itemOf(node, 30), 1))).toEqual([expect.stringMatching(/^(applied|parked)/)]);
    node.waitSlots(40);
    const statuses: string[] = [];
    for (let times = 0; times < 3; times++) {
      statuses.push((await stage.sweep({ rpc: { fetch: forgetful }, limits: { pageRows: 10 } })).status);
    }
    expect([statuses, emptied > 6]).toEqual([["partial", "partial", "partial"], true]);
    expect(await stage.sql`select from vaultbook.watermarks`).toHaveLength(0);
    // What such a node does not have either is not doubted.
    expect(await takenBack(stage)).toBe(0);
    for (let times = 0; times < 2; times++) {
      expect((await stage.sweep({ limits: { pageRows: 10 } })).status).toBe("done");
    }
    expect(await stage.differences()).toEqual([]);
  },
);
