/**
 * Whether two series of times differ.
 *
 * The method is dudect's (O. Reparaz, J. Balasch, I. Verbauwhede, "Dude, is my code constant time?", DATE 2017): Welch's t-test on both series
 * in a random order, whole and without their slow tails, which other work on the machine makes; both are cut at the same times.
 *
 * @module
 */

/** Beyond this, two series are told apart. */
export const TELLS_APART = 4.5;

/** The shares of all times, the fastest first, that are compared. */
const CROPS = [0.5, 0.9, 0.99, 1] as const;

/** The largest of Welch's t, by its amount, of two series: of each share of their times. 0 where nothing varies. */
export function welch(a: readonly number[], b: readonly number[]): number {
  const all = Float64Array.from([...a, ...b]).sort();
  const statistics = CROPS.map((share) => {
    const limit = all[Math.ceil(all.length * share) - 1] ?? Infinity;
    return statistic(momentsOf(a, limit), momentsOf(b, limit));
  });
  return statistics.reduce((worst, t) => Math.abs(t) > Math.abs(worst) ? t : worst, 0);
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
  readonly size: number;
}

function statistic(one: Moments, other: Moments): number {
  const spread = Math.sqrt(one.variance / one.size + other.variance / other.size);
  return spread > 0 ? (one.mean - other.mean) / spread : 0;
}

/** Of what is not above the limit; in one pass (Welford). */
function momentsOf(series: readonly number[], limit: number): Moments {
  let [size, mean, squares] = [0, 0, 0];
  for (const x of series) {
    if (x > limit) continue;
    const delta = x - mean;
    mean += delta / ++size;
    squares += delta * (x - mean);
  }
  return { mean, variance: size > 1 ? squares / (size - 1) : 0, size };
}
