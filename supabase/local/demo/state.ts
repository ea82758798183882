/**
 * What the demo chain remembers between transactions. Every entry is replaced, never changed in place, so that a copy of the
 * maps is a copy of the state.
 *
 * @module
 */
import { LayeredMap } from "./layered_map.ts";

/** One vault. `available` is total − locked. Amounts are base units of USDT. */
export interface VaultState {
  readonly owner: string;
  readonly address: string;
  readonly tokenAccount: string;
  readonly total: bigint;
  readonly locked: bigint;
  readonly totalDeposited: bigint;
  readonly totalWithdrawn: bigint;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly bump: number;
}

/** The program's authority account. */
export interface AuthorityState {
  readonly admin: string;
  /** Who may lock, unlock and transfer, besides the admin. */
  readonly authorized: readonly string[];
  readonly paused: boolean;
  /** Unix seconds. */
  readonly lastUpdated: number;
  readonly bump: number;
}

/** One USDT account. */
export interface TokenState {
  readonly owner: string;
  readonly amount: bigint;
}

/** The whole chain, as far as the demo knows it. */
export interface ChainState {
  readonly authority: AuthorityState | null;
  /** By vault address, in order of initialisation. */
  readonly vaults: ReadonlyMap<string, VaultState>;
  /** USDT accounts by address: those of vaults and those of wallets. */
  readonly tokens: ReadonlyMap<string, TokenState>;
  /** Lamports of wallets by address. */
  readonly lamports: ReadonlyMap<string, number>;
}

/** A chain on which nothing has happened. */
export const EMPTY_STATE: ChainState = { authority: null, vaults: new Map(), tokens: new Map(), lamports: new Map() };

/** The map with one entry set; the given one stays as it is. */
export function withEntry<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return LayeredMap.of(map).with(key, value);
}
