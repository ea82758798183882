/**
 * The ledger against the auditor: hand-written histories, each about one thing.
 *
 * @module
 */
import { expect } from "expect";
import { openAudit } from "@/tests/support/model/audit.ts";
import { SCENARIOS } from "@/tests/support/model/scenarios.ts";
import { stepOf } from "@/tests/support/model/step.ts";
import { STORIES } from "@/tests/support/model/stories.ts";
import type { Story } from "@/tests/support/model/story.ts";

async function told({ steps }: Story): Promise<string[]> {
  const audit = await openAudit();
  try {
    const found: string[] = [];
    for (const step of steps) found.push(...await audit.take(step), ...audit.disagreements());
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
    const steps = deliveries.toReversed().map(stepOf);
    expect([name, ...await told({ name, steps })]).toEqual([name]);
  }
});
