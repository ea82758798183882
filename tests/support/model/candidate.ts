/**
 * A transaction taken apart: what it does to which addresses, which it opens, and whom it takes for their owners.
 *
 * @module
 */
import type { ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { type Leg, legsOf } from "./leg.ts";
import type { Place } from "./place.ts";
import type { Opening } from "./tenure.ts";

/** A transaction in its place, and what it does there if it can stand. */
export interface Candidate {
  readonly transaction: ReadTransaction;
  readonly legs: readonly Leg[];
  readonly openings: readonly Opening[];
  /** Whom its events name as owners of which addresses. */
  readonly namings: readonly (Place & { readonly address: string; readonly owner: string })[];
  /** Every address that it names. */
  readonly addresses: readonly string[];
}

/** Takes a transaction apart. */
export function candidateOf(transaction: ReadTransaction): Candidate {
  const legs = legsOf(transaction);
  const { signature, slot, failed, events } = transaction;
  const transactionIndex = transaction.transactionIndex ?? 0;
  const openings: Opening[] = [];
  const namings: Candidate["namings"][number][] = [];
  const addresses: string[] = [];
  for (const event of events) {
    if (event.vault === null) continue;
    const place = { slot, transactionIndex, signature, ordinal: event.ordinal, address: event.vault };
    addresses.push(event.vault);
    if (event.kind === "transfer") addresses.push(event.toVault);
    else if (event.kind === "initialise") {
      if (!failed) openings.push({ ...place, owner: event.owner, tokenAccount: event.tokenAccount });
    } else if ("owner" in event && event.owner !== null) namings.push({ ...place, owner: event.owner });
  }
  return { transaction, legs, openings, namings, addresses };
}

/** Groups of transactions that share addresses, directly or over others. */
export function connected(candidates: readonly Candidate[]): Candidate[][] {
  let groups: { addresses: Set<string>; members: Candidate[] }[] = [];
  for (const candidate of candidates) {
    const addresses = new Set(candidate.addresses);
    const near = groups.filter((group) => !group.addresses.isDisjointFrom(addresses));
    groups = groups.filter((group) => !near.includes(group));
    groups.push({
      addresses: new Set([...near.flatMap((group) => [...group.addresses]), ...addresses]),
      members: [...near.flatMap(({ members }) => members), candidate],
    });
  }
  return groups.map(({ members }) => members);
}
