/**
 * Short histories, each of seven deliveries, and what the vaults hold after them, worked out by hand.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, deposit, initialise, lock, transfer, unlock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";

export const alice = key("alice");
export const bob = key("bob");
export const carol = key("carol");

/** A history that really can happen, whatever order the news of it come in. */
export interface Scenario {
  readonly name: string;
  /** Seven, in chain order but for repetitions. */
  readonly deliveries: readonly ChainTransaction[];
  /** Total, locked, available, deposited, withdrawn, by owner. */
  readonly holdings: Readonly<Record<string, string>>;
}

const MOST = 2n ** 63n - 1n;

/** Lies in slot 5, at this place of the block. */
function inSlot5(transactionIndex: number, ...events: Unplaced[]): ChainTransaction {
  return { ...at(5, events, { name: `slot 5, place ${transactionIndex}` }), transactionIndex } as ChainTransaction;
}

function failed(slot: number, ...events: Unplaced[]): ChainTransaction {
  return at(slot, events, { failed: true });
}

function pause(paused: boolean): Unplaced {
  return { kind: "pause", paused, authority: key("admin") };
}

/** One vault, and what happens inside it. */
const ONE_VAULT: readonly Scenario[] = [
  {
    name: "deposits alone",
    deliveries: [at(1, [initialise(alice)]), ...[1, 2, 3, 4, 5, 6].map((n) => at(n + 1, [deposit(alice, BigInt(n))]))],
    holdings: { [alice]: "21 0 21 21 0" },
  },
  {
    name: "withdrawals that need the deposits before them",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 100n)]),
      at(3, [withdrawal(alice, 60n)]),
      at(4, [deposit(alice, 30n)]),
      at(5, [withdrawal(alice, 70n)]),
      at(6, [deposit(alice, 5n)]),
      at(7, [withdrawal(alice, 5n)]),
    ],
    holdings: { [alice]: "0 0 0 135 135" },
  },
  {
    name: "locks and unlocks that need each other",
    deliveries: [
      at(1, [initialise(alice), deposit(alice, 100n)]),
      at(2, [lock(alice, 60n)]),
      at(3, [unlock(alice, 20n)]),
      at(4, [lock(alice, 50n)]),
      at(5, [unlock(alice, 90n)]),
      at(6, [withdrawal(alice, 99n)]),
      at(7, [lock(alice, 1n)]),
    ],
    holdings: { [alice]: "1 1 0 100 99" },
  },
  {
    name: "a transfer to oneself leaves before it arrives",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 100n)]),
      at(3, [lock(alice, 70n)]),
      at(4, [transfer(alice, alice, 80n)]),
      at(5, [lock(alice, 100n)]),
      at(6, [unlock(alice, 1n)]),
      at(7, [withdrawal(alice, 1n)]),
    ],
    holdings: { [alice]: "99 99 0 100 1" },
  },
  {
    name: "a transfer to oneself frees what a withdrawal needs",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 10n)]),
      at(3, [lock(alice, 10n)]),
      at(4, [transfer(alice, alice, 10n, "FeeCollection")]),
      at(5, [withdrawal(alice, 10n)]),
      at(6, [deposit(alice, 3n)]),
      at(7, [lock(alice, 2n)]),
    ],
    holdings: { [alice]: "3 2 1 13 10" },
  },
  {
    name: "many places of one block",
    deliveries: [
      at(1, [initialise(alice)]),
      inSlot5(0, deposit(alice, 10n)),
      inSlot5(1, withdrawal(alice, 10n)),
      inSlot5(2, deposit(alice, 20n)),
      inSlot5(10, lock(alice, 20n)),
      inSlot5(11, unlock(alice, 15n)),
      inSlot5(12, withdrawal(alice, 15n)),
    ],
    holdings: { [alice]: "5 5 0 30 25" },
  },
  {
    name: "nothing, moved about",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 0n)]),
      at(3, [withdrawal(alice, 0n)]),
      at(4, [lock(alice, 0n)]),
      at(5, [unlock(alice, 0n)]),
      at(6, [transfer(alice, alice, 0n)]),
      at(7, [deposit(alice, 1n)]),
    ],
    holdings: { [alice]: "1 0 1 1 0" },
  },
];

