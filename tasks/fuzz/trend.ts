/**
 * Whether something grows, for good and not by chance.
 *
 * @module
 */

/** What grows by less than this is taken for steady. */
export interface Tolerance {
  /** The last third may be so many times the first. */
  readonly factor: number;
  /** And so much more, whatever the factor says: what is small may double. */
  readonly least: number;
}

/** How many values it takes to speak of a trend. */
export const TREND_MIN = 6;

/**
 * The middle values of the first and the last third, where the last is beyond what is tolerated; null where nothing grows, or where there
 * are too few values to say. One bad value, or a few, move no middle.
 */
export function growth(values: readonly number[], { factor, least }: Tolerance): { from: number; to: number } | null {
  if (values.length < TREND_MIN) return null;
  const third = Math.floor(values.length / 3);
  const [from, to] = [middle(values.slice(0, third)), middle(values.slice(-third))];
  return to > from * factor && to > from + least ? { from, to } : null;
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, sorted[Math.floor(sorted.length / 2)] ?? 0];
  return (low + high) / 2;
}
