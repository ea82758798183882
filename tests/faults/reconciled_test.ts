/**
 * Rows 5, 7, 13, 31 to 34 and 36 for the reconciliation: what is missing or forged is found by it, and no node makes it see what is not so.
 *
 * @module
 */
import { expect } from "expect";
import { createRandom } from "@/supabase/local/demo/random.ts";
import { fork } from "@/tests/support/fork.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { deposit, trader } from "@/tests/support/odd_transactions.ts";
import { findings, mismatchAlerts, reconcileOn, reconcileTest, summary } from "@/tests/support/reconciling.ts";
import { type SweepStage, sweepTest } from "@/tests/support/sweeping.ts";

/** Nothing was said to be wrong that is not. */
async function expectNoMismatch(stage: SweepStage): Promise<void> {
  expect(await findings(stage)).toEqual([]);
  expect(await mismatchAlerts(stage)).toEqual([]);
}

sweepTest("row 5: what half of all deliveries lost, one reconciliation finds without a sweep", [], async (stage) => {
  const { dropped } = await stage.hear({ drop: 0.5 });
  expect(dropped).toBeGreaterThan(5);
  // What went to a vault that nobody knows yet waits for the sweep, which looks for that one.
  expect(summary(await reconcileOn(stage))).toMatch(/^done (matched \d+ )?fixed \d+( behind \d+)?$/);
  expect((await mismatchAlerts(stage)).filter((alert) => alert.endsWith("open"))).toEqual([]);
  await stage.sweep();
  expect(summary(await reconcileOn(stage))).toBe("done matched 6");
  expect(await stage.differences()).toEqual([]);
}, { transactions: 60 });

reconcileTest(
  "row 7: what a fork dropped and no sweep took back yet is behind, and right after two sweeps",
  [],
  async (stage, reconciled) => {
    const { node } = stage;
    fork(node, { slots: 12, transactions: 10, lands: 0, random: createRandom("dropped") });
    node.trade(3);
    await stage.hear();
    node.waitUntilFinal();
    node.waitSlots(40);
    expect(await reconciled()).toMatch(/^done (matched \d )?(fixed \d )?behind [1-6]$/);
    expect((await mismatchAlerts(stage)).filter((line) => line.endsWith("open"))).toEqual([]);
    for (let times = 0; times < 2; times++) await stage.sweep();
    expect(await reconciled()).toBe("done matched 6");
    expect(await stage.differences()).toEqual([]);
  },
);

for (const [what, forge] of Object.entries({ "a larger amount": largerAmount, "no event at all": withoutData })) {
  reconcileTest(
    `row 13: ${what} under a true signature, whose true delivery never came, ends as the chain says`,
    [],
    async (stage, reconciled) => {
      const { node } = stage;
      expect(await reconciled()).toBe("done matched 6");
      const owner = trader(node);
      node.wait(500);
      node.send(deposit(owner, 7_000_000n));
      const forged = structuredClone(node.posted().at(-1)?.item) as unknown as { meta: { logMessages: string[] } };
      forged.meta.logMessages = forge(forged.meta.logMessages);
      await stage.take(forged);
      node.waitUntilFinal();
      // The sweep finds the signature where it was said to be, and makes its place final.
      expect((await stage.sweep()).status).toBe("done");
      expect(await reconciled()).toMatch(/^done matched [56]( fixed 1)?$/);
      expect(await reconciled()).toBe("done matched 6");
      expect(await stage.differences()).toEqual([]);
      expect((await mismatchAlerts(stage)).filter((line) => line.endsWith("open"))).toEqual([]);
    },
  );
}

reconcileTest(
  "row 31: while no node answers nothing is written, neither match nor mismatch",
  [],
  async (stage, reconciled) => {
    expect(await reconciled({ urls: ["http://127.0.0.1:9"] })).toBe("failed rpc_unavailable");
    expect(await stage.sql`select from public.reconciliation_logs`).toHaveLength(0);
    expect(await reconciled()).toBe("done matched 6");
  },
);

