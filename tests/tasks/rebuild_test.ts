/**
 * `deno task rebuild` on books whose finality no delivery tells of.
 *
 * @module
 */
import { expect } from "expect";
import { runProjectTask } from "@/tests/support/running_instance.ts";
import { program, sweepTest } from "@/tests/support/sweeping.ts";

sweepTest("what is final by the chain's list alone lies in the shadow where it lies in the book", [], async (stage) => {
  const { node, sql } = stage;
  await stage.hear();
  await stage.sweep();
  const [known] = await sql`
    select signature, slot from vaultbook.inbox
     where outcome = 'applied' and finalized_at is not null and proven_at is null order by slot desc limit 1`;
  const item = node.posted().map((posted) => posted.item).find(({ transaction }) =>
    transaction.signatures[0] === known?.signature
  );
  // A late word of a fork, which is higher than where it lies for good.
  expect(await stage.take({ ...item, slot: Number(known?.slot) + 7 })).toEqual(["duplicate"]);
  const rebuilt = await runProjectTask("rebuild", "--db-url", stage.adminUrl, "--program", program.address);
  expect([rebuilt.code, rebuilt.stdout]).toEqual([0, expect.stringContaining("give the same book")]);
});