/** What does not move balances. */
const WITHOUT_EFFECT: readonly Scenario[] = [
  {
    name: "failed ones among others",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 100n)]),
      failed(3, withdrawal(alice, 500n)),
      failed(4, lock(alice, 1n), unlock(alice, 7n)),
      failed(5, deposit(alice, 7n)),
      at(6, [withdrawal(alice, 100n)]),
      failed(7, transfer(alice, alice, 3n)),
    ],
    holdings: { [alice]: "0 0 0 100 100" },
  },
  {
    name: "failed ones of vaults that are heard of later",
    deliveries: [
      at(1, [initialise(alice)]),
      failed(2, transfer(alice, bob, 5n)),
      failed(3, transfer(bob, alice, 9n, "FeeCollection")),
      failed(4, initialise(carol), deposit(alice, 1n)),
      at(5, [initialise(bob), initialise(carol)]),
      at(6, [deposit(bob, 1n)]),
      failed(7, deposit(carol, 4n), withdrawal(bob, 4n)),
    ],
    holdings: { [alice]: "0 0 0 0 0", [bob]: "1 0 1 1 0", [carol]: "0 0 0 0 0" },
  },
  {
    name: "repetitions of what is applied",
    deliveries: [
      at(1, [initialise(alice)]),
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 10n)]),
      at(2, [deposit(alice, 10n)]),
      at(3, [withdrawal(alice, 10n)]),
      at(3, [withdrawal(alice, 10n)]),
      at(4, [deposit(alice, 1n)]),
    ],
    holdings: { [alice]: "1 0 1 11 10" },
  },
  {
    name: "repetitions of what waits or failed",
    deliveries: [
      at(1, [initialise(alice), initialise(bob)]),
      at(2, [deposit(alice, 7n)]),
      at(3, [transfer(alice, bob, 7n)]),
      at(3, [transfer(alice, bob, 7n)]),
      failed(4, lock(bob, 8n)),
      failed(4, lock(bob, 8n)),
      at(5, [withdrawal(bob, 7n)]),
    ],
    holdings: { [alice]: "0 0 0 7 0", [bob]: "0 0 0 0 7" },
  },
  {
    name: "pauses of the protocol",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [pause(true)]),
      at(3, [deposit(alice, 5n)]),
      at(4, [pause(false), withdrawal(alice, 4n)]),
      failed(5, pause(true)),
      at(6, [withdrawal(alice, 1n), pause(true)]),
      at(7, [pause(false)]),
    ],
    holdings: { [alice]: "0 0 0 5 5" },
  },
];

/** Collateral that goes from vault to vault. */
const BETWEEN_VAULTS: readonly Scenario[] = [
  {
    name: "a transfer takes the locked part first",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [initialise(bob)]),
      at(3, [deposit(alice, 100n)]),
      at(4, [lock(alice, 60n)]),
      at(5, [transfer(alice, bob, 80n, "Liquidation")]),
      at(6, [withdrawal(alice, 20n)]),
      at(7, [withdrawal(bob, 80n)]),
    ],
    holdings: { [alice]: "0 0 0 100 20", [bob]: "0 0 0 0 80" },
  },
  {
    name: "a late lock changes which part a transfer took",
    deliveries: [
      at(1, [initialise(alice), initialise(bob)]),
      at(2, [deposit(alice, 100n)]),
      at(3, [lock(alice, 40n)]),
      at(4, [transfer(alice, bob, 10n, "Other")]),
      at(5, [unlock(alice, 30n)]),
      at(6, [withdrawal(alice, 90n)]),
      at(7, [withdrawal(bob, 10n)]),
    ],
    holdings: { [alice]: "0 0 0 100 90", [bob]: "0 0 0 0 10" },
  },
  {
    name: "a relay from vault to vault",
    deliveries: [
      at(1, [initialise(alice), initialise(bob)]),
      at(2, [initialise(carol)]),
      at(3, [deposit(alice, 50n)]),
      at(4, [transfer(alice, bob, 50n)]),
      at(5, [transfer(bob, carol, 50n, "InsuranceFund")]),
      at(6, [transfer(carol, alice, 50n)]),
      at(7, [withdrawal(alice, 49n)]),
    ],
    holdings: { [alice]: "1 0 1 50 49", [bob]: "0 0 0 0 0", [carol]: "0 0 0 0 0" },
  },
  {
    name: "there and back before a withdrawal, possible only together",
    deliveries: [
      at(1, [initialise(alice), initialise(bob), deposit(alice, 10n)]),
      at(2, [transfer(alice, bob, 10n)]),
      at(3, [transfer(bob, alice, 10n)]),
      at(4, [withdrawal(alice, 10n)]),
      at(5, [deposit(bob, 5n)]),
      at(6, [lock(bob, 5n)]),
      at(7, [unlock(bob, 4n)]),
    ],
    holdings: { [alice]: "0 0 0 10 10", [bob]: "5 1 4 5 0" },
  },
  {
    name: "a circle of three before a withdrawal, possible only together",
    deliveries: [
      at(1, [initialise(alice), initialise(bob), initialise(carol), deposit(alice, 10n)]),
      at(2, [transfer(alice, bob, 10n)]),
      at(3, [transfer(bob, carol, 10n)]),
      at(4, [transfer(carol, alice, 10n)]),
      at(5, [lock(alice, 10n)]),
      at(6, [unlock(alice, 10n)]),
      at(7, [withdrawal(alice, 10n)]),
    ],
    holdings: { [alice]: "0 0 0 10 10", [bob]: "0 0 0 0 0", [carol]: "0 0 0 0 0" },
  },
  {
    name: "two circles through one vault",
    deliveries: [
      at(1, [initialise(alice), initialise(bob), initialise(carol), deposit(alice, 10n)]),
      at(2, [transfer(alice, bob, 6n), transfer(alice, carol, 4n)]),
      at(3, [transfer(bob, alice, 6n)]),
      at(4, [transfer(alice, bob, 6n)]),
      at(5, [transfer(bob, alice, 6n)]),
      at(6, [transfer(carol, alice, 4n)]),
      at(7, [withdrawal(alice, 10n)]),
    ],
    holdings: { [alice]: "0 0 0 10 10", [bob]: "0 0 0 0 0", [carol]: "0 0 0 0 0" },
  },
  {
    name: "opposing transfers, each living on the one before",
    deliveries: [
      at(1, [initialise(alice), initialise(bob), deposit(alice, 5n), deposit(bob, 5n)]),
      at(2, [transfer(alice, bob, 5n)]),
      at(3, [transfer(bob, alice, 10n)]),
      at(4, [transfer(alice, bob, 10n)]),
      at(5, [transfer(bob, alice, 3n)]),
      at(6, [withdrawal(alice, 3n)]),
      at(7, [lock(bob, 7n)]),
    ],
    holdings: { [alice]: "0 0 0 5 3", [bob]: "7 7 0 5 0" },
  },
  {
    name: "fees",
    deliveries: [
      at(1, [initialise(alice), initialise(bob)]),
      at(2, [deposit(alice, 100n), lock(alice, 10n)]),
      at(3, [transfer(alice, bob, 30n, "FeeCollection")]),
      at(4, [lock(alice, 70n)]),
      at(5, [transfer(alice, bob, 1n, "FeeCollection"), unlock(alice, 69n)]),
      at(6, [withdrawal(alice, 69n)]),
      at(7, [withdrawal(bob, 31n)]),
    ],
    holdings: { [alice]: "0 0 0 100 69", [bob]: "0 0 0 0 31" },
  },
];

