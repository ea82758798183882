/**
 * What a ledger has to show, given what it has taken up.
 *
 * Which of two things that exclude each other it takes up is its own choice, and so is what it gives up where something that
 * both lived on is gone; all else follows.
 *
 * @module
 */
import { joined } from "./admission.ts";
import { type Candidate, connected } from "./candidate.ts";
import { explain } from "./explanation.ts";
import { misfitOf } from "./misfit.ts";
import type { Model } from "./model.ts";
import { differences, type LedgerState, linesOf, stateOf } from "./state.ts";
import { tenuresOf, withVaults } from "./tenure.ts";

/** What there was before and after something was heard, and what a ledger showed. */
export interface Progress {
  readonly from: { readonly model: Model; readonly shown: Pick<LedgerState, "vaults" | "outcomes"> };
  readonly to: { readonly model: Model; readonly shown: LedgerState };
}

/** What is wrong with what a ledger shows, given what it has heard and what it has shown before; one line each. */
export function unjustified({ from, to }: Progress): string[] {
  const { model, shown } = to;
  const possible = possibleIn(model);
  const applied = standing(possible, shown);
  const wrong = impossible(applied) ?? leftOut(applied, possible.filter((candidate) => !applied.includes(candidate))) ??
    droppedInVain(standing(possibleIn(from.model), from.shown), possible, applied);
  if (wrong !== null) return [wrong];
  const entries = new Map(model.entries);
  explain(entries, applied);
  const known = new Map(from.shown.vaults.map((vault) => [vault.owner, vault]));
  const vaults = withVaults(known, tenuresOf(applied));
  return differences(linesOf(shown), linesOf(stateOf({ ...model, entries, vaults })));
}

/** All that a ledger could take up. */
function possibleIn({ entries }: Model): Candidate[] {
  return [...entries.values()].flatMap(({ candidate }) => candidate?.transaction.failed === false ? [candidate] : []);
}

/** What of it a ledger has taken up. */
function standing(possible: readonly Candidate[], { outcomes }: Pick<LedgerState, "outcomes">): Candidate[] {
  return possible.filter(({ transaction }) => outcomes.get(transaction.signature) === "applied");
}

function impossible(applied: readonly Candidate[]): string | null {
  const misfit = misfitOf([], applied);
  return misfit && `Applied although ${misfit.why}: ${namesOf([misfit.candidate])}`;
}

/** It has no choice where something waits that is possible by itself, or with all that waits for the same addresses. */
function leftOut(applied: readonly Candidate[], waiting: readonly Candidate[]): string | null {
  const group = waiting.map((candidate) => [candidate]).find((alone) => joined(applied, alone).joining.length > 0) ??
    connected(waiting).find((together) => misfitOf(applied, together) === null);
  return group ? `Not applied although nothing is in the way: ${namesOf(group)}` : null;
}

/**
 * Nor where it has given up what could still stand, all of it. What has moved was taken back, and has to find its place anew; so
 * has much else where an address has come to be another's.
 */
function droppedInVain(
  stood: readonly Candidate[],
  possible: readonly Candidate[],
  applied: readonly Candidate[],
): string | null {
  if (openersOf(stood).symmetricDifference(openersOf(applied)).size > 0) return null;
  const kept = stood.filter((candidate) => possible.includes(candidate));
  const dropped = kept.filter((candidate) => !applied.includes(candidate));
  if (dropped.length === 0 || misfitOf([], kept)) return null;
  return `Given up although all of it can stand: ${namesOf(dropped)}`;
}

function openersOf(candidates: readonly Candidate[]): Set<Candidate> {
  return new Set(candidates.filter(({ openings }) => openings.length > 0));
}

function namesOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ transaction }) => transaction.signature).join(" with ");
}
