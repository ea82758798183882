/**
 * Scenarios of collateral that goes from vault to vault.
 *
 * @module
 */
import { at, deposit, initialise, lock, transfer, unlock, withdrawal } from "@/tests/support/book.ts";
import { alice, bob, carol, failed, type Scenario } from "./scenario.ts";

const MOST = 2n ** 63n - 1n;

/** Collateral that goes from vault to vault. */
export const BETWEEN_VAULTS: readonly Scenario[] = [
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
export const AT_THE_EDGES: readonly Scenario[] = [
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
