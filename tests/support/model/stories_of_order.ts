/**
 * Stories of sound histories, told in order and in disorder.
 *
 * @module
 */
import { AMOUNT_MAX } from "@/lib/domain/amount.ts";
import { deposit, initialise, lock, transfer, unlock, withdrawal } from "@/tests/support/book.ts";
import { as, pause } from "./deeds.ts";
import { type Story, story } from "./story.ts";

/** Told in chain order. */
export const IN_ORDER: readonly Story[] = [
  story("every kind of event, in order", ({ alice, bob, tx, failed, opening }) => [
    [opening(), tx(2, deposit(alice, 1_000n)), tx(3, lock(alice, 600n))],
    [tx(4, unlock(alice, 100n)), tx(5, transfer(alice, bob, 700n, "Liquidation")), tx(6, withdrawal(alice, 50n))],
    [tx(7, as(null, lock(bob, 300n))), tx(8, as(null, unlock(bob, 1n)), withdrawal(bob, 2n))],
    [tx(9, transfer(bob, alice, 400n, "FeeCollection")), tx(10, transfer(bob, bob, 5n, "InsuranceFund"))],
    [tx(11, pause(true), deposit(bob, 3n)), tx(12, pause(false), deposit(alice, 0n)), failed(13, pause(true))],
    [tx(14, pause(true), withdrawal(bob, 9_999n)), tx(15, pause(false))],
  ]),
  story("transfers from the locked part, below it and above", ({ alice, bob, tx, opening }) => [
    [opening(), tx(2, deposit(alice, 100n), lock(alice, 50n))],
    [tx(3, transfer(alice, bob, 20n)), tx(4, transfer(alice, bob, 40n)), tx(5, transfer(alice, bob, 10n, "Other"))],
    [tx(6, lock(alice, 25n)), tx(7, transfer(alice, bob, 5n, "FeeCollection")), tx(8, unlock(alice, 20n))],
    [tx(9, lock(bob, 75n)), tx(10, transfer(bob, bob, 30n)), tx(11, withdrawal(bob, 30n)), tx(12, unlock(bob, 45n))],
  ]),
  story("amounts beyond what a floating point number holds", ({ alice, bob, tx, opening }) => [
    [opening(), tx(2, deposit(alice, AMOUNT_MAX))],
    [tx(3, lock(alice, AMOUNT_MAX - 1n)), tx(4, transfer(alice, bob, AMOUNT_MAX - 3n)), tx(5, withdrawal(alice, 1n))],
    [tx(6, unlock(alice, 2n)), tx(7, transfer(bob, alice, 2n ** 53n + 1n)), tx(8, lock(bob, 2n ** 62n + 1n))],
  ]),
];

/** Late news of what lies before what is known. */
export const LATE: readonly Story[] = [
  story("late news of every kind change what follows", ({ alice, bob, tx, opening }) => [
    [opening(), tx(20, deposit(alice, 100n)), tx(40, transfer(alice, bob, 30n)), tx(60, withdrawal(bob, 10n))],
    [tx(65, lock(alice, 3n)), tx(66, unlock(alice, 1n))],
    [tx(30, lock(alice, 50n))],
    [tx(10, deposit(alice, 7n)), tx(50, lock(bob, 5n))],
    [tx(35, unlock(alice, 15n)), tx(25, withdrawal(alice, 1n)), tx(55, transfer(bob, alice, 2n, "FeeCollection"))],
    [tx(70, deposit(alice, 4n)), tx(15, transfer(alice, alice, 6n))],
  ]),
  story("late news within one slot and one block", ({ alice, bob, beside, opening }) => [
    [opening(), beside(5, 10, withdrawal(alice, 5n))],
    [beside(5, 9, deposit(alice, 5n))],
    [beside(5, 2, deposit(alice, 8n)), beside(5, 100, lock(alice, 2n)), beside(5, 11, transfer(alice, bob, 6n))],
    [beside(5, 3, lock(alice, 8n))],
    [beside(6, 0, unlock(alice, 2n)), beside(4, 7, deposit(bob, 1n))],
  ]),
  story("more than ten events in one transaction", ({ alice, bob, tx, opening }) => [
    [
      opening(),
      tx(
        3,
        ...[1n, 2n, 3n, 4n, 5n].flatMap((amount) => [deposit(alice, amount), lock(alice, amount)]),
        ...[unlock(alice, 15n), transfer(alice, bob, 14n), withdrawal(alice, 1n)],
      ),
    ],
    [tx(2, deposit(alice, 1n))],
  ]),
  story("vaults that come to be late", ({ alice, bob, carol, tx, failed }) => [
    [tx(2, deposit(alice, 10n)), tx(3, transfer(alice, bob, 4n)), failed(4, lock(bob, 9n))],
    [failed(0, initialise(carol))],
    [failed(5, deposit(alice, 1n), withdrawal(carol, 1n)), failed(6, transfer(alice, carol, 2n, "FeeCollection"))],
    [tx(1, initialise(alice))],
    [tx(7, initialise(bob), lock(bob, 3n)), failed(9, transfer(carol, alice, 2n))],
    [tx(8, initialise(carol)), failed(10, initialise(alice), deposit(bob, 5n))],
  ]),
  story("waiting for what is missing", ({ alice, bob, carol, tx, opening }) => [
    [tx(9, withdrawal(carol, 6n)), tx(8, transfer(bob, carol, 6n)), tx(7, transfer(alice, bob, 6n)), opening()],
    [tx(20, withdrawal(alice, 4n)), tx(10, deposit(alice, 3n))],
    [tx(6, deposit(alice, 7n))],
    [tx(21, unlock(bob, 2n)), tx(22, lock(bob, 5n))],
    [tx(15, deposit(bob, 5n))],
    [tx(16, lock(bob, 2n))],
  ]),
  story("what waits is mended within its own slot", ({ alice, bob, beside, opening }) => [
    [opening(), beside(10, 5, lock(alice, 5n)), beside(20, 5, withdrawal(bob, 4n))],
    [beside(10, 1, deposit(alice, 5n)), beside(20, 1, deposit(bob, 4n))],
  ]),
  story("a circle that is possible only as a whole", ({ alice, bob, carol, tx, opening }) => [
    [opening(), tx(2, deposit(alice, 10n)), tx(9, withdrawal(alice, 10n))],
    [tx(4, transfer(bob, carol, 10n)), tx(5, transfer(carol, alice, 10n))],
    [tx(3, transfer(alice, bob, 10n))],
  ]),
  story("two that are possible only together wait for what both are short of", ({ alice, bob, carol, tx }) => [
    [tx(1, initialise(alice), initialise(bob), initialise(carol), deposit(carol, 5n)), tx(2, deposit(alice, 10n))],
    [tx(6, withdrawal(alice, 5n)), tx(8, withdrawal(alice, 3n))],
    [tx(4, transfer(alice, bob, 10n)), tx(5, withdrawal(bob, 10n), transfer(carol, alice, 5n))],
    [tx(7, deposit(alice, 3n))],
  ]),
];
