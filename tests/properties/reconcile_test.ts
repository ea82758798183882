/**
 * The reconciliation amid everything that can go wrong.
 *
 * @module
 */
import { expect } from "expect";
import { reconciledDay } from "@/tests/support/reconciled_days.ts";
import { chosenSeed } from "@/tests/support/seeded.ts";

/** `deno task fuzz --only reconcile` goes on for as long as one likes. */
const DAYS = 2;

Deno.test("nothing is called wrong that is only missing, late, forked away or lied about by one node of two", async () => {
  const seed = chosenSeed();
  const happened: Record<string, number> = {};
  for (let day = 0; day < DAYS; day++) {
    const { counts, found } = await reconciledDay(`seed ${seed} day ${day}`);
    expect([`seed ${seed} day ${day}`, ...found]).toEqual([`seed ${seed} day ${day}`]);
    for (const [name, count] of Object.entries(counts)) happened[name] = (happened[name] ?? 0) + count;
  }
  const { dropped = 0, forks = 0, matched = 0 } = happened;
  expect([`seed ${seed}`, dropped + forks > 0, matched > 0]).toEqual([`seed ${seed}`, true, true]);
});
