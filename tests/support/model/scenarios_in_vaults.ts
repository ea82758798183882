/**
 * Scenarios of what happens inside single vaults.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, deposit, initialise, lock, transfer, unlock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { pause } from "./deeds.ts";
import { alice, bob, carol, failed, type Scenario } from "./scenario.ts";

/** Lies in slot 5, at this place of the block. */
function inSlot5(transactionIndex: number, ...events: Unplaced[]): ChainTransaction {
  return { ...at(5, events, { name: `slot 5, place ${transactionIndex}` }), transactionIndex } as ChainTransaction;
}

/** One vault, and what happens inside it. */
export const ONE_VAULT: readonly Scenario[] = [
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
export const WITHOUT_EFFECT: readonly Scenario[] = [
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
