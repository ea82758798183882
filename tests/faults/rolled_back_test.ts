/**
 * Rows 7, 8, 13 and 54: what was delivered is not on the finalized chain, or lies elsewhere, or says something else there.
 *
 * @module
 */
import { expect } from "expect";
import { openAlerts } from "@/tests/support/ledger_state.ts";
import { createRandom } from "@/supabase/local/demo/random.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { fork } from "@/tests/support/fork.ts";
import { deposit, trader } from "@/tests/support/odd_transactions.ts";
import { forgedOf, type SweepStage, sweepTest } from "@/tests/support/sweeping.ts";

/** Waits until the chain is well past everything that happened, and sweeps so many times. */
async function sweepLater(stage: SweepStage, times: number): Promise<Record<string, number>> {
  stage.node.waitUntilFinal();
  stage.node.waitSlots(40);
  const total: Record<string, number> = {};
  for (let time = 0; time < times; time++) {
    const { status, counts } = await stage.sweep();
    expect(status).toBe("done");
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}

async function compensated(stage: SweepStage): Promise<number> {
  const [{ count } = { count: -1 }] = await stage.sql<{ count: number }[]>`
    select count(*)::integer as count from vaultbook.compensations`;
  return count;
}

for (const slots of [1, 5, 31]) {
  sweepTest(
    `row 7: a fork of ${slots} slots that the webhook told of is taken back by the second sweep, not the first`,
    [],
    async (stage) => {
      await stage.hear();
      await stage.sweep();
      const random = createRandom(`fork ${slots}`);
      const { dropped } = fork(stage.node, { slots, transactions: 8, lands: 0, random });
      expect(dropped.length).toBe(8);
      stage.node.trade(5);
      await stage.hear();
      const before = await compensated(stage);
      const first = await sweepLater(stage, 1);
      expect([first.rolled_back, (first.doubted ?? 0) > 0, await compensated(stage)]).toEqual([0, true, before]);
      const second = await sweepLater(stage, 1);
      expect(second.rolled_back).toBe(first.doubted);
      expect(await stage.differences()).toEqual([]);
      expect((await openAlerts(stage.sql)).some((line) => line.startsWith("rolled_back"))).toBe(true);
    },
  );
}

sweepTest(
  "row 8: what landed again elsewhere takes effect once, whether the webhook told of the second landing or not",
  [],
  async (stage) => {
    await stage.hear();
    await stage.sweep();
    for (const drop of [0, 1]) {
      // Then the slot alone tells the two landings apart.
      if (drop === 1) stage.node.faults.on("no_transaction_index", { share: 1 });
      const random = createRandom(`again ${drop}`);
      const { dropped } = fork(stage.node, { slots: 12, transactions: 10, lands: 1, random });
      expect(dropped.filter(({ again }) => again !== null).length).toBeGreaterThan(3);
      const landed = stage.node.posted().length - dropped.filter(({ again }) => again !== null).length;
      // The fork is heard of; its second landings only once.
      await stage.take(...stage.node.posted().slice(landed - dropped.length, landed).map(({ item }) => item));
      if (drop === 0) await stage.take(...stage.node.posted().slice(landed).map(({ item }) => item));
      await sweepLater(stage, 2);
      expect(await stage.differences()).toEqual([]);
    }
  },
);

sweepTest(
  "row 13: a delivery with the right secret that the chain does not know is compensated and told of",
  [],
  async (stage) => {
    const { node } = stage;
    await stage.hear();
    await stage.sweep();
    const owner = trader(node);
    // In a slot that the chain has long made final, in a new one, and in one far ahead; and the true deposit before them is forked away.
    const forged = forgedDeposits(stage, owner, 5_000_000n);
    expect((await stage.take(...forged)).map((outcome) => outcome.split(" ")[0])).toEqual([
      "applied",
      "applied",
      "applied",
    ]);
    node.trade(10);
    await stage.hear();
    const total = await sweepLater(stage, 2);
    expect([total.rolled_back, total.doubted]).toEqual([4, 8]);
    expect(await stage.differences()).toEqual([]);
    expect(await compensated(stage)).toBe(4);
    const [alert] = await stage
      .sql`select severity from public.alerts where alert_type = 'rolled_back' and vault_owner = ${owner}`;
    expect(alert?.severity).toBe("critical");
    // And once more: it changes nothing.
    expect(await stage.take(...forged)).toEqual(["duplicate", "duplicate", "duplicate"]);
    await sweepLater(stage, 1);
    expect(await stage.differences()).toEqual([]);
  },
);

sweepTest(
  "row 13: what was forged before all that the book has is taken back, by the block that does not hold it",
  [],
  async (stage) => {
    const { node } = stage;
    node.waitSlots(40);
    // Nothing else was ever delivered.
    const items = node.posted().map(({ item }) => item);
    const forged = forgedOf({ ...items[0], slot: node.chain.record(0).slot }, 1);
    await stage.take(...items.slice(0, 6), forged);
    await sweepLater(stage, 2);
    expect(await stage.differences()).toEqual([]);
  },
);

for (const isFinal of [false, true]) {
  const when = isFinal ? "after its place is final" : "before its place is final";
  sweepTest(
    `row 13: a forged amount under a true signature gives way to the chain's, told ${when}`,
    [],
    async (stage) => {
      const { node } = stage;
      await stage.hear();
      await stage.sweep();
      const owner = trader(node);
      node.wait(500);
      node.send(deposit(owner, 7_000_000n));
      const true_ = node.posted().at(-1)?.item as unknown as { meta: { logMessages: string[] } };
      const forged = structuredClone(true_);
      forged.meta.logMessages = forged.meta.logMessages.map((line) =>
        line.replace(/^Program data: .*/, (data) => largerAmount(data))
      );
      expect(await stage.take(forged)).toEqual(["applied"]);
      if (isFinal) await sweepLater(stage, 1);
      expect(await stage.take(true_)).toEqual(["conflict signature_has_other_content"]);
      await sweepLater(stage, 1);
      expect(await stage.differences()).toEqual([]);
      expect(await compensated(stage)).toBe(1);
    },
  );
}

/** Deposits into the owner's vault that never happened: long ago, now, and in far slots. */
function forgedDeposits({ node }: SweepStage, owner: string, amount: bigint): unknown[] {
  const { chain } = node;
  node.wait(500);
  node.send(deposit(owner, amount));
  const number = chain.size() - 1;
  const item = rawItem(chain.render(number));
  chain.drop(chain.record(number).slot - 1);
  const { first } = chain.genesis;
  return [first.slot + 25, item.slot, item.slot + 90_000].map((slot, i) => forgedOf({ ...item, slot }, i + 1));
}

/** The same event with one more at its amount's fourth byte: 16 777 216 base units more. */
function largerAmount(line: string): string {
  const bytes = Uint8Array.fromBase64(line.slice("Program data: ".length));
  bytes[8 + 64 + 3] = (bytes[8 + 64 + 3] ?? 0) + 1;
  return `Program data: ${bytes.toBase64()}`;
}
