/**
 * What the makers of traffic share: the stage on which they act, and the sizes of what they move.
 *
 * @module
 */
import { type AddressBook, ENGINE_PROGRAM } from "./address.ts";
import type { Cast } from "./cast.ts";
import type { Random } from "./random.ts";
import type { ChainState, VaultState } from "./state.ts";

/** The chain as it is, who there is, and the dice. */
export interface Scene {
  readonly state: ChainState;
  readonly book: AddressBook;
  readonly cast: Cast;
  readonly random: Random;
}

/** One USDT in base units. */
export const USDT = 1_000_000n;

/** The vault of a wallet that has one. @throws {Error} when it has none. */
export function vaultOf({ state, book }: Scene, owner: string): VaultState {
  const vault = state.vaults.get(book.vaultOf(owner).address);
  if (!vault) throw new Error(`Cannot act for ${owner}: it has no vault`);
  return vault;
}

/** What the wallet holds in USDT base units; a wallet that has not appeared yet is about to be given much. */
export function walletAmount({ state, book }: Scene, owner: string): bigint {
  return state.tokens.get(book.walletOf(owner))?.amount ?? 1_000_000n * USDT;
}

/**
 * An amount of base units between two numbers of USDT, log-uniform, one in three in whole USDT.
 *
 * @param limit base units; null is returned when it lies under `low`, and an amount above it is cut down to a part of it.
 */
export function amountWithin(random: Random, low: number, high: number, limit: bigint): bigint | null {
  if (limit < BigInt(Math.round(low * 1e6))) return null;
  const drawn = Math.exp(Math.log(low) + random.fraction() * Math.log(high / low));
  const amount = random.chance(1 / 3) && drawn >= 1
    ? BigInt(Math.round(drawn)) * USDT
    : BigInt(Math.round(drawn * 1e6));
  if (amount <= limit) return amount;
  const part = limit * BigInt(random.between(200, 1000)) / 1000n;
  return part > 0n ? part : null;
}

/** True with the probability part / whole; false when there is no whole. */
export function chanceOf(random: Random, part: bigint, whole: bigint): boolean {
  return BigInt(random.between(0, 9_999)) * whole < part * 10_000n;
}

/** Who signs for the exchange: its keeper directly, or the engine program in a call of its own. */
export function exchangeSigner({ cast, random }: Scene): { payer: string; authority: string; through?: string } {
  if (random.chance(0.35)) {
    return { payer: cast.operator.address, authority: cast.engine, through: ENGINE_PROGRAM };
  }
  return { payer: cast.keeper.address, authority: cast.keeper.address };
}
