/**
 * Guesses what a misspelt name was meant to be, for the hints in errors.
 *
 * @module
 */

/**
 * Gives the candidate most similar to `name`, or null when none reaches `least` (0 to 1). Similarity is one minus the share of
 * letters that must change; case does not count. A candidate must have two neighbouring letters in common with the name, which
 * is how PostgREST's fuzzy set finds candidates in the first place.
 */
export function mostSimilar(name: string, candidates: Iterable<string>, least: number): string | null {
  let best: { candidate: string; score: number } | null = null;
  const wanted = name.toLowerCase().slice(0, MAX_LENGTH);
  for (const candidate of candidates) {
    const other = candidate.toLowerCase().slice(0, MAX_LENGTH);
    if (!shareAPair(wanted, other)) continue;
    const score = 1 - editDistance(wanted, other) / Math.max(wanted.length, other.length, 1);
    if (score >= least && score > (best?.score ?? -1)) best = { candidate, score };
  }
  return best?.candidate ?? null;
}

/** Longer names are cut, so that no request can make this expensive. */
const MAX_LENGTH = 200;

function shareAPair(a: string, b: string): boolean {
  const pairs = new Set<string>();
  for (let at = 0; at + 1 < a.length; at += 1) pairs.add(a.slice(at, at + 2));
  for (let at = 0; at + 1 < b.length; at += 1) {
    if (pairs.has(b.slice(at, at + 2))) return true;
  }
  return false;
}

/** Levenshtein's distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
