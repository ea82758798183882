/**
 * Which of the waiting transactions the ledger can take up.
 *
 * A set of transactions is possible when every vault in it is initialised, every event names the vault's owner, and no vault's
 * balances become impossible at any point of the chain. Transactions may be possible together that are impossible one by one.
 *
 * @module
 */
import type { ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { byChainOrder, type Leg, legsOf } from "./leg.ts";
import { firstImpossible, type Impossibility } from "./thread.ts";

/** A transaction, and what it does to which vaults. */
export interface Candidate {
  readonly transaction: ReadTransaction;
  readonly legs: readonly Leg[];
  /** Every vault that it names. */
  readonly vaults: readonly string[];
}

/** Takes a transaction apart. */
export function candidateOf(transaction: ReadTransaction): Candidate {
  const vaults = transaction.events.flatMap((event) =>
    event.vault === null ? [] : event.kind === "transfer" ? [event.vault, event.toVault] : [event.vault]
  );
  return { transaction, legs: legsOf(transaction), vaults };
}

/** Who owns a vault. */
export interface KnownVault {
  readonly owner: string;
  readonly tokenAccount: string;
}

/** What keeps a transaction out. */
export interface Misfit {
  readonly candidate: Candidate;
  readonly why: Impossibility | "vault_unknown" | "foreign_owner";
}

/** Up to so many waiting transactions that share vaults every combination is tried; of more only pairs. */
const EXHAUSTIVE = 8;

/** The vaults that these transactions bring to be, by address. The first to name one wins. */
export function knownVaults(candidates: Iterable<Candidate>): Map<string, KnownVault> {
  const known = new Map<string, KnownVault>();
  for (const { transaction } of candidates) {
    for (const event of transaction.events) {
      if (event.kind !== "initialise" || known.has(event.vault)) continue;
      known.set(event.vault, { owner: event.owner, tokenAccount: event.tokenAccount });
    }
  }
  return known;
}

/**
 * Those of `waiting` that can join `applied`, which must be possible by itself. Nothing that is left out could join as well,
 * be it alone or together with others (as far as {@link EXHAUSTIVE} goes).
 */
export function admissible(applied: readonly Candidate[], waiting: readonly Candidate[]): Candidate[] {
  const admitted: Candidate[] = [];
  for (;;) {
    const rest = waiting.filter((candidate) => !admitted.includes(candidate));
    if (rest.length === 0) return admitted;
    const held = [...applied, ...admitted];
    const joined = withoutMisfits(held, rest);
    const next = joined.length > 0 ? joined : smallestGroup(held, withoutStrangers(held, rest));
    if (next.length === 0) return admitted;
    admitted.push(...next);
  }
}

/** All that wait at once; then without the first, in chain order, that does not fit; and so on. */
function withoutMisfits(applied: readonly Candidate[], waiting: readonly Candidate[]): Candidate[] {
  let left = [...waiting];
  for (let misfit = misfitOf(applied, left); misfit; misfit = misfitOf(applied, left)) {
    const { candidate } = misfit;
    left = left.filter((other) => other !== candidate);
  }
  return left;
}

/** Without those whose vault nobody knows, not even another that waits. */
function withoutStrangers(applied: readonly Candidate[], waiting: readonly Candidate[]): Candidate[] {
  const known = knownVaults([...applied, ...waiting]);
  return waiting.filter(({ vaults }) => vaults.every((vault) => known.has(vault)));
}

/** The fewest that share vaults and can join together; none where there are no such. */
function smallestGroup(applied: readonly Candidate[], waiting: readonly Candidate[]): Candidate[] {
  for (const component of connected(waiting)) {
    const most = component.length <= EXHAUSTIVE ? component.length : 2;
    for (let size = 1; size <= most; size++) {
      for (const group of combinations(component, size)) {
        if (misfitOf(applied, group) === null) return group;
      }
    }
  }
  return [];
}

/**
 * The first of `joining` that cannot stand beside `applied` and the others; null where all can. Where something of `applied`
 * would become impossible, it is the last that joined before that and took from the same vault.
 */
export function misfitOf(applied: readonly Candidate[], joining: readonly Candidate[]): Misfit | null {
  const known = knownVaults([...applied, ...joining]);
  for (const candidate of joining) {
    const why = strangerIn(candidate, known);
    if (why) return { candidate, why };
  }
  const bySignature = new Map(joining.map((candidate) => [candidate.transaction.signature, candidate]));
  const touched = new Set(joining.flatMap(({ legs }) => legs.map(({ vault }) => vault)));
  let first: { leg: Leg; misfit: Misfit } | null = null;
  for (const thread of threads([...applied, ...joining], touched).values()) {
    const broken = firstImpossible(thread);
    if (!broken || (first && byChainOrder(first.leg, broken.leg) <= 0)) continue;
    const before = thread.slice(0, broken.at + 1).filter(({ signature }) => bySignature.has(signature));
    const culprit = bySignature.has(broken.leg.signature)
      ? broken.leg
      : before.findLast((leg) => takes(leg) === (broken.why === "negative")) ?? before.at(-1);
    const candidate = culprit && bySignature.get(culprit.signature);
    if (!candidate) throw new Error("What is applied is impossible by itself");
    first = { leg: broken.leg, misfit: { candidate, why: broken.why } };
  }
  return first?.misfit ?? null;
}

/** The legs of these vaults, each in chain order. */
export function threads(candidates: readonly Candidate[], vaults: ReadonlySet<string>): Map<string, Leg[]> {
  const result = new Map<string, Leg[]>();
  for (const { legs } of candidates) {
    for (const leg of legs) {
      if (!vaults.has(leg.vault)) continue;
      const thread = result.get(leg.vault);
      if (thread) thread.push(leg);
      else result.set(leg.vault, [leg]);
    }
  }
  for (const thread of result.values()) thread.sort(byChainOrder);
  return result;
}

function strangerIn({ transaction, vaults }: Candidate, known: ReadonlyMap<string, KnownVault>): Misfit["why"] | null {
  if (vaults.some((vault) => !known.has(vault))) return "vault_unknown";
  const isForeign = transaction.events.some((event) =>
    "owner" in event && event.owner !== null && known.get(event.vault)?.owner !== event.owner
  );
  return isForeign ? "foreign_owner" : null;
}

function takes({ type }: Leg): boolean {
  return type !== "deposit" && type !== "transfer_in";
}

/** Groups of transactions that share vaults, directly or over others. */
export function connected(candidates: readonly Candidate[]): Candidate[][] {
  let groups: { vaults: Set<string>; members: Candidate[] }[] = [];
  for (const candidate of candidates) {
    const vaults = new Set(candidate.vaults);
    const near = groups.filter((group) => !group.vaults.isDisjointFrom(vaults));
    groups = groups.filter((group) => !near.includes(group));
    groups.push({
      vaults: new Set([...near.flatMap((group) => [...group.vaults]), ...vaults]),
      members: [...near.flatMap(({ members }) => members), candidate],
    });
  }
  return groups.map(({ members }) => members);
}

function* combinations<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  if (size === 0) return yield [];
  for (const [at, item] of items.entries()) {
    for (const rest of combinations(items.slice(at + 1), size - 1)) yield [item, ...rest];
  }
}
