/**
 * The ledger against the auditor: hand-written histories, each about one thing.
 *
 * @module
 */
import { expect } from "expect";
import { openAudit } from "@/tests/support/model/audit.ts";
import { SCENARIOS } from "@/tests/support/model/scenarios.ts";
import { STORIES, type Story } from "@/tests/support/model/stories.ts";

async function told({ batches }: Story): Promise<string[]> {
  const audit = await openAudit();
  try {
    const found: string[] = [];
    for (const batch of batches) found.push(...await audit.deliver(batch), ...audit.disagreements());
    return [...found, ...await audit.conclude()];
  } finally {
    await audit.close();
  }
}

for (const story of STORIES) {
  Deno.test(`ingest() leaves what the auditor says of: ${story.name}`, async () => {
    expect(await told(story)).toEqual([]);
  });
}

Deno.test("ingest() leaves what the auditor says of every scenario told backwards, one by one", async () => {
  for (const { name, deliveries } of SCENARIOS) {
    const batches = deliveries.toReversed().map((transaction) => [transaction]);
    expect([name, ...await told({ name, batches })]).toEqual([name]);
  }
});
