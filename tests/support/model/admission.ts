/**
 * Which transactions the ledger takes up, and which it has to take back.
 *
 * What stands already goes before what waits, and nothing that could be taken up is left out: transactions may be possible
 * together that are impossible one by one. An address that comes to be another's goes before what happened in it.
 *
 * @module
 */
import { type Candidate, connected } from "./candidate.ts";
import { type Misfit, misfitOf } from "./misfit.ts";
import { byPlace } from "./place.ts";

/** Up to so many waiting transactions that share addresses every combination is tried; of more only pairs. */
const EXHAUSTIVE = 8;

/** All of these that can stand together: without the first, in chain order, that cannot; and so on. */
export function possibleOf(candidates: readonly Candidate[]): Candidate[] {
  return [...joined([], candidates).joining];
}

/**
 * What stands, where `held` stood, which is possible by itself, and these wait. None of those that then wait could join, be it
 * alone or together with others (as far as {@link EXHAUSTIVE} goes).
 */
export function settled(held: readonly Candidate[], waiting: readonly Candidate[]): readonly Candidate[] {
  const all = [...held, ...waiting];
  let standing = held;
  for (;;) {
    const there = new Set(standing);
    const rest = all.filter((candidate) => !there.has(candidate));
    const next = rest.length === 0 ? null : widened(standing, rest);
    if (next === null) return standing;
    standing = next;
  }
}

/** With some more of those that wait; null where none can join. */
function widened(held: readonly Candidate[], waiting: readonly Candidate[]): readonly Candidate[] | null {
  const openers = waiting.filter(isOpener).map((opener) => [opener]);
  for (const pool of [waiting, ...(waiting.length > 1 ? openers : [])]) {
    const { standing, joining } = joined(held, pool);
    if (joining.length > 0) return [...standing, ...joining];
  }
  const group = smallestGroup(held, withoutStrangers(held, waiting));
  return group.length > 0 ? [...held, ...group] : null;
}

/** What of `held` still stands when `joining`, as many as can, have joined. */
export interface Joined {
  readonly standing: readonly Candidate[];
  readonly joining: readonly Candidate[];
  /** Those of `joining` that could not, and why. */
  readonly misfits: readonly Misfit[];
}

/**
 * All that wait at once; then without the first, in chain order, that does not fit; and so on. Of what is held, that falls which
 * somebody's taking over of an address makes impossible.
 */
export function joined(held: readonly Candidate[], waiting: readonly Candidate[]): Joined {
  let [standing, joining] = [held, waiting];
  const misfits: Misfit[] = [];
  for (let misfit = misfitOf(standing, joining); misfit; misfit = misfitOf(standing, joining)) {
    const { candidate } = misfit;
    if (!joining.includes(candidate) && hasToFall(candidate, joining)) {
      standing = standing.filter((other) => other !== candidate);
      continue;
    }
    const leaving = joining.includes(candidate) ? candidate : joining.findLast(isOpener);
    if (!leaving) throw new Error("What is held is impossible by itself");
    joining = joining.filter((other) => other !== leaving);
    misfits.push({ ...misfit, candidate: leaving });
    // What fell for it alone stands again.
    standing = held;
  }
  return { standing, joining, misfits };
}

/** Of two that open addresses the earlier goes first: so it does not matter of which of them one hears first. */
function hasToFall(held: Candidate, joining: readonly Candidate[]): boolean {
  const [opening] = held.openings;
  return !opening || joining.some(({ openings: [other] }) => other && byPlace(other, opening) < 0);
}

function isOpener({ openings }: Candidate): boolean {
  return openings.length > 0;
}

/** Without those whose vault nobody knows, not even another that waits. */
function withoutStrangers(held: readonly Candidate[], waiting: readonly Candidate[]): Candidate[] {
  const known = new Set([...held, ...waiting].flatMap(({ openings }) => openings.map(({ address }) => address)));
  return waiting.filter(({ addresses }) => addresses.every((address) => known.has(address)));
}

/** The fewest that share addresses and can join together; none where there are no such. */
function smallestGroup(held: readonly Candidate[], waiting: readonly Candidate[]): readonly Candidate[] {
  for (const component of connected(waiting)) {
    const most = component.length <= EXHAUSTIVE ? component.length : 2;
    for (let size = 1; size <= most; size++) {
      for (const group of combinations(component, size)) {
        if (misfitOf(held, group) === null) return group;
      }
    }
  }
  return [];
}

function* combinations<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  if (size === 0) return yield [];
  for (const [at, item] of items.entries()) {
    for (const rest of combinations(items.slice(at + 1), size - 1)) yield [item, ...rest];
  }
}
