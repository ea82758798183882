/**
 * Scenarios of transactions that landed twice, or not at all.
 *
 * @module
 */
import { at, deposit, initialise, lock, transfer, unlock, withdrawal } from "@/tests/support/book.ts";
import { alice, bob, failed, type Scenario } from "./scenario.ts";
import { again, finalized, lost } from "./step.ts";

const birth = at(2, [initialise(alice)]);
const paid = at(2, [deposit(alice, 10n)]);
const paidLate = at(8, [deposit(alice, 7n)]);
const moved = at(9, [transfer(alice, bob, 30n)]);
const taken = at(3, [withdrawal(alice, 7n)]);

/** What landed twice, or not at all. */
export const FORKED: readonly Scenario[] = [
  {
    name: "a transaction that landed in two slots, with others between",
    deliveries: [
      at(1, [initialise(alice), deposit(alice, 1n)]),
      paid,
      at(3, [withdrawal(alice, 1n)]),
      again(paid, 4),
      at(5, [withdrawal(alice, 6n)]),
      at(6, [lock(alice, 4n)]),
      at(7, [unlock(alice, 1n)]),
    ],
    holdings: { [alice]: "4 3 1 11 7" },
  },
  {
    name: "a finalized landing below a higher one",
    deliveries: [
      at(1, [initialise(alice), initialise(bob)]),
      at(2, [deposit(alice, 50n)]),
      moved,
      finalized(again(moved, 3)),
      at(4, [withdrawal(bob, 30n)]),
      at(5, [lock(alice, 20n)]),
      at(6, [unlock(alice, 5n)]),
    ],
    holdings: { [alice]: "20 15 5 50 0", [bob]: "0 0 0 0 30" },
  },
  {
    name: "a landing that was lost, and what lives on the next",
    deliveries: [
      at(1, [initialise(alice), initialise(bob)]),
      paid,
      lost(paid),
      again(paid, 5),
      at(6, [transfer(alice, bob, 10n)]),
      at(7, [withdrawal(bob, 4n)]),
      failed(8, lock(bob, 1n)),
    ],
    holdings: { [alice]: "0 0 0 10 0", [bob]: "6 0 6 0 4" },
  },
  {
    name: "one that landed lower, and one that did not land",
    deliveries: [
      at(1, [initialise(alice)]),
      paidLate,
      lost(paidLate),
      again(paidLate, 2),
      taken,
      lost(taken),
      at(4, [lock(alice, 7n)]),
    ],
    holdings: { [alice]: "7 7 0 7 0" },
  },
  {
    name: "the beginning of a vault that landed elsewhere",
    deliveries: [
      birth,
      lost(birth),
      again(birth, 3),
      at(4, [deposit(alice, 9n)]),
      failed(5, withdrawal(alice, 1n)),
      at(6, [lock(alice, 4n)]),
      at(7, [withdrawal(alice, 5n)]),
    ],
    holdings: { [alice]: "4 4 0 9 5" },
  },
  {
    name: "a lost landing that was finalized after all",
    deliveries: [
      at(1, [initialise(alice), initialise(bob)]),
      paid,
      lost(paid),
      finalized(paid),
      again(paid, 6),
      at(3, [transfer(alice, bob, 10n, "FeeCollection")]),
      at(4, [lock(bob, 10n)]),
    ],
    holdings: { [alice]: "0 0 0 10 0", [bob]: "10 10 0 0 0" },
  },
];
