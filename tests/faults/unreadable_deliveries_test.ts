/**
 * Rows 10 and 22, the sweep's part: a delivery that lacks something is fetched whole.
 *
 * @module
 */
import { expect } from "expect";
import { program, type SweepStage, sweepTest } from "@/tests/support/sweeping.ts";

interface Delivered {
  readonly slot: number;
  readonly meta: { readonly err: unknown; readonly logMessages: readonly string[] };
  readonly transaction: { readonly signatures: readonly string[] };
}

/** What the webhook would have brought, each without something. */
const CUTS: Readonly<Record<string, (item: Delivered) => unknown>> = {
  "without logs": (item) => ({ ...item, meta: { ...item.meta, logMessages: null } }),
  "with its log cut": (item) => ({
    ...item,
    meta: { ...item.meta, logMessages: [...item.meta.logMessages.slice(0, 1), "Log truncated"] },
  }),
  "without its place": (item) => ({ ...item, indexWithinBlock: undefined }),
  "as if nothing of ours were in it": ({ slot, transaction, meta }) => ({
    ...{
      slot,
      signature: transaction.signatures[0],
      transactionError: meta.err,
      timestamp: 1_700_000_000,
      type: "UNKNOWN",
    },
    ...{ instructions: [], events: {}, accountData: [], tokenTransfers: [], nativeTransfers: [] },
  }),
};

async function parked({ sql }: SweepStage): Promise<number> {
  const [{ count } = { count: -1 }] = await sql<{ count: number }[]>`
    select count(*)::integer as count from vaultbook.inbox where outcome = 'parked'`;
  return count;
}

sweepTest("row 10: what came in the enhanced form is fetched and applied", [], async (stage) => {
  const items = stage.node.posted().map(({ item }) => item as unknown as Delivered);
  const named = (item: Delivered): unknown => ({
    ...CUTS["as if nothing of ours were in it"]?.(item) as Record<string, unknown>,
    instructions: [{ programId: program.address, accounts: [], data: "1", innerInstructions: [] }],
  });
  await stage.take(...items.map(named));
  expect(await parked(stage)).toBe(items.length);
  expect((await stage.sweep()).status).toBe("done");
  expect([await parked(stage), await stage.differences()]).toEqual([0, []]);
});

for (const [how, cut] of Object.entries(CUTS)) {
  sweepTest(`row 10: what came ${how} is fetched and applied`, [], async (stage) => {
    const items = stage.node.posted().map(({ item }) => item as unknown as Delivered);
    await stage.take(...items.map(cut));
    const report = await stage.sweep();
    expect([report.status, report.counts.unfetched]).toEqual(["done", 0]);
    expect([await parked(stage), await stage.differences()]).toEqual([0, []]);
  });
}

sweepTest(
  "row 10: what came cut and is not listed is asked for by its signature, once",
  ["missing_rows"],
  async (stage) => {
    const { node } = stage;
    node.faults.on("missing_rows", { share: 1 });
    const items = node.posted().map(({ item }) => item as unknown as Delivered);
    await stage.take(...items.map((item) => CUTS["without its place"]?.(item)));
    const before = await parked(stage);
    expect(before).toBeGreaterThan(20);
    const report = await stage.sweep();
    expect([report.status, (report.counts.fetched ?? 0) >= before]).toEqual(["done", true]);
    expect([await parked(stage), await stage.differences()]).toEqual([0, []]);
    expect((await stage.sweep()).counts.fetched).toBe(0);
  },
);

sweepTest("what nobody has is asked for more and more seldom, and holds up nothing else", [], async (stage) => {
  const { item } = stage.node.posted()[5] ?? { item: null };
  const strange = {
    ...item as unknown as Delivered,
    transaction: { ...item?.transaction, signatures: ["3".repeat(87)] },
  };
  expect(await stage.take(CUTS["without its place"]?.(strange))).toEqual(["parked position_unknown"]);
  for (let times = 1; times <= 6; times++) {
    const report = await stage.sweep();
    expect([report.status, report.counts.unfetched]).toEqual(times <= 5 ? ["partial", 1] : ["done", 0]);
  }
  const [{ attempts } = { attempts: 0 }] = await stage
    .sql`select attempts from vaultbook.sightings where settled_at is null`;
  expect(attempts).toBe(5);
});
