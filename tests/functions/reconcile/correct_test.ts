/**
 * Rows 5 and 34: corrections by the reconciliation, where two nodes and the whole history agree; and where none is written.
 *
 * @module
 */
import { expect } from "expect";
import type { DemoNode } from "@/supabase/local/demo/node.ts";
import type { TransactionDraft } from "@/supabase/local/demo/record.ts";
import { brokenInvariants, ledgerOf } from "@/tests/support/ledger_state.ts";
import { deposit, donation, trader } from "@/tests/support/odd_transactions.ts";
import { findings, mismatchAlerts, type ReconcileAsked, reconcileTest } from "@/tests/support/reconciling.ts";
import { runProjectTask } from "@/tests/support/running_instance.ts";
import { program, type SweepStage } from "@/tests/support/sweeping.ts";

const FIVE = 5_000_000n;
const TEN_MINUTES_OF_SLOTS = 1_600;

/** Two nodes over one chain, and a bound. */
interface Pair {
  readonly stage: SweepStage;
  readonly urls: readonly string[];
  readonly second: DemoNode;
  readonly owner: string;
  readonly reconciled: (asked?: ReconcileAsked) => Promise<string>;
}

function pairTest(name: string, run: (pair: Pair) => Promise<void>, { bound = 10n * FIVE } = {}): void {
  reconcileTest(name, [], async (stage, reconciled) => {
    const second = stage.node.another("second");
    const urls = [stage.node.url, second.url];
    await stage.sql`update public.alert_rules set threshold = ${String(bound)} where alert_type = 'reconcile_mismatch'`;
    await stage.sweep({ urls });
    await run({
      stage,
      urls,
      second,
      owner: trader(stage.node),
      reconciled: (asked) => reconciled({ urls, ...asked }),
    });
    expect(await brokenInvariants(stage.sql)).toEqual([]);
  });
}

/** Something that happens on the chain, and that no node lists. */
function unlisted({ stage: { node }, second }: Pair, ...drafts: TransactionDraft[]): void {
  const signatures = drafts.map((draft) => {
    node.wait(500);
    return node.send(draft);
  });
  node.waitUntilFinal();
  node.waitSlots(40);
  for (const { faults } of [node, second]) faults.on("missing_rows", { share: 1, signatures });
}

/** What every node lists again, and the sweep finds when it looks once more. */
async function listed({ stage, second, urls }: Pair): Promise<void> {
  for (const { faults } of [stage.node, second]) {
    expect(faults.fired("missing_rows")).toBeGreaterThan(0);
    faults.off();
  }
  stage.node.waitSlots(TEN_MINUTES_OF_SLOTS);
  expect((await stage.sweep({ urls })).status).toBe("done");
}

/** Rows of corrections: type, amount, status. */
async function corrections({ stage: { sql } }: Pair): Promise<string[]> {
  const rows = await sql`
    select concat_ws(' ', transaction_type, amount, status, code) as line from vaultbook.corrections order by created_at, transaction_type`;
  return rows.map(({ line }) => String(line));
}

pairTest(
  "a deposit that no node lists is corrected on record, and the correction goes when it is found",
  async (pair) => {
    const { stage, owner, reconciled } = pair;
    unlisted(pair, deposit(owner, FIVE));
    expect(await reconciled()).toBe("done matched 5 fixed 1");
    expect(await corrections(pair)).toEqual(["deposit 5000000 confirmed"]);
    expect(await findings(stage)).toEqual([`${owner} 5000000 fixed`]);
    expect(await mismatchAlerts(stage)).toEqual([`${owner} critical over`]);
    const [log] = await stage.sql`select notes from public.reconciliation_logs where auto_fixed`;
    expect(log?.notes).toMatch(
      /deposited are [\d,.]+ USDT, not [\d,.]+ USDT; no transaction shows why, corrected by correction:[0-9a-f]{64}$/,
    );
    const [row] = await stage
      .sql`select note, finalized_at from public.transactions where vaultbook.is_correction(signature)`;
    expect([row?.note, row?.finalized_at]).toEqual([
      expect.stringMatching(/^Correction: at slot \d+ the chain says that the total is/),
      expect.any(Date),
    ]);
    expect(await reconciled()).toBe("done matched 6");

    await listed(pair);
    expect(await corrections(pair)).toEqual(["deposit 5000000 failed correction_outdated"]);
    expect((await ledgerOf(stage.sql, owner)).filter((line) => line.startsWith("deposit confirmed 5000000")))
      .toHaveLength(1);
    expect(await mismatchAlerts(stage, "rolled_back")).toEqual([]);
    expect(await reconciled()).toBe("done matched 6");
    const rebuilt = await runProjectTask("rebuild", "--db-url", stage.adminUrl, "--program", program.address);
    expect([rebuilt.code, rebuilt.stdout]).toEqual([0, expect.stringContaining("give the same book")]);
  },
);

