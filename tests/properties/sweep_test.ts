/**
 * The sweep against a chain, a webhook and nodes that are as bad as they can be.
 *
 * @module
 */
import { expect } from "expect";
import { badDay } from "@/tests/support/bad_days.ts";
import { chosenSeed } from "@/tests/support/seeded.ts";

/** `deno task fuzz --only sweep` goes on for as long as one likes. */
const DAYS = 5;

Deno.test("after at most two sweeps the book is the chain's, whatever the webhook lost, forks dropped and nodes refused or hid", async () => {
  const seed = chosenSeed();
  const happened: Record<string, number> = {};
  for (let day = 0; day < DAYS; day++) {
    const { counts, found } = await badDay(`seed ${seed} day ${day}`);
    expect([`seed ${seed} day ${day}`, ...found]).toEqual([`seed ${seed} day ${day}`]);
    for (const [name, count] of Object.entries(counts)) happened[name] = (happened[name] ?? 0) + count;
  }
  for (const name of ["dropped", "forks", "landings_lost"]) {
    expect([`seed ${seed}`, name, (happened[name] ?? 0) > 0]).toEqual([`seed ${seed}`, name, true]);
  }
});
