/**
 * The ledger as the auditor understands it: what it has heard of, and what became of each.
 *
 * Left out, because the chain's description leaves the ledger no choice to compare yet: roll-backs and landing again in another
 * slot, closed vaults, and what a person decides about the quarantined.
 *
 * @module
 */
import { isAmount } from "@/lib/domain/amount.ts";
import type { ChainTransaction, ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Outcome, Settlement } from "@/lib/domain/settlement.ts";
import { admissible, type Candidate, candidateOf, knownVaults, misfitOf } from "./admission.ts";

/** What the model knows of one signature. */
export interface Entry {
  readonly transaction: ChainTransaction;
  /** Its legs; null where it could not be read. */
  readonly candidate: Candidate | null;
  readonly outcome: Outcome;
  readonly code: string | null;
  /** How often this very content came. */
  readonly seen: number;
}

/** An immutable ledger. */
export interface Model {
  /** By signature. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** What came under a signature that stood for something else already, in order of arrival. */
  readonly conflicts: readonly { readonly transaction: ReadTransaction; readonly seen: number }[];
}

/** A ledger that has heard of nothing. */
export function emptyModel(): Model {
  return { entries: new Map(), conflicts: [] };
}

/**
 * The ledger after one more delivery, and what became of each of its elements, in their order. The elements are settled
 * together, and with them all that waits.
 *
 * @throws {RangeError} at what the model leaves out: a signature in another place than before, a transaction without a place.
 */
export function receive(
  model: Model,
  transactions: readonly ChainTransaction[],
): { model: Model; settlements: Settlement[] } {
  const entries = new Map(model.entries);
  const conflicts = [...model.conflicts];
  const answers = transactions.map((transaction) => enter(entries, conflicts, transaction));
  settle(entries);
  const settlements = transactions.map((transaction, place): Settlement => {
    const signature = transaction.signature ?? null;
    const answer = answers[place] ?? (signature === null ? null : entries.get(signature));
    if (!answer) throw new Error("Every element of a delivery has an answer");
    return { signature, outcome: answer.outcome, code: answer.code };
  });
  return { model: { entries, conflicts }, settlements };
}

type Answer = Pick<Settlement, "outcome" | "code">;

const DUPLICATE: Answer = { outcome: "duplicate", code: null };
const CONFLICT: Answer = { outcome: "conflict", code: "signature_has_other_content" };

/** Writes one element down. Gives its answer; null where settling will tell. */
function enter(
  entries: Map<string, Entry>,
  conflicts: { transaction: ReadTransaction; seen: number }[],
  transaction: ChainTransaction,
): Answer | null {
  const { signature } = transaction;
  const held = signature === undefined ? undefined : entries.get(signature);
  if (signature === undefined || !held) {
    const entry = firstEntry(transaction);
    if (signature !== undefined) entries.set(signature, entry);
    return signature === undefined ? entry : null;
  }
  // What could not be read when it came first, and must be fetched again, is new when it can be read.
  if (held.transaction.verdict === "parked" && transaction.verdict === "read") {
    entries.set(signature, { ...firstEntry(transaction), seen: held.seen + 1 });
    return null;
  }
  const isOther = transaction.verdict === "read" && !hasSameContent(held.transaction, transaction);
  if (!isOther) {
    entries.set(signature, { ...held, seen: held.seen + 1 });
    return DUPLICATE;
  }
  const known = conflicts.findIndex((conflict) => hasSameContent(conflict.transaction, transaction));
  if (known < 0) conflicts.push({ transaction, seen: 1 });
  else conflicts[known] = { transaction, seen: (conflicts[known]?.seen ?? 0) + 1 };
  return CONFLICT;
}

function firstEntry(transaction: ChainTransaction): Entry {
  const { verdict } = transaction;
  if (verdict !== "read") {
    return { transaction, candidate: null, outcome: verdict, code: transaction.code, seen: 1 };
  }
  const candidate = candidateOf(transaction);
  if (!candidate.legs.every(({ amount }) => isAmount(amount))) {
    return { transaction, candidate: null, outcome: "quarantined", code: "amount_out_of_range", seen: 1 };
  }
  // Nothing is settled yet: a failed one waits for its vaults, any other for all that makes it possible.
  return { transaction, candidate, outcome: transaction.failed ? "failed" : "parked", code: "vault_unknown", seen: 1 };
}

/** The place is no part of it: a signature is the same transaction wherever it lands. */
function hasSameContent(one: ChainTransaction, other: ReadTransaction): boolean {
  if (one === other) return true;
  if (one.signature !== other.signature || one.verdict !== "read") return false;
  if (content(one) !== content(other)) return false;
  if (one.slot !== other.slot || one.transactionIndex !== other.transactionIndex) {
    throw new RangeError(`${one.signature} lies in two places`);
  }
  return true;
}

function content({ failed, events }: ReadTransaction): string {
  return JSON.stringify([failed, events], (_, value) => typeof value === "bigint" ? `${value}n` : value);
}

/** Takes up whatever has become possible, and says why the rest has not. */
function settle(entries: Map<string, Entry>): void {
  for (const candidate of admissible(candidatesOf(entries, "applied"), candidatesOf(entries, "parked"))) {
    decide(entries, candidate, "applied", null);
  }
  explain(entries);
}

/** Says of all that is not applied why it is not. What can never be is quarantined; what may still be waits. */
export function explain(entries: Map<string, Entry>): void {
  const applied = candidatesOf(entries, "applied");
  for (const candidate of candidatesOf(entries, "parked")) {
    const why = misfitOf(applied, [candidate])?.why;
    if (why === "vault_unknown") decide(entries, candidate, "parked", why);
    else if (why === "negative") decide(entries, candidate, "parked", "balance_would_be_negative");
    else if (why === "foreign_owner") decide(entries, candidate, "quarantined", "vault_of_another_owner");
    else if (why === "too_large") decide(entries, candidate, "quarantined", "amount_out_of_range");
  }
  const known = knownVaults(applied);
  for (const candidate of candidatesOf(entries, "failed")) {
    decide(entries, candidate, "failed", canBeShown(candidate, known) ? null : "vault_unknown");
  }
}

/**
 * Whether a failed transaction has rows. It waits whole until all its vaults are known, where a transfer would have gone among
 * them: a row names the counterparty.
 */
export function canBeShown({ legs }: Candidate, known: ReadonlyMap<string, unknown>): boolean {
  return legs.every(({ vault, otherVault }) => known.has(vault) && (otherVault === null || known.has(otherVault)));
}

/** All that can be read and has this outcome. */
export function candidatesOf(entries: ReadonlyMap<string, Entry>, outcome: Outcome): Candidate[] {
  return [...entries.values()].flatMap((entry) =>
    entry.outcome === outcome && entry.candidate ? [entry.candidate] : []
  );
}

function decide(entries: Map<string, Entry>, candidate: Candidate, outcome: Outcome, code: string | null): void {
  const { signature } = candidate.transaction;
  const entry = entries.get(signature);
  if (entry && (entry.outcome !== outcome || entry.code !== code)) {
    entries.set(signature, { ...entry, outcome, code });
  }
}