/** Transactions of many events, vaults that are known late, and the largest amounts. */
const AT_THE_EDGES: readonly Scenario[] = [
  {
    name: "many events in one transaction",
    deliveries: [
      at(1, [initialise(alice), deposit(alice, 100n), lock(alice, 50n)]),
      at(2, [initialise(bob)]),
      at(3, [transfer(alice, bob, 60n), transfer(bob, alice, 10n)]),
      at(4, [lock(bob, 50n), unlock(bob, 25n), withdrawal(bob, 25n)]),
      at(5, [transfer(bob, alice, 20n)]),
      at(6, [unlock(bob, 5n), withdrawal(bob, 5n)]),
      at(7, [withdrawal(alice, 70n), deposit(alice, 1n)]),
    ],
    holdings: { [alice]: "1 0 1 101 70", [bob]: "0 0 0 0 30" },
  },
  {
    name: "vaults that come to be in transactions which have to wait",
    deliveries: [
      at(1, [initialise(alice), deposit(alice, 5n)]),
      at(2, [initialise(bob), transfer(alice, bob, 5n)]),
      at(3, [initialise(carol), transfer(bob, carol, 5n)]),
      at(4, [withdrawal(carol, 2n)]),
      at(5, [transfer(carol, alice, 3n)]),
      at(6, [withdrawal(alice, 3n)]),
      failed(7, lock(carol, 1n)),
    ],
    holdings: { [alice]: "0 0 0 5 3", [bob]: "0 0 0 0 0", [carol]: "0 0 0 0 2" },
  },
  {
    name: "a transaction that gives to one and takes from another",
    deliveries: [
      at(1, [initialise(alice), initialise(bob)]),
      at(2, [deposit(alice, 10n)]),
      at(3, [deposit(bob, 4n), withdrawal(alice, 10n)]),
      at(4, [withdrawal(bob, 4n), deposit(alice, 6n)]),
      at(5, [lock(alice, 6n), deposit(bob, 1n)]),
      at(6, [lock(bob, 1n), transfer(alice, bob, 6n)]),
      at(7, [transfer(bob, alice, 7n)]),
    ],
    holdings: { [alice]: "7 0 7 16 10", [bob]: "0 0 0 5 4" },
  },
  {
    name: "the largest amount there is",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [initialise(bob)]),
      at(3, [deposit(alice, MOST)]),
      at(4, [lock(alice, MOST)]),
      at(5, [transfer(alice, bob, MOST)]),
      at(6, [lock(bob, MOST - 1n)]),
      at(7, [withdrawal(bob, 1n)]),
    ],
    holdings: { [alice]: `0 0 0 ${MOST} 0`, [bob]: `${MOST - 1n} ${MOST - 1n} 0 0 1` },
  },
];

export const SCENARIOS: readonly Scenario[] = [...ONE_VAULT, ...WITHOUT_EFFECT, ...BETWEEN_VAULTS, ...AT_THE_EDGES];
