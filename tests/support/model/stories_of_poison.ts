/**
 * Stories of what can never be, or stands in the way of what is.
 *
 * @module
 */
import { AMOUNT_MAX } from "@/lib/domain/amount.ts";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { deposit, initialise, lock, transfer, unlock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { signature } from "@/tests/support/raw_delivery.ts";
import { as } from "./deeds.ts";
import { type Story, story } from "./story.ts";

/** What can never be. */
export const POISON: readonly Story[] = [
  story("repetitions and forgeries", ({ alice, bob, tx, failed, opening }) => [
    [opening(), tx(2, deposit(alice, 5n)), tx(2, deposit(alice, 5n)), opening(), tx(2, deposit(alice, 5n))],
    [tx(2, deposit(alice, 6n)), tx(2, deposit(alice, 6n)), tx(2, deposit(alice, 7n)), tx(2, deposit(alice, 5n))],
    [failed(2, deposit(alice, 5n)), tx(2, deposit(alice, 6n)), tx(2, deposit(alice, 5n), deposit(alice, 5n))],
    [tx(3, withdrawal(bob, 1n)), tx(3, withdrawal(bob, 1n)), failed(4, lock(alice, 9n)), failed(4, lock(alice, 9n))],
    [tx(3, withdrawal(bob, 2n)), tx(4, lock(alice, 5n)), tx(5, withdrawal(alice, 5n))],
  ]),
  story("what can never be", ({ alice, bob, nobody, tx, beside, failed, opening }) => [
    [opening(), tx(5, deposit(alice, 11n)), beside(5, 1, withdrawal(alice, 1n)), tx(6, withdrawal(alice, 11n))],
    [tx(7, deposit(nobody, 1n))],
    [tx(8, transfer(nobody, alice, 1n)), tx(9, transfer(alice, nobody, 0n)), tx(10, as(bob, deposit(alice, 1n)))],
    [tx(11, deposit(alice, AMOUNT_MAX)), tx(12, deposit(bob, 2n), unlock(bob, 1n)), tx(13, as(bob, lock(alice, 1n)))],
    [tx(14, lock(alice, 11n)), tx(15, transfer(alice, bob, 11n)), failed(16, withdrawal(nobody, 1n), lock(alice, 1n))],
    [tx(4, lock(alice, 1n)), tx(17, withdrawal(alice, 10n)), tx(18, lock(bob, 1n))],
    [tx(3, withdrawal(bob, 3n)), tx(2, deposit(bob, 2n))],
  ]),
  story("what could not be read at first", ({ alice, tx, opening }) => {
    const place = { signature: signature("what could not be read at first: 2"), slot: 2, transactionIndex: 0 };
    const short: ChainTransaction = { ...place, verdict: "parked", code: "log_truncated", reason: "cut" };
    return [
      [opening(), short, short, tx(3, withdrawal(alice, 5n))],
      [{ verdict: "quarantined", code: "malformed", reason: "x" }, tx(4, deposit(alice, 1n))],
      [tx(2, deposit(alice, 5n)), short],
      [short, tx(2, deposit(alice, 5n)), tx(2, deposit(alice, 6n))],
    ];
  }),
];

/** One transaction stands in another's way. */
export const DECEIT: readonly Story[] = [
  story("a vault does not come to be by what has to wait", ({ alice, bob, tx }) => [
    [tx(1, initialise(alice)), tx(2, initialise(bob), withdrawal(alice, 5n))],
    [tx(3, deposit(bob, 7n))],
    [tx(2, initialise(bob), withdrawal(alice, 5n)), tx(4, as(alice, deposit(bob, 1n)))],
  ]),
  story("a vault does not come to be by what is refused", ({ alice, bob, carol, nobody, tx }) => [
    [tx(1, initialise(alice)), tx(2, initialise(bob), as(nobody, deposit(alice, 5n)))],
    [tx(6, { ...initialise(carol), owner: nobody } as Unplaced, withdrawal(alice, 1n))],
    [tx(4, initialise(carol), deposit(carol, 7n)), tx(5, deposit(bob, 1n))],
  ]),
  story("a poisoned transfer in does not hide a poisoned one out", ({ alice, bob, carol, tx, opening }) => [
    [opening(), tx(55, transfer(bob, alice, 20n)), tx(58, transfer(alice, carol, 49n)), tx(101, lock(alice, 20n))],
    [tx(50, deposit(alice, 29n))],
  ]),
  story("what waits in bad company waits for the right thing", ({ alice, bob, tx, opening }) => [
    [opening(), tx(2, deposit(alice, 10n)), tx(70, withdrawal(alice, 7n))],
    [tx(50, withdrawal(alice, 5n)), tx(40, withdrawal(alice, 8n), withdrawal(bob, 1n))],
    [tx(65, deposit(alice, 2n))],
  ]),
  story("what was in the way is gone", ({ alice, bob, tx, opening }) => [
    [opening(), tx(2, deposit(alice, 10n), deposit(bob, 5n)), tx(60, withdrawal(bob, 5n))],
    [tx(50, withdrawal(alice, 5n)), tx(40, withdrawal(alice, 8n), withdrawal(bob, 5n))],
  ]),
];
