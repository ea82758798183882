/**
 * Random numbers that can be had again: a test prints its seed, and `SEED=…` in the environment replays it.
 *
 * @module
 */

/** The seed to use: that of the environment, else a fresh one. */
export function chosenSeed(): number {
  return Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 32));
}

/** mulberry32 (Tommy Ettinger, public domain): numbers from 0 to 1. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same items in a random order. */
export function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items.map((item) => ({ item, place: random() })).sort((a, b) => a.place - b.place).map(({ item }) => item);
}

/** The items nearly in their order: each is overtaken by at most so many, as news that travel by several roads are. */
export function jostled<Item>(items: readonly Item[], reach: number, random: () => number): Item[] {
  return items.map((item, place) => ({ item, place: place + random() * reach }))
    .sort((a, b) => a.place - b.place).map(({ item }) => item);
}

/** The items in their order, cut into batches of 1 to `most`. */
export function* batches<Item>(items: readonly Item[], most: number, random: () => number): Generator<Item[]> {
  for (let from = 0, size = 0; from < items.length; from += size) {
    size = 1 + Math.floor(random() * most);
    yield items.slice(from, from + size);
  }
}
