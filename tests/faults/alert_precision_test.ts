import { expect } from "expect";
import { ingest } from "@/lib/ledger/ingest.ts";
import { alerts } from "@/tasks/fuzz/alerts.ts";
import { withTestServer } from "@/tasks/test/server.ts";
import { chosenSeed } from "@/tests/support/seeded.ts";

const SHAPE = { events: 3_000, vaults: 60, delivery: 150 };

/** A round of this shape. */
async function play(shape: Parameters<typeof alerts>[0], seed: number): Promise<Readonly<Record<string, number>>> {
  return await withTestServer({ onProgress: () => {} }, async (server) => {
    const campaign = await alerts(shape).open(server);
    try {
      return await campaign.round(seed);
    } finally {
      await campaign.close();
    }
  });
}

Deno.test("an honest history raises each alert that the rules ask for, as often as it happened, and no other", async () => {
  const seed = chosenSeed();
  // deno-lint-ignore no-console -- to replay it
  console.log(`SEED=${seed}`);
  const counts = await play(SHAPE, seed);
  // deno-lint-ignore no-console -- what was proven
  console.log(JSON.stringify(counts));
  for (const name of alerts().mustHappen) expect(counts[name]).toBeGreaterThan(0);
});

Deno.test("a lost deposit is seen in that history", async () => {
  let number = 0;
  const lossy: typeof ingest = (database, delivery) =>
    ingest(database, {
      ...delivery,
      finalized: false,
      transactions: delivery.transactions.filter((transaction) =>
        transaction.verdict !== "read" || transaction.events[0]?.kind !== "deposit" || number++ !== 20
      ),
    });
  await expect(play({ ...SHAPE, ingest: lossy }, 5)).rejects.toThrow(/gap_detected of/);
});
