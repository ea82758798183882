/**
 * Who owns a vault's address, and when: an address can be closed, and opened again for somebody else.
 *
 * @module
 */
import { byPlace, type Place } from "./place.ts";

/** An address came to be somebody's vault. */
export interface Opening extends Place {
  readonly address: string;
  readonly owner: string;
  readonly tokenAccount: string;
}

/** The openings of each address, in chain order. None is empty. */
export type Tenures = ReadonlyMap<string, readonly Opening[]>;

/** A vault of the ledger. An owner has one, an address may have been several. */
export interface Vault {
  readonly owner: string;
  readonly address: string;
  readonly tokenAccount: string;
}

/** What these openings come to. */
export function tenuresOf(sources: Iterable<{ readonly openings: readonly Opening[] }>): Tenures {
  const tenures = new Map<string, Opening[]>();
  for (const { openings } of sources) {
    for (const opening of openings) {
      const others = tenures.get(opening.address);
      if (others) others.push(opening);
      else tenures.set(opening.address, [opening]);
    }
  }
  for (const openings of tenures.values()) if (openings.length > 1) openings.sort(byPlace);
  return tenures;
}

/**
 * Whose an address is at a place: whoever opened it last at or before it. What lies before every opening belongs to the first:
 * the address has to be somebody's for something to happen in it. Null where nobody opens it at all.
 */
export function ownerAt(tenures: Tenures, address: string, place: Place): string | null {
  const openings = tenures.get(address);
  if (!openings) return null;
  if (openings.length === 1) return openings[0]?.owner ?? null;
  return (openings.findLast((opening) => byPlace(opening, place) <= 0) ?? openings[0])?.owner ?? null;
}

/** Everyone who ever owns one of these addresses. */
export function ownersOf(tenures: Tenures, addresses: Iterable<string>): Set<string> {
  const owners = new Set<string>();
  for (const address of addresses) for (const { owner } of tenures.get(address) ?? []) owners.add(owner);
  return owners;
}

/** The vaults that these openings make, by owner, beside those there are: a vault that came to be stays. */
export function withVaults(vaults: ReadonlyMap<string, Vault>, tenures: Tenures): ReadonlyMap<string, Vault> {
  const opened = [...tenures.values()].flat().filter(({ owner, address }) => vaults.get(owner)?.address !== address);
  if (opened.length === 0) return vaults;
  return new Map([
    ...vaults,
    ...opened.map(({ owner, address, tokenAccount }) => [owner, { owner, address, tokenAccount }] as const),
  ]);
}
