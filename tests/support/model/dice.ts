/**
 * Random choices, as the auditor's random histories need them.
 *
 * @module
 */

/** A random choice of whole numbers. */
export interface Dice {
  /** From 0 to 1. */
  readonly random: () => number;
  /** A whole number from 0 to `most`. */
  upTo(most: bigint): bigint;
  chance(probability: number): boolean;
  one<Item>(items: readonly Item[]): Item;
}

/** Dice that fall as `random` says. */
export function diceOf(random: () => number): Dice {
  return {
    random,
    // Often all or next to nothing: that is where balances break.
    upTo(most: bigint): bigint {
      const kind = random();
      if (kind < 0.25) return most;
      if (kind < 0.35) return most > 0n ? 1n : 0n;
      return most * BigInt(Math.floor(random() * 1000)) / 1000n;
    },
    chance: (probability) => random() < probability,
    one<Item>(items: readonly Item[]): Item {
      const item = items[Math.floor(random() * items.length)];
      if (item === undefined) throw new Error("Nothing to choose from");
      return item;
    },
  };
}