reconcileTest("row 32: 429 on every second call costs time, and 429 on every call is partial and gone on with", [
  "rate_limited",
], async (stage, reconciled) => {
  const { faults } = stage.node;
  faults.on("rate_limited", { share: 0.5 });
  expect(await reconciled()).toBe("done matched 6");
  let calls = 0;
  const limited: typeof fetch = (input, init) => {
    if (++calls === 2) faults.on("rate_limited", { share: 1 });
    return fetch(input, init);
  };
  faults.off();
  expect(await reconciled({ rpc: { fetch: limited } })).toBe("partial rpc_rate_limited");
  faults.off();
  expect(await reconciled()).toBe("done matched 6");
  await expectNoMismatch(stage);
});

reconcileTest("row 33: a node that has fallen behind is not heard, and one that is a little late sees what was then", [
  "node_behind",
  "stale_slot",
], async (stage, reconciled) => {
  const { node } = stage;
  node.trade(60);
  await stage.hear();
  node.waitUntilFinal();
  await stage.sweep();
  node.trade(20);
  await stage.hear();
  node.waitUntilFinal();
  node.faults.on("node_behind", { slots: 500 });
  expect(await reconciled()).toBe("failed rpc_behind");
  node.faults.off();
  node.faults.on("stale_slot", { share: 1, slots: 15 });
  expect(await reconciled()).toBe("done matched 6");
  node.faults.off();
  expect(await reconciled()).toBe("done matched 6");
  await expectNoMismatch(stage);
});

reconcileTest(
  "row 34: where one of two nodes lies nothing is said, and nothing is touched",
  ["wrong_balance"],
  async (stage, reconciled) => {
    const { node } = stage;
    const urls = [node.url, node.another("sound").url];
    const { address, tokenAccount } = node.chain.book.vaultOf(trader(node));
    for (const [lie, by] of [[address, 1n], [address, -1n], [tokenAccount, -1n]] as const) {
      node.faults.on("wrong_balance", { address: lie, by });
      expect(await reconciled({ urls })).toBe("done matched 5 behind 1");
      await expectNoMismatch(stage);
    }
    node.faults.off();
    expect(await reconciled({ urls })).toBe("done matched 6");
    expect(await stage.differences()).toEqual([]);
  },
);

reconcileTest(
  "row 34: what a node alone says is told and nothing more, until it says otherwise",
  ["wrong_balance"],
  async (stage, reconciled) => {
    const { node } = stage;
    const owner = trader(node);
    node.faults.on("wrong_balance", { address: node.chain.book.vaultOf(owner).address, by: 5n });
    expect(await reconciled()).toBe("done matched 5 mismatched 1");
    expect(await findings(stage)).toEqual([`${owner} 5`, "system 5"]);
    expect(await stage.differences()).toEqual([]);
    node.faults.off();
    expect(await reconciled()).toBe("done matched 6");
    expect((await mismatchAlerts(stage)).filter((line) => line.endsWith("open"))).toEqual([]);
  },
);

reconcileTest("row 34: what one node hides the other one shows, and without the other one nothing is said", [
  "missing_rows",
  "missing_transaction",
], async (stage, reconciled) => {
  const { node } = stage;
  const other = node.another("sound");
  node.wait(500);
  node.send(deposit(trader(node), 7_000_000n));
  node.waitUntilFinal();
  node.faults.on("missing_rows", { share: 1 });
  node.faults.on("missing_transaction", { share: 1 });
  expect(await reconciled({ urls: [node.url, "http://127.0.0.1:9"] })).toBe("done matched 5 behind 1");
  expect(await reconciled({ urls: [node.url, other.url] })).toBe("done matched 5 fixed 1");
  expect((await mismatchAlerts(stage)).filter((line) => line.endsWith("open"))).toEqual([]);
  expect(await brokenInvariants(stage.sql)).toEqual([]);
});

