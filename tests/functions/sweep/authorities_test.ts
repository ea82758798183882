/**
 * Whom the sweep takes for an authority, and what the ingest tells of the others.
 *
 * @module
 */
import { expect } from "expect";
import { key } from "@/tests/support/raw_delivery.ts";
import { openFaultyNode } from "@/tests/support/faulty_node.ts";
import { type SweepStage, sweepTest } from "@/tests/support/sweeping.ts";

/** The lists, a line each. */
async function listed({ sql }: SweepStage): Promise<string[]> {
  const lists = await sql`select source, authorities from vaultbook.authority_lists order by source`;
  return lists.map(({ source, authorities }) => [source, ...authorities.sort()].join(" "));
}

/** The keys that are told of. */
async function told({ sql }: SweepStage): Promise<string[]> {
  const alerts = await sql`
    select subject from public.alerts where alert_type = 'unknown_authority' and resolved_at is null order by subject`;
  return alerts.map(({ subject }) => subject);
}

sweepTest("the authorities are learnt from the program's account, and nobody on it is told of", [], async (stage) => {
  const { cast } = stage.node;
  const onChain = ["learnt", ...[cast.keeper.address, cast.engine].sort()].join(" ");
  await stage.sweep();
  expect(await listed(stage)).toEqual([onChain]);
  stage.node.trade(150);
  stage.node.waitUntilFinal();
  await stage.hear();
  const [signed] = await stage.sql`
    select count(*)::integer as count from vaultbook.events where kind in ('lock', 'unlock', 'transfer') and not failed`;
  expect(signed?.count).toBeGreaterThan(20);
  expect(await told(stage)).toEqual([]);
});

sweepTest("what is configured goes before what the chain says, until nothing is configured", [], async (stage) => {
  const { cast } = stage.node;
  await stage.sweep({ authorities: [key("somebody")] });
  expect(await listed(stage)).toEqual([`configured ${key("somebody")}`]);
  stage.node.trade(150);
  await stage.hear();
  expect(await told(stage)).toEqual([cast.keeper.address, cast.engine].sort());
  expect(await stage.sql`select from public.transactions where transaction_type = 'lock'`).not.toHaveLength(0);
  await stage.sweep();
  expect(await listed(stage)).toEqual([`configured ${key("somebody")}`]);
  await stage.sweep({ authorities: [] });
  expect(await listed(stage)).toEqual([["learnt", ...[cast.keeper.address, cast.engine].sort()].join(" ")]);
  expect(await told(stage)).toEqual([]);
});

sweepTest("a list that the nodes do not show alike is not learnt", [], async (stage) => {
  const other = stage.node.another("other");
  other.faults.on("rate_limited", { share: 1 });
  await stage.sweep({ urls: [stage.node.url, other.url], budget: 6_000 });
  expect(await listed(stage)).toEqual([]);
  other.faults.off("rate_limited");
  const elsewhere = openFaultyNode({ seed: "another chain" });
  try {
    elsewhere.trade(40);
    elsewhere.waitUntilFinal();
    await stage.sweep({ urls: [stage.node.url, elsewhere.url] });
    expect(await listed(stage)).toEqual([]);
  } finally {
    await elsewhere.close();
  }
  await stage.sweep({ urls: [stage.node.url, other.url] });
  expect(await listed(stage)).toHaveLength(1);
});
