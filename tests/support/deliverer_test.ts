import { expect } from "expect";
import { deliver, type Delivered, type Posted } from "./deliverer.ts";
import { openFaultyNode } from "./faulty_node.ts";
import { chosenSeed } from "./seeded.ts";

const HOUR = 3_600_000;

/** What a chain of 200 transactions posts, and the seed of the run. */
async function posts(): Promise<{ seed: string; posted: readonly Posted[] }> {
  const seed = `deliverer ${chosenSeed()}`;
  const node = openFaultyNode({ seed });
  try {
    node.trade(200);
    return { seed, posted: [...node.posted()] };
  } finally {
    await node.close();
  }
}

function signatures({ deliveries }: Delivered): (string | undefined)[] {
  return deliveries.flatMap(({ items }) => items.map(({ transaction }) => transaction.signatures[0]));
}

Deno.test("deliver() in fair weather brings everything once, alone and in order", async () => {
  const { seed, posted } = await posts();
  const delivered = deliver(posted, seed, {});
  expect(delivered.deliveries).toEqual(posted.map(({ at, item }) => ({ at, items: [item] })));
  expect(Object.values(delivered.fired)).toEqual([0, 0, 0, 0, 0]);
});

Deno.test("row 5: deliver() drops its share, and the same ones from the same seed", async () => {
  const { seed, posted } = await posts();
  const delivered = deliver(posted, seed, { drop: 0.3 });
  expect([seed, signatures(delivered).length]).toEqual([seed, 200 - delivered.fired.dropped]);
  expect([seed, delivered.fired.dropped > 30, delivered.fired.dropped < 100]).toEqual([seed, true, true]);
  expect(deliver(posted, seed, { drop: 0.3 })).toEqual(delivered);
  expect([seed, signatures(deliver(posted, `${seed}!`, { drop: 0.3 }))]).not.toEqual([seed, signatures(delivered)]);
  expect(signatures(deliver(posted, seed, { drop: 1 }))).toEqual([]);
});

Deno.test("rows 1 and 3: deliver() repeats, delays and reorders, and loses nothing by it", async () => {
  const { seed, posted } = await posts();
  const delay = { share: 0.5, milliseconds: 20_000 };
  const delivered = deliver(posted, seed, { duplicate: 0.4, delay, batch: 7 });
  const { duplicated, delayed, reordered } = delivered.fired;
  expect([seed, duplicated > 40, delayed > 50, reordered > 20]).toEqual([seed, true, true, true]);
  expect([seed, signatures(delivered).length]).toEqual([seed, 200 + duplicated]);
  expect(new Set(signatures(delivered)).size).toBe(200);
  const times = delivered.deliveries.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(delivered.deliveries.map(({ items }) => items.length))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
});

Deno.test("row 6: deliver() is silent for an hour, and what was posted in it is lost or comes at its end", async () => {
  const { seed, posted } = await posts();
  const from = posted[50]?.at ?? 0;
  const inHour = posted.filter(({ at }) => at >= from && at < from + HOUR).length;
  const lost = deliver(posted, seed, { silence: { from, milliseconds: HOUR, then: "lost" } });
  expect([signatures(lost).length, lost.fired.silenced]).toEqual([200 - inHour, inHour]);
  const late = deliver(posted, seed, { silence: { from, milliseconds: HOUR, then: "late" } });
  expect(late.deliveries.slice(50).every(({ at }) => at >= from + HOUR)).toBe(true);
  expect(signatures(late).length).toBe(200);
});
