/**
 * A small seeded generator: the demo chain must repeat itself exactly. Not for secrets.
 *
 * The algorithm is sfc32 by Chris Doty-Humphrey (PractRand, `sfc.h`), seeded with the SHA-256 of a text.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";

/** A stream of numbers that is the same for the same seed. */
export interface Random {
  /** A whole number from 0 to 2^32 − 1. */
  next(): number;
  /** A number from 0 (included) to 1 (excluded). */
  fraction(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One entry of a list. @throws {RangeError} when the list is empty. */
  pick<T>(list: readonly T[]): T;
  /** One entry of a list of [entry, weight]. @throws {RangeError} when no weight is positive. */
  weighted<T>(list: readonly (readonly [T, number])[]): T;
  /** That many bytes. */
  bytes(length: number): Uint8Array;
}

/** A generator for the seed text. Equal texts give equal streams. */
export function createRandom(seed: string): Random {
  const digest = sha256(new TextEncoder().encode(seed));
  const view = new DataView(digest.buffer, digest.byteOffset);
  let a = view.getUint32(0, true);
  let b = view.getUint32(4, true);
  let c = view.getUint32(8, true);
  let counter = 1;

  function next(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return sum >>> 0;
  }
  // PractRand discards the first rounds, in which a thin seed still shows.
  for (let round = 0; round < 12; round++) next();

  const fraction = (): number => next() / 2 ** 32;
  const between = (low: number, high: number): number => low + Math.floor(fraction() * (high - low + 1));

  function pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("Cannot pick from an empty list");
    return list[between(0, list.length - 1)] as T;
  }

  function weighted<T>(list: readonly (readonly [T, number])[]): T {
    let left = fraction() * list.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [entry, weight] of list) {
      left -= weight;
      if (left < 0) return entry;
    }
    throw new RangeError("Cannot pick: no positive weight");
  }

  function bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => next() >>> 24);
  }

  return { next, fraction, between, chance: (probability) => fraction() < probability, pick, weighted, bytes };
}
