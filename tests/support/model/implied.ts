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
import { isSamePlace } from "./landing.ts";
import { misfitOf } from "./misfit.ts";
import type { Entry, Model } from "./model.ts";
import { differences, type LedgerState, linesOf, stateOf } from "./state.ts";
import { tenuresOf, withVaults } from "./tenure.ts";

/** What there was before and after something was heard, and what a ledger showed. */
export interface Progress {
  readonly from: { readonly model: Model; readonly shown: Pick<LedgerState, "vaults" | "outcomes"> };
  readonly to: { readonly model: Model; readonly shown: LedgerState };
}

/** What is wrong with what a ledger shows, given what it has heard and what it has shown before; one line each. */
export function unjustified({ from, to }: Progress): string[] {
  const { model, shown: after } = to;
  const before = from.shown;
  const possible = [...model.entries.values()].flatMap((entry) => canStand(entry) ? [entry.candidate] : []);
  // What lies elsewhere now is taken back, and has to find its place anew.
  const stood = possible.filter(({ transaction: { signature } }) =>
    before.outcomes.get(signature) === "applied" && isUnmoved(signature, from.model, model)
  );
  const [applied, waiting] = [true, false].map((stands) =>
    possible.filter(({ transaction }) => (after.outcomes.get(transaction.signature) === "applied") === stands)
  ) as [Candidate[], Candidate[]];
  const wrong = impossible(applied) ?? leftOut(applied, waiting) ?? droppedInVain(stood, applied);
  if (wrong !== null) return [wrong];
  const entries = new Map(model.entries);
  explain(entries, applied);
  const known = new Map(before.vaults.map((vault) => [vault.owner, vault]));
  const vaults = withVaults(known, tenuresOf(applied));
  return differences(linesOf(after), linesOf(stateOf({ ...model, entries, vaults })));
}

function isUnmoved(signature: string, { entries }: Model, later: Model): boolean {
  return isSamePlace(entries.get(signature)?.landing ?? null, later.entries.get(signature)?.landing ?? null);
}

function canStand(entry: Entry): entry is Entry & { candidate: Candidate } {
  return entry.candidate !== null && !entry.candidate.transaction.failed;
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

/** Nor where it has given up what could still stand, all of it, beside whoever has come to own an address. */
function droppedInVain(stood: readonly Candidate[], applied: readonly Candidate[]): string | null {
  const dropped = stood.filter((candidate) => !applied.includes(candidate));
  if (dropped.length === 0) return null;
  const openers = applied.filter((candidate) => candidate.openings.length > 0 && !stood.includes(candidate));
  if (misfitOf([], [...stood, ...openers])) return null;
  return `Given up although all of it can stand: ${namesOf(dropped)}`;
}

function namesOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ transaction }) => transaction.signature).join(" with ");
}
