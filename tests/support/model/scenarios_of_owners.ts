/**
 * Scenarios of vaults that are closed and opened again, by their owners and by others.
 *
 * @module
 */
import { at, deposit, initialise, lock, transfer, unlock, withdrawal } from "@/tests/support/book.ts";
import { as, close, inVaultOf, pause } from "./deeds.ts";
import { alice, bob, carol, type Scenario } from "./scenario.ts";
import { again, lost } from "./step.ts";

const taking = at(4, [inVaultOf(alice, initialise(bob))]);

/** Addresses that are closed and opened again. Where it is another who opens one, it was alice's and comes to be bob's. */
export const REOPENED: readonly Scenario[] = [
  {
    name: "closed, opened again by the same owner, and paused",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 10n)]),
      at(3, [withdrawal(alice, 10n)]),
      at(4, [close(alice)]),
      at(5, [initialise(alice)]),
      at(6, [deposit(alice, 3n)]),
      at(7, [pause(true, alice)]),
    ],
    holdings: { [alice]: "3 0 3 13 10" },
    status: { [alice]: "paused" },
  },
  {
    name: "closed, opened by another, and transfers on both sides",
    deliveries: [
      at(1, [initialise(alice), initialise(carol), deposit(carol, 20n)]),
      at(2, [transfer(carol, alice, 5n)]),
      at(3, [withdrawal(alice, 5n)]),
      at(4, [close(alice)]),
      at(5, [inVaultOf(alice, initialise(bob))]),
      at(6, [transfer(carol, alice, 7n)]),
      at(7, [transfer(alice, carol, 3n)]),
    ],
    holdings: { [alice]: "0 0 0 0 5", [bob]: "4 0 4 0 0", [carol]: "11 0 11 20 0" },
    status: { [alice]: "closed" },
  },
  {
    name: "opened by another without a close, and locks that name nobody",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 10n)]),
      at(3, [as(null, lock(alice, 4n))]),
      taking,
      at(5, [inVaultOf(alice, deposit(bob, 6n))]),
      at(6, [as(null, lock(alice, 5n))]),
      at(7, [inVaultOf(alice, withdrawal(bob, 1n))]),
    ],
    holdings: { [alice]: "10 4 6 10 0", [bob]: "5 5 0 6 1" },
    status: { [alice]: "closed" },
  },
  {
    name: "an address that goes to another and comes back",
    deliveries: [
      at(1, [initialise(alice)]),
      at(2, [deposit(alice, 8n)]),
      at(3, [inVaultOf(alice, initialise(bob))]),
      at(4, [inVaultOf(alice, deposit(bob, 5n))]),
      at(5, [inVaultOf(alice, withdrawal(bob, 5n)), as(null, close(alice))]),
      at(6, [initialise(alice), as(null, lock(alice, 2n))]),
      at(7, [withdrawal(alice, 6n), as(null, unlock(alice, 1n))]),
    ],
    holdings: { [alice]: "2 1 1 8 6", [bob]: "0 0 0 5 5" },
    status: { [bob]: "closed" },
  },
  {
    name: "an opening by another that landed elsewhere, and transfers between its landings",
    deliveries: [
      at(1, [initialise(alice), initialise(carol), deposit(carol, 20n)]),
      at(3, [transfer(carol, alice, 1n)]),
      taking,
      at(5, [transfer(carol, alice, 2n)]),
      lost(taking),
      again(taking, 6),
      at(7, [transfer(carol, alice, 4n), transfer(alice, carol, 3n)]),
    ],
    holdings: { [alice]: "3 0 3 0 0", [bob]: "1 0 1 0 0", [carol]: "16 0 16 20 0" },
    status: { [alice]: "closed" },
  },
];
