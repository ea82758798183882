/**
 * What cannot stand beside what.
 *
 * A set of transactions is possible when every address in it is somebody's, every event names whoever owns its address then, no
 * owner has two vaults, and no vault's balances become impossible at any point of the chain.
 *
 * @module
 */
import type { Candidate } from "./candidate.ts";
import { byChainOrder, type Leg } from "./leg.ts";
import { ownerAt, ownersOf, type Tenures, tenuresOf } from "./tenure.ts";
import { firstImpossible, type Impossibility } from "./thread.ts";

/** Who keeps a set of transactions from being possible, and why. */
export interface Misfit {
  readonly candidate: Candidate;
  readonly why: Impossibility | "vault_unknown" | "another_owner" | "second_vault";
}

/**
 * The first that has to go, so that `held` and `joining` can stand together; null where all can. `held` must be possible by
 * itself. One of `held` has to go only where an address comes to be another's: that makes others of what it did.
 */
export function misfitOf(held: readonly Candidate[], joining: readonly Candidate[]): Misfit | null {
  const all = [...held, ...joining];
  const tenures = tenuresOf(all);
  return strangerAmong(held, joining, tenures) ?? breach(all, joining, tenures);
}

/** One that names an unknown address, another owner, or gives an owner a second vault. */
function strangerAmong(held: readonly Candidate[], joining: readonly Candidate[], tenures: Tenures): Misfit | null {
  const isOpening = joining.some(({ openings }) => openings.length > 0);
  const homes = isOpening ? homesOf([...held, ...joining]) : null;
  for (const candidate of joining) {
    const why = strangeness(candidate, tenures);
    if (why) return { candidate, why };
    const isSecond = candidate.openings.some(({ owner, address }) => homes?.get(owner) !== address);
    if (isSecond) return { candidate, why: "second_vault" };
  }
  for (const candidate of isOpening ? held : []) {
    const why = strangeness(candidate, tenures);
    if (why) return { candidate, why };
  }
  return null;
}

function strangeness({ addresses, namings }: Candidate, tenures: Tenures): Misfit["why"] | null {
  if (addresses.some((address) => !tenures.has(address))) return "vault_unknown";
  const isForeign = namings.some((naming) => ownerAt(tenures, naming.address, naming) !== naming.owner);
  return isForeign ? "another_owner" : null;
}

/** The address of each owner. The first to name one wins. */
function homesOf(candidates: readonly Candidate[]): Map<string, string> {
  const homes = new Map<string, string>();
  for (const { openings } of candidates) {
    for (const { owner, address } of openings) if (!homes.has(owner)) homes.set(owner, address);
  }
  return homes;
}

/**
 * Where a vault's balances first become impossible: the one of `joining` that broke them or the last of `joining` that took from
 * the vault before; where none of `joining` did, whoever broke them.
 */
function breach(all: readonly Candidate[], joining: readonly Candidate[], tenures: Tenures): Misfit | null {
  const bySignature = new Map(joining.map((candidate) => [candidate.transaction.signature, candidate]));
  // What falls where an address comes to be another's can leave others short, anywhere.
  const isOpening = joining.some(({ openings }) => openings.length > 0);
  const touched = isOpening ? tenures.keys() : joining.flatMap(({ legs }) => legs.map(({ vault }) => vault));
  let first: { leg: Leg; misfit: Misfit } | null = null;
  for (const thread of threadsOf(all, tenures, new Set(touched)).values()) {
    const broken = firstImpossible(thread);
    if (!broken || (first && byChainOrder(first.leg, broken.leg) <= 0)) continue;
    const { leg, why } = broken;
    const joined = thread.slice(0, broken.at + 1).filter(({ signature }) => bySignature.has(signature));
    const blamed = joined.at(-1) === leg ? leg : joined.findLast((other) => takes(other) === (why === "negative")) ??
      (why === "too_large" ? joined.at(-1) : null) ?? leg;
    const candidate = all.find(({ transaction }) => transaction.signature === blamed.signature);
    if (candidate) first = { leg, misfit: { candidate, why } };
  }
  return first?.misfit ?? null;
}

/** What happens in these addresses, by owner, in chain order. What somebody tried in vain in another's vault is in nobody's. */
export function threadsOf(
  candidates: readonly Candidate[],
  tenures: Tenures,
  addresses: ReadonlySet<string>,
): Map<string, Leg[]> {
  const threads = new Map([...ownersOf(tenures, addresses)].map((owner) => [owner, [] as Leg[]]));
  for (const { legs } of candidates) {
    for (const leg of legs) {
      if (!addresses.has(leg.vault)) continue;
      const owner = ownerAt(tenures, leg.vault, leg);
      if (owner === null || (leg.failed && leg.named !== null && leg.named !== owner)) continue;
      threads.get(owner)?.push(leg);
    }
  }
  for (const thread of threads.values()) thread.sort(byChainOrder);
  return threads;
}

function takes({ type }: Leg): boolean {
  return type !== "deposit" && type !== "transfer_in";
}
