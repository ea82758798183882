/**
 * The ledger as the auditor understands it: what it has heard, and what became of each signature.
 *
 * What a signature stands for is the first content that came under it; where it lies follows from the set of all that was said
 * of that; and what can stand is taken up. So the order of the news matters only where things exclude each other.
 *
 * Left out: what a person decides about the quarantined.
 *
 * @module
 */
import { isAmount } from "@/lib/domain/amount.ts";
import type { ChainTransaction, ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Outcome, Settlement } from "@/lib/domain/settlement.ts";
import type { LostLanding } from "@/lib/ledger/roll_back.ts";
import { possibleOf, settled } from "./admission.ts";
import { type Candidate, candidateOf } from "./candidate.ts";
import { hasSameContent } from "./content.ts";
import { explain } from "./explanation.ts";
import { type Claim, isSamePlace, landingOf, withClaim } from "./landing.ts";
import { tenuresOf, type Vault, withVaults } from "./tenure.ts";

/** What the model knows of one signature. */
export interface Entry {
  readonly transaction: ChainTransaction;
  /** Everywhere that it was seen; empty where it could not be read. */
  readonly claims: readonly Claim[];
  /** Where it lies; null where it lies nowhere, or could not be read. */
  readonly landing: Claim | null;
  /** What it does there; null where it is nothing that the ledger could take up. */
  readonly candidate: Candidate | null;
  readonly outcome: Outcome;
  readonly code: string | null;
  /** How often this very content came. */
  readonly seen: number;
  /** The chain itself shows something unreadable: only the chain can say it better. */
  readonly isUnreadable: boolean;
}

/** An immutable ledger. */
export interface Model {
  /** By signature. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** What came under a signature that stood for something else already, in order of arrival. */
  readonly conflicts: readonly { readonly transaction: ReadTransaction; readonly seen: number }[];
  /** Slots that signatures lost, heard of or not. */
  readonly lost: ReadonlyMap<string, ReadonlySet<number>>;
  /** Every vault that ever came to be, by owner. */
  readonly vaults: ReadonlyMap<string, Vault>;
}

/** A model in the making. */
interface Draft {
  readonly entries: Map<string, Entry>;
  readonly conflicts: Model["conflicts"][number][];
  readonly lost: Map<string, ReadonlySet<number>>;
  /** Signatures of what stood, and is gone, or lies elsewhere now. */
  readonly moved: Set<string>;
}

/** A ledger that has heard of nothing. */
export function emptyModel(): Model {
  return { entries: new Map(), conflicts: [], lost: new Map(), vaults: new Map() };
}

/**
 * The ledger after one more delivery, and what became of each of its elements, in their order. The elements are settled
 * together, and with them all that waits.
 *
 * @param options.finalized read at finalized commitment; default false.
 * @throws {RangeError} at what the model leaves out: a transaction without a place.
 */
export function receive(
  model: Model,
  transactions: readonly ChainTransaction[],
  options: { finalized?: boolean } = {},
): { model: Model; settlements: Settlement[] } {
  const draft = draftOf(model);
  const answers = transactions.map((transaction) => enter(draft, transaction, options.finalized ?? false));
  const next = finished(draft, model);
  const settlements = transactions.map((transaction, position): Settlement => {
    const signature = transaction.signature ?? null;
    const answer = answers[position] ?? (signature === null ? null : next.entries.get(signature));
    if (!answer) throw new Error("Every element of a delivery has an answer");
    return { signature, outcome: answer.outcome, code: answer.code };
  });
  return { model: next, settlements };
}

/** The ledger after these signatures were lost from these slots, and those that lay somewhere and lie nowhere now, in one order. */
export function rollBack(model: Model, lost: readonly LostLanding[]): { model: Model; signatures: string[] } {
  const draft = draftOf(model);
  for (const { signature, slot } of lost) {
    draft.lost.set(signature, new Set([...draft.lost.get(signature) ?? [], slot]));
    const entry = draft.entries.get(signature);
    if (entry) draft.entries.set(signature, landed(draft, entry));
  }
  const signatures = new Set(lost.map(({ signature }) => signature));
  return {
    model: finished(draft, model),
    signatures: [...signatures].filter((signature) =>
      model.entries.get(signature)?.landing && !draft.entries.get(signature)?.landing
    ).sort(),
  };
}

function draftOf({ entries, conflicts, lost }: Model): Draft {
  return { entries: new Map(entries), conflicts: [...conflicts], lost: new Map(lost), moved: new Set() };
}

type Answer = Pick<Settlement, "outcome" | "code">;

const DUPLICATE: Answer = { outcome: "duplicate", code: null };
const CONFLICT: Answer = { outcome: "conflict", code: "signature_has_other_content" };