reconcileTest(
  "a run that dies at any step is gone on with, and every vault is on record once",
  [],
  async (stage, reconciled) => {
    const { node } = stage;
    for (const number of [0, 1]) {
      node.wait(500);
      node.send(deposit(trader(node, number), 7_000_000n));
    }
    node.waitUntilFinal();
    let [line, deaths] = ["", 0];
    for (let step = 1; line === ""; step++) {
      let left = step;
      const onProgress = (): void => {
        if (--left === 0) throw new Error("killed");
      };
      try {
        line = await reconciled({ onProgress });
      } catch (error) {
        expect(String(error)).toContain("killed");
        deaths++;
      }
    }
    expect([deaths > 3, line]).toEqual([true, "done matched 4 fixed 2"]);
    const owners = await stage.sql`select vault_owner from public.reconciliation_logs`;
    expect([owners.length, new Set(owners.map(({ vault_owner }) => vault_owner)).size]).toEqual([7, 7]);
    expect(await stage.differences()).toEqual([]);
  },
);

/** 16 777 216 base units more in the event of a deposit. */
function largerAmount(log: readonly string[]): string[] {
  return log.map((line) => {
    if (!line.startsWith("Program data: ")) return line;
    const bytes = Uint8Array.fromBase64(line.slice("Program data: ".length));
    bytes[8 + 64 + 3] = (bytes[8 + 64 + 3] ?? 0) + 1;
    return `Program data: ${bytes.toBase64()}`;
  });
}

function withoutData(log: readonly string[]): string[] {
  return log.filter((line) => !line.startsWith("Program data: "));
}

reconcileTest(
  "row 31: a vault of which nothing can be said for long is told of, as neither match nor mismatch, until something can",
  ["wrong_balance"],
  async (stage, reconciled) => {
    const { node, sql } = stage;
    expect(await reconciled()).toBe("done matched 6");
    const owner = trader(node);
    node.wait(500);
    node.send(deposit(owner, 5_000_000n));
    node.waitUntilFinal();
    node.waitSlots(40);
    const urls = [node.url, node.another("second").url];
    node.faults.on("wrong_balance", { address: node.chain.book.vaultOf(owner).address, by: 1n });
    const told = () => mismatchAlerts(stage, "job_failed");
    for (let times = 0; times < 2; times++) expect(await reconciled({ urls })).toBe("done matched 5 behind 1");
    expect(await told()).toEqual([]);
    await sql`update public.alert_rules set threshold = 0 where alert_type = 'job_failed'`;
    expect(await reconciled({ urls })).toBe("done matched 5 behind 1");
    expect(await told()).toEqual([`reconcile ${owner} warning open`]);
    expect(await sql`select data ->> 'rounds' as rounds from public.alerts where alert_type = 'job_failed'`).toEqual([
      { rounds: "3" },
    ]);
    await expectNoMismatch(stage);
    node.faults.off();
    expect(await reconciled({ urls })).toMatch(/^done matched [56]( fixed 1)?$/);
    expect(await told()).toEqual([`reconcile ${owner} warning over`]);
    expect(await sql`select from vaultbook.behind_vaults`).toHaveLength(0);
  },
);

reconcileTest("row 36: of five reconciliations at once one works, and compares each vault once", [], async (stage) => {
  const reports = await Promise.all(Array.from({ length: 5 }, () => reconcileOn(stage)));
  expect(reports.map(summary).sort()).toEqual(["done matched 6", "skipped", "skipped", "skipped", "skipped"]);
  const logs = await stage.sql`select vault_owner from public.reconciliation_logs`;
  // Six vaults, and the sum of all.
  expect(new Set(logs.map(({ vault_owner }) => vault_owner)).size).toBe(logs.length);
  expect(logs.length).toBe(7);
});
