/**
 * What can be wrong with a node, by name. Every fault is off until somebody switches it on, and counts how often it struck: a test
 * of a fault that never struck proves nothing.
 *
 * @module
 */
import { createRandom, type Random } from "./random.ts";

/** Every fault with what it can be told. A `share` is a part of 1: of the requests, unless it says of what else. */
export interface FaultSettings {
  /** Status 429. With a `Retry-After` of so many seconds; without the header when absent. */
  readonly rate_limited: { readonly share: number; readonly retryAfterSeconds?: number };
  /** Status 500, 502 or 503, with a page of HTML. */
  readonly server_error: { readonly share: number };
  /** Answers only after so many milliseconds of real time; never when absent. */
  readonly hang: { readonly share: number; readonly milliseconds?: number };
  /** The connection ends in the middle of the answer's body. */
  readonly cut: { readonly share: number };
  /** The node has come so many slots less far than the chain, in everything that it says. */
  readonly node_behind: { readonly slots: number };
  /** Accounts, statuses and the slot itself are those of so many slots ago. */
  readonly stale_slot: { readonly share: number; readonly slots: number };
  /**
   * getSignaturesForAddress leaves out this share of the rows, or of the rows of these signatures, the same ones at each call, until the chain
   * is so many slots further.
   */
  readonly missing_rows: {
    readonly share: number;
    readonly signatures?: readonly string[];
    readonly forSlots?: number;
  };
  /** getSignaturesForAddress does not know the signature of `until`, and gives the newest page. */
  readonly unknown_until: { readonly share: number };
  /** getSignaturesForAddress orders by signature inside a slot, as nodes before 1.18 did. */
  readonly order_in_slot: { readonly share: number };
  /** All that lies in slots below this one is forgotten, and where the rest begins looks like the beginning. */
  readonly pruned: { readonly belowSlot: number };
  /** getTransaction gives null for this share of the signatures, the same ones at each call. */
  readonly missing_transaction: { readonly share: number };
  /** getSignatureStatuses gives null for this share of the signatures, the same ones at each call. */
  readonly missing_status: { readonly share: number };
  /** getTransaction refuses with −32015, whatever version the client supports. */
  readonly unsupported_version: { readonly share: number };
  /** The balance in a vault's account or in a token account is off by so many base units. */
  readonly wrong_balance: { readonly address: string; readonly by: bigint };
  /** getBlock and getBlockTime say of this share of the slots that they hold no block. */
  readonly skipped_slot: { readonly share: number };
  /** Neither rows nor transactions say their place in the block, as with nodes before 4.0. */
  readonly no_transaction_index: { readonly share: number };
}

export type FaultName = keyof FaultSettings;

/** The switches of one node. */
export interface Faults {
  /** Switches a fault on, or changes it. */
  on<Name extends FaultName>(name: Name, settings: FaultSettings[Name]): void;
  /** Switches one fault off; all of them when none is named. What they have counted stays. */
  off(name?: FaultName): void;
  /** How often it has struck since the node began. */
  fired(name: FaultName): number;
  /** The settings when the fault is on and the dice say that it strikes now; else null. Does not count. */
  strike<Name extends FaultName>(name: Name): FaultSettings[Name] | null;
  /** The same for a subject of which the answer is always the same: a signature, a slot. */
  strikeAlways<Name extends FaultName>(name: Name, subject: string): FaultSettings[Name] | null;
  /** Counts that a fault showed in an answer. */
  count(name: FaultName, times?: number): void;
}

/** All faults off. The seed decides the dice, each fault's apart. */
export function createFaults(seed: string): Faults {
  const settings = new Map<FaultName, unknown>();
  const counts = new Map<FaultName, number>();
  const dice = new Map<FaultName, Random>();

  const settingsOf = <Name extends FaultName>(name: Name): FaultSettings[Name] | null => (
    (settings.get(name) as FaultSettings[Name] | undefined) ?? null
  );

  function diceOf(name: FaultName): Random {
    const random = dice.get(name) ?? createRandom(`${seed}/fault/${name}`);
    dice.set(name, random);
    return random;
  }

  /** Faults without a share strike each time. */
  function strikeWith<Name extends FaultName>(name: Name, random: () => Random): FaultSettings[Name] | null {
    const found = settingsOf(name);
    if (found === null) return null;
    const { share = 1 } = found as { share?: number };
    return random().chance(share) ? found : null;
  }

  return {
    on: (name, wanted) => void settings.set(name, wanted),
    off: (name) => name === undefined ? settings.clear() : void settings.delete(name),
    fired: (name) => counts.get(name) ?? 0,
    strike: (name) => strikeWith(name, () => diceOf(name)),
    strikeAlways: (name, subject) => strikeWith(name, () => createRandom(`${seed}/fault/${name}/${subject}`)),
    count: (name, times = 1) => void counts.set(name, (counts.get(name) ?? 0) + times),
  };
}
