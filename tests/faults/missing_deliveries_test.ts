/**
 * Rows 5, 6, 22 and 54: the webhook brings only a part, or nothing, and the sweep brings the rest.
 *
 * @module
 */
import { expect } from "expect";
import { wantVault } from "@/lib/ledger/wanted_vaults.ts";
import { openAlerts } from "@/tests/support/ledger_state.ts";
import { trader } from "@/tests/support/odd_transactions.ts";
import { program, sweepTest } from "@/tests/support/sweeping.ts";

for (const share of [0.01, 0.1, 0.5]) {
  sweepTest(`row 5: one sweep fills the gaps of a webhook that loses ${share * 100} %`, [], async (stage) => {
    const { dropped } = await stage.hear({
      drop: share,
      duplicate: 0.1,
      delay: { share: 0.2, milliseconds: 30_000 },
      batch: 5,
    });
    expect(dropped).toBeGreaterThan(0);
    const report = await stage.sweep();
    expect([report.status, report.counts.unfetched]).toEqual(["done", 0]);
    expect(report.counts.fetched).toBeGreaterThanOrEqual(dropped - 5);
    expect(await stage.differences()).toEqual([]);
    // What was open while something was missing is closed again.
    expect((await openAlerts(stage.sql)).filter((line) => line.startsWith("gap_detected"))).toEqual([]);
  }, { transactions: share < 0.1 ? 120 : 50 });
}

sweepTest(
  "row 6: an hour of silence is filled and told of, and is over when the webhook brings something again",
  [],
  async (stage) => {
    const { node } = stage;
    await stage.hear();
    await stage.sweep();
    const stalled = async (): Promise<unknown[]> =>
      (await stage.sql`
      select data ->> 'missed' as missed, resolved_at is null as is_open from public.alerts where alert_type = 'ingest_stalled'`)
        .map(({ missed, is_open }) => [missed, is_open]);
    // Two minutes are less than the rule's five.
    node.trade(8, 15_000);
    node.waitUntilFinal();
    await stage.sweep();
    expect(await stalled()).toEqual([]);
    node.trade(60, 60_000);
    node.waitUntilFinal();
    const { silenced } = await stage.hear({ silence: { from: 0, milliseconds: node.now() + 60_000, then: "lost" } });
    expect(silenced).toBe(68);
    const report = await stage.sweep();
    expect(report.status).toBe("done");
    expect(await stage.differences()).toEqual([]);
    expect(await stalled()).toEqual([[expect.stringMatching(/^[1-9]/), true]]);

    node.trade(5);
    await stage.hear();
    node.waitUntilFinal();
    await stage.sweep();
    expect((await stalled()).map((row) => (row as unknown[])[1])).toEqual([false]);
  },
);

sweepTest("row 6: a quiet chain is no silence", [], async (stage) => {
  await stage.hear();
  await stage.sweep();
  stage.node.wait(3_600_000);
  const report = await stage.sweep();
  expect(report.status).toBe("done");
  expect((await openAlerts(stage.sql)).filter((line) => line.startsWith("ingest_stalled"))).toEqual([]);
});

sweepTest(
  "row 22: a vault that the program's history does not show is looked up by its own address",
  [],
  async (stage) => {
    const { node } = stage;
    const initialisations = new Set(
      node.chain.naming(program.address).map((number) => node.chain.record(number))
        .filter(({ steps }) => steps.some(({ kind }) => kind === "initialize_vault"))
        .map(({ signatures }) => signatures[0]),
    );
    await stage.take(
      ...node.posted().map(({ item }) => item).filter((item) => !initialisations.has(item.transaction.signatures[0])),
    );
    let hidden = 0;
    const hiding: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const { method, params } = JSON.parse(String(init?.body));
      if (method !== "getSignaturesForAddress" || params[0] !== program.address) return response;
      const answer = await response.json();
      const shown = answer.result.filter(({ signature }: { signature: string }) => !initialisations.has(signature));
      hidden += answer.result.length - shown.length;
      return Response.json({ ...answer, result: shown });
    };
    const report = await stage.sweep({ rpc: { fetch: hiding } });
    expect([report.status, initialisations.size, hidden]).toEqual(["done", 6, 6]);
    expect(await stage.differences()).toEqual([]);
    expect(await stage.sql`select from vaultbook.wanted_vaults`).toHaveLength(0);
    // Whoever misses something of a vault can want it too.
    await wantVault(stage.database, node.chain.book.vaultOf(trader(node)).address, "a test wants it");
    const again = await stage.sweep({ rpc: { fetch: hiding } });
    expect([again.status, (again.counts.rows ?? 0) > 2]).toEqual(["done", true]);
    expect(await stage.sql`select from vaultbook.wanted_vaults`).toHaveLength(0);
  },
);

sweepTest(
  "row 35: where a node says no places in the block the block itself is asked",
  ["no_transaction_index"],
  async (stage) => {
    stage.node.faults.on("no_transaction_index", { share: 1 });
    const report = await stage.sweep();
    expect(report.status).toBe("done");
    expect(stage.node.calls("getBlock")).toBeGreaterThan(0);
    expect(await stage.differences()).toEqual([]);
  },
);
