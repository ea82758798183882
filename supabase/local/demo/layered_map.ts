/**
 * A map of which every state stays: a changed one shares what did not change. Every transaction of the demo chain makes a new state, and
 * copying all of ten thousand vaults for each would take minutes.
 *
 * @module
 */

/** At least so many own entries are kept before a new base is made. */
const OWN_MIN = 16;

/** Entries in the order in which their keys first came. */
export class LayeredMap<Key, Value> implements ReadonlyMap<Key, Value> {
  // Private to the language: to a comparison two maps are equal when their entries are.
  readonly #base: ReadonlyMap<Key, Value>;
  /** What is not in the base, or differs from it. */
  readonly #own: ReadonlyMap<Key, Value>;
  readonly size: number;

  private constructor(base: ReadonlyMap<Key, Value>, own: ReadonlyMap<Key, Value>, size: number) {
    this.#base = base;
    this.#own = own;
    this.size = size;
  }

  /** The map itself when it is one of these, else one over it; it must not change any more. */
  static of<Key, Value>(map: ReadonlyMap<Key, Value>): LayeredMap<Key, Value> {
    return map instanceof LayeredMap ? map : new LayeredMap(map, new Map<Key, Value>(), map.size);
  }

  /** The same map with one entry set. */
  with(key: Key, value: Value): LayeredMap<Key, Value> {
    const own = new Map(this.#own).set(key, value);
    const size = this.has(key) ? this.size : this.size + 1;
    // Each change copies the own entries, and each new base all of them: with the root of all, both cost the same.
    if (own.size <= Math.max(OWN_MIN, Math.sqrt(size))) return new LayeredMap(this.#base, own, size);
    const base = new Map(this.#base);
    for (const [each, its] of own) base.set(each, its);
    return new LayeredMap(base, new Map<Key, Value>(), size);
  }

  get(key: Key): Value | undefined {
    return this.#own.has(key) ? this.#own.get(key) : this.#base.get(key);
  }

  has(key: Key): boolean {
    return this.#own.has(key) || this.#base.has(key);
  }

  *entries(): MapIterator<[Key, Value]> {
    for (const [key, value] of this.#base) yield [key, this.#own.has(key) ? this.#own.get(key) as Value : value];
    for (const [key, value] of this.#own) if (!this.#base.has(key)) yield [key, value];
  }

  *keys(): MapIterator<Key> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value;
  }

  forEach(visit: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries();
  }
}