pairTest("a withdrawal and a lock in one correction; what is found later of it takes all of it back", async (pair) => {
  const { stage, owner, reconciled } = pair;
  const { address: keeper } = stage.node.cast.keeper;
  unlisted(
    pair,
    deposit(owner, FIVE),
    { payer: owner, version: "legacy", steps: [{ kind: "withdraw", user: owner, amount: FIVE / 5n }] },
    lockOf(keeper, owner, FIVE / 5n),
  );
  expect(await reconciled()).toBe("done matched 5 fixed 1");
  expect(await corrections(pair)).toEqual([
    "deposit 5000000 confirmed",
    "lock 1000000 confirmed",
    "withdrawal 1000000 confirmed",
  ]);
  const rebuilt = await runProjectTask("rebuild", "--db-url", stage.adminUrl, "--program", program.address);
  expect([rebuilt.code, rebuilt.stdout]).toEqual([0, expect.stringContaining("give the same book")]);
  await listed(pair);
  expect(await reconciled()).toBe("done matched 6");
  expect((await corrections(pair)).map((line) => line.split(" ")[2])).toEqual(["failed", "failed", "failed"]);
});

function lockOf(authority: string, owner: string, amount: bigint): TransactionDraft {
  return { payer: authority, version: "legacy", steps: [{ kind: "lock_collateral", authority, owner, amount }] };
}

/** Told of, and nothing touched. */
async function expectUntouched(pair: Pair, by: bigint): Promise<void> {
  expect(await corrections(pair)).toEqual([]);
  expect(await mismatchAlerts(pair.stage)).toEqual([`${pair.owner} critical open`, "system critical open"]);
  expect(await findings(pair.stage)).toEqual([`${pair.owner} ${by}`, `system ${by}`]);
}

for (const [what, bound] of [["no correction is allowed at all", 0n], ["the bound is below it", FIVE - 1n]] as const) {
  pairTest(`where ${what} a mismatch is told and nothing is touched`, async (pair) => {
    unlisted(pair, deposit(pair.owner, FIVE));
    expect(await pair.reconciled()).toBe("done matched 5 mismatched 1");
    await expectUntouched(pair, FIVE);
  }, { bound });
}

pairTest("one node alone corrects nothing", async (pair) => {
  unlisted(pair, deposit(pair.owner, FIVE));
  expect(await pair.reconciled({ urls: pair.urls.slice(0, 1) })).toBe("done matched 5 mismatched 1");
  await expectUntouched(pair, FIVE);
});

pairTest("two nodes that disagree about a vault correct nothing", async (pair) => {
  const { stage, second, owner, reconciled } = pair;
  unlisted(pair, deposit(owner, FIVE));
  const { address } = stage.node.chain.book.vaultOf(owner);
  second.faults.on("wrong_balance", { address, by: 1n });
  expect(await reconciled()).toBe("done matched 5 behind 1");
  expect(await corrections(pair)).toEqual([]);
  expect(await mismatchAlerts(stage)).toEqual([]);
});

pairTest("two nodes that disagree about its tokens correct nothing", async (pair) => {
  const { stage, second, owner, reconciled } = pair;
  unlisted(pair, deposit(owner, FIVE));
  second.faults.on("wrong_balance", { address: stage.node.chain.book.vaultOf(owner).tokenAccount, by: 1n });
  expect(await reconciled()).toBe("done matched 5 mismatched 1");
  await expectUntouched(pair, FIVE);
});

pairTest("a node that lists nothing of what is known corrects nothing", async (pair) => {
  unlisted(pair, deposit(pair.owner, FIVE));
  pair.second.faults.on("missing_rows", { share: 1 });
  expect(await pair.reconciled()).toBe("done matched 5 mismatched 1");
  await expectUntouched(pair, FIVE);
});

pairTest("a history that one of the nodes does not tell is behind and not corrected", async (pair) => {
  const { stage, urls, owner, reconciled } = pair;
  unlisted(pair, deposit(owner, FIVE));
  expect(await reconciled({ urls: [...urls.slice(0, 1), "http://127.0.0.1:9"] })).toBe("done matched 5 behind 1");
  expect(await corrections(pair)).toEqual([]);
  expect(await mismatchAlerts(stage)).toEqual([]);
});

pairTest("what both nodes say that no deposit and no withdrawal can bring about is a mismatch", async (pair) => {
  const { stage, second, owner, reconciled } = pair;
  const { address } = stage.node.chain.book.vaultOf(owner);
  // As after a transfer that nobody lists: the vault's own count of what came in and went out stays.
  for (const { faults } of [stage.node, second]) faults.on("wrong_balance", { address, by: -1n });
  expect(await reconciled()).toBe("done matched 5 mismatched 1");
  await expectUntouched(pair, -1n);
});

pairTest("what a correction does not make right is no reason for one", async (pair) => {
  const { stage, second, owner, reconciled } = pair;
  unlisted(pair, deposit(owner, FIVE));
  const { tokenAccount } = stage.node.chain.book.vaultOf(owner);
  for (const { faults } of [stage.node, second]) faults.on("wrong_balance", { address: tokenAccount, by: -1n });
  expect(await reconciled()).toBe("done matched 5 mismatched 1");
  await expectUntouched(pair, FIVE);
  expect(await stage.sql`select from vaultbook.deliveries where source = 'correction'`).toHaveLength(0);
});

pairTest("tokens that somebody gave away are a surplus and no reason to correct", async (pair) => {
  const { stage, owner, reconciled } = pair;
  unlisted(pair, donation(stage.node, owner, FIVE));
  expect(await reconciled()).toBe("done matched 6");
  expect(await corrections(pair)).toEqual([]);
  expect(await mismatchAlerts(stage, "token_surplus")).toEqual([`${owner} info open`]);
});
