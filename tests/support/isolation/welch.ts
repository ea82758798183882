/**
 * Whether two series of times differ.
 *
 * @module
 */

/** The share of each series that is kept: what is above was interrupted by something else. */
const KEPT = 0.9;

/** Welch's t of two series, each without its slowest tenth; beyond ±4.5 they differ. */
export function welch(a: readonly number[], b: readonly number[]): number {
  const [one, other] = [momentsOf(a), momentsOf(b)];
  return (one.mean - other.mean) / Math.sqrt(one.variance / one.size + other.variance / other.size);
}

function momentsOf(series: readonly number[]): { mean: number; variance: number; size: number } {
  const kept = series.toSorted((x, y) => x - y).slice(0, Math.floor(series.length * KEPT));
  const mean = kept.reduce((sum, x) => sum + x, 0) / kept.length;
  const variance = kept.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (kept.length - 1);
  return { mean, variance, size: kept.length };
}