/** Writes one element down. Gives its answer; null where settling will tell. */
function enter(draft: Draft, transaction: ChainTransaction, finalized: boolean): Answer | null {
  const { signature } = transaction;
  if (signature === undefined) return unread(transaction, 1);
  const held = draft.entries.get(signature);
  // What could not be read when it came first, and must be fetched again, is new when it can be read.
  const isNew = !held || (isUnread(held) && transaction.verdict === "read" && (finalized || !held.isUnreadable));
  if (!isNew && transaction.verdict === "read" && !hasSameContent(held.transaction, transaction)) {
    if (!finalized || held.transaction.verdict !== "read" || held.claims.some((claim) => claim.finalized)) {
      contradict(draft, transaction, 1);
      return CONFLICT;
    }
    overrule(draft, held, held.transaction);
    const heard = withoutConflict(draft, transaction);
    const fresh = { ...unread(transaction, heard + 1), landing: null, claims: [claimOf(transaction, finalized)] };
    draft.entries.set(signature, landed(draft, fresh));
    return null;
  }
  const isUnreadable = finalized && transaction.verdict === "quarantined" && transaction.slot !== undefined;
  if (isUnreadable && held?.transaction.verdict === "read" && !held.claims.some((claim) => claim.finalized)) {
    overrule(draft, held, held.transaction);
    draft.entries.set(signature, { ...unread(transaction, 1), isUnreadable });
    return null;
  }
  const seen = (held?.seen ?? 0) + 1;
  if (transaction.verdict !== "read") {
    const entry = held ? { ...held, seen } : unread(transaction, seen);
    draft.entries.set(signature, { ...entry, isUnreadable: entry.isUnreadable || (isUnreadable && isUnread(entry)) });
    return held ? DUPLICATE : null;
  }
  const known = isNew ? { ...unread(transaction, seen), landing: null } : { ...held, seen };
  const entry = landed(draft, { ...known, claims: withClaim(known.claims, claimOf(transaction, finalized)) });
  draft.entries.set(signature, entry);
  return isNew || !isSamePlace(known.landing, entry.landing) ? null : DUPLICATE;
}

/** Whether nothing of what it did could be read. */
function isUnread({ transaction: { verdict } }: Entry): boolean {
  return verdict === "parked" || verdict === "quarantined";
}

/** An entry of what says nothing of its effects, or not yet. */
function unread(transaction: ChainTransaction, seen: number): Entry {
  const { verdict } = transaction;
  const told = verdict === "read"
    ? { outcome: "ignored", code: "rolled_back" } as const
    : { outcome: verdict, code: transaction.code };
  return { transaction, claims: [], landing: null, candidate: null, ...told, seen, isUnreadable: false };
}

function claimOf({ signature, slot, transactionIndex, blockTime }: ReadTransaction, finalized: boolean): Claim {
  if (transactionIndex === null) throw new RangeError(`${signature} has no place in its block`);
  return { slot, transactionIndex, blockTime, finalized };
}

/** Puts an entry where it lies after all that is known. In another place it is another thing, and what it did is undone. */
function landed(draft: Draft, entry: Entry): Entry {
  const { transaction } = entry;
  if (transaction.verdict !== "read") return entry;
  const landing = landingOf(entry.claims, draft.lost.get(transaction.signature));
  if (isSamePlace(landing, entry.landing)) return entry;
  const stood = entry.outcome === "applied";
  if (stood) draft.moved.add(transaction.signature);
  if (!landing) return { ...entry, landing, candidate: null, outcome: "ignored", code: "rolled_back" };
  const { slot, transactionIndex, blockTime } = landing;
  const candidate = candidateOf({ ...transaction, slot, transactionIndex, blockTime });
  if (!candidate.legs.every(({ amount }) => isAmount(amount))) {
    return { ...entry, landing, candidate: null, outcome: "quarantined", code: "amount_out_of_range" };
  }
  // A failed one waits for its vaults, any other for all that makes it possible. What stood before it moved goes first.
  const outcome = transaction.failed ? "failed" : stood ? "applied" : "parked";
  return { ...entry, landing, candidate, outcome, code: stood ? null : "vault_unknown" };
}

function contradict({ conflicts }: Draft, transaction: ReadTransaction, times: number): void {
  const known = conflicts.findIndex((conflict) => hasSameContent(conflict.transaction, transaction));
  if (known < 0) conflicts.push({ transaction, seen: times });
  else conflicts[known] = { transaction, seen: (conflicts[known]?.seen ?? 0) + times };
}

/** What was held of a signature is only what somebody said: the chain finalized something else. */
function overrule(draft: Draft, { outcome, seen }: Entry, transaction: ReadTransaction): void {
  contradict(draft, transaction, seen);
  if (outcome === "applied") draft.moved.add(transaction.signature);
}

/** Strikes this content from the conflicts. Gives how often it had come. */
function withoutConflict({ conflicts }: Draft, transaction: ReadTransaction): number {
  const known = conflicts.findIndex((conflict) => hasSameContent(conflict.transaction, transaction));
  return known < 0 ? 0 : conflicts.splice(known, 1)[0]?.seen ?? 0;
}

/**
 * Takes back what has become impossible, takes up what has become possible, and says why the rest has not. What stands goes
 * before what stood before it moved or fell, and that before what waits.
 */
function finished({ entries, conflicts, lost, moved }: Draft, { vaults }: Model): Model {
  const applied = candidatesOf(entries, "applied");
  const waiting = candidatesOf(entries, "parked");
  const standing = moved.size === 0 ? applied : steadied(applied, moved);
  const fallen = applied.filter((candidate) => !standing.includes(candidate));
  const now = settled(standing, [...fallen, ...waiting]);
  explain(entries, now);
  return { entries, conflicts, lost, vaults: withVaults(vaults, tenuresOf(now)) };
}

/** What still stands after these have moved, or are gone. */
function steadied(applied: readonly Candidate[], moved: ReadonlySet<string>): readonly Candidate[] {
  const stayed = applied.filter(({ transaction }) => !moved.has(transaction.signature));
  const steady = possibleOf(stayed);
  return settled(steady, applied.filter((candidate) => !steady.includes(candidate)));
}

/** All that lies somewhere and has this outcome. */
export function candidatesOf(entries: ReadonlyMap<string, Entry>, outcome: Outcome): Candidate[] {
  return [...entries.values()].flatMap((entry) =>
    entry.outcome === outcome && entry.candidate ? [entry.candidate] : []
  );
}
