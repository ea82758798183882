/**
 * Stories of forks: what was there is gone, or is elsewhere.
 *
 * @module
 */
import { deposit, initialise, lock, transfer, unlock, withdrawal } from "@/tests/support/book.ts";
import { close, inVaultOf, pause } from "./deeds.ts";
import { again, finalized, lost } from "./step.ts";
import { type Story, story } from "./story.ts";

/** What was there is gone. */
export const LOST: readonly Story[] = [
  story("row 7: a deposit is lost, and with it all that lived on it", ({ alice, bob, tx, failed, opening }) => {
    const paid = tx(2, deposit(alice, 10n));
    const living = [tx(3, transfer(alice, bob, 10n)), tx(4, lock(bob, 10n)), tx(5, unlock(bob, 4n))];
    return [[opening(), paid, ...living, failed(6, withdrawal(bob, 1n))], lost(paid), [paid], [again(paid, 1, 7)]];
  }),
  story("row 7: a fork is lost, and lands again later", ({ alice, bob, tx, opening }) => {
    const [paid, moved, taken] = [
      tx(2, deposit(alice, 10n)),
      tx(3, transfer(alice, bob, 10n, "FeeCollection")),
      tx(4, withdrawal(bob, 9n)),
    ];
    return [
      [opening(), paid, moved, taken, tx(15, lock(bob, 1n))],
      lost(taken, moved, paid),
      [again(taken, 14)],
      [again(moved, 13), moved],
      [again(paid, 12)],
    ];
  }),
  story("row 7: a landing is lost before anybody has heard of it", ({ alice, tx, opening }) => {
    const paid = tx(2, deposit(alice, 5n));
    return [
      [opening()],
      lost(paid),
      [paid, tx(3, withdrawal(alice, 5n))],
      [paid],
      [again(paid, 1, 3)],
      lost(again(paid, 1)),
      finalized(paid),
      lost(paid),
    ];
  }),
  story("row 7: the beginning of a vault is lost", ({ alice, bob, tx, failed }) => {
    const birth = tx(2, initialise(alice));
    return [
      [tx(1, initialise(bob), deposit(bob, 9n)), birth, tx(3, transfer(bob, alice, 5n)), tx(4, withdrawal(alice, 2n))],
      [failed(5, lock(alice, 1n)), tx(6, pause(true, alice)), failed(8, transfer(bob, alice, 3n))],
      lost(birth),
      [tx(7, deposit(alice, 1n))],
      [again(birth, 1, 4)],
    ];
  }),
  story("row 7: with the beginning of a vault falls that of another", ({ alice, bob, carol, tx }) => {
    const birth = tx(1, initialise(alice));
    return [
      [birth, tx(2, deposit(alice, 5n), initialise(bob)), tx(3, deposit(bob, 7n)), tx(4, initialise(carol))],
      [tx(5, transfer(bob, carol, 7n)), tx(6, withdrawal(carol, 7n))],
      lost(birth),
      [again(birth, 2, 9)],
    ];
  }),
  story("row 7: from vault to vault falls what was opened again, and who came between is the owner", (
    { alice, bob, carol, nobody, tx },
  ) => {
    const birth = tx(1, initialise(nobody));
    return [
      [tx(2, initialise(alice)), tx(3, inVaultOf(alice, initialise(bob)))],
      [birth, tx(4, deposit(nobody, 1n), initialise(carol)), tx(5, initialise(alice), transfer(carol, alice, 0n))],
      [tx(6, deposit(alice, 2n)), tx(7, transfer(alice, alice, 1n))],
      lost(birth),
      [again(birth, 2, 9)],
    ];
  }),
  story("row 7: with the beginning of a vault falls that of another, which had waited for it", ({ alice, bob, tx }) => {
    const birth = tx(2, initialise(alice), deposit(alice, 5n));
    return [
      [tx(4, withdrawal(alice, 2n), initialise(bob))],
      [birth, tx(9, deposit(bob, 7n))],
      lost(birth),
      [again(birth, 3)],
    ];
  }),
  story("row 7: a transfer is lost on both sides", ({ alice, bob, tx, opening }) => {
    const moved = tx(3, transfer(alice, bob, 6n));
    return [
      [opening(), tx(2, deposit(alice, 10n)), moved, tx(4, withdrawal(bob, 6n))],
      [tx(5, lock(alice, 10n))],
      lost(moved),
      [again(moved, 6), tx(7, lock(bob, 6n))],
    ];
  }),
  story("row 7: failed ones are lost", ({ alice, bob, tx, failed, opening }) => {
    const [tried, missed] = [failed(3, withdrawal(alice, 8n), lock(bob, 1n)), failed(4, transfer(alice, bob, 3n))];
    return [[opening(), tx(5, deposit(alice, 1n)), tried, missed], lost(tried, missed), [again(tried, 8), tried], [
      missed,
    ]];
  }),
  story("row 7: pauses and closings are lost", ({ alice, bob, tx, opening }) => {
    const [all, one, end] = [tx(2, pause(true)), tx(3, pause(true, alice)), tx(4, close(bob))];
    return [
      [opening(), all, one, end],
      lost(all),
      lost(one, end),
      [again(end, 6), again(one, 5)],
      [again(all, 7), tx(8, pause(false, alice))],
      lost(again(end, 6)),
    ];
  }),
  story("row 7: what waits is lost, and what contradicts lies nowhere", ({ alice, tx, beside, opening }) => {
    const [taken, forged] = [tx(2, withdrawal(alice, 5n)), tx(2, withdrawal(alice, 6n))];
    return [
      [opening(), taken],
      lost(taken),
      [beside(1, 5, deposit(alice, 11n)), again(forged, 12)],
      [again(taken, 9)],
      [again(forged, 12), again(taken, 9)],
      lost(again(forged, 12)),
      lost(again(taken, 9)),
      [forged, again(forged, 15)],
    ];
  }),
  story("row 7: what is lost makes room", ({ alice, tx, opening }) => {
    const taken = tx(3, withdrawal(alice, 10n));
    return [[opening(), tx(2, deposit(alice, 10n)), taken], [tx(4, withdrawal(alice, 10n))], lost(taken), [
      again(taken, 5),
    ]];
  }),
];

/** What was there is elsewhere. */
export const ELSEWHERE: readonly Story[] = [
  story("row 8: lands again, without a word of the old landing", ({ alice, bob, tx, beside, opening }) => {
    const paid = tx(2, deposit(alice, 5n));
    return [
      [opening(), paid, tx(3, lock(alice, 5n)), tx(8, transfer(alice, bob, 4n))],
      [again(paid, 5)],
      [tx(4, withdrawal(alice, 1n)), paid],
      [beside(1, 1, deposit(alice, 5n))],
    ];
  }),
  story("row 8: the old landing is heard of last", ({ alice, tx, opening }) => {
    const paid = tx(2, deposit(alice, 5n));
    return [[opening(), again(paid, 5)], [paid], [tx(3, lock(alice, 5n))], lost(again(paid, 5)), [again(paid, 5)]];
  }),
  story("row 8: lands again in a lower slot", ({ alice, bob, tx, opening }) => {
    const [paid, moved] = [tx(8, deposit(alice, 5n)), tx(9, transfer(alice, bob, 5n))];
    return [
      [opening(), paid, moved, tx(4, deposit(alice, 1n)), tx(6, withdrawal(alice, 1n))],
      lost(moved, paid),
      [again(paid, 3)],
      [again(moved, 5), paid],
      [tx(7, withdrawal(bob, 5n)), moved],
    ];
  }),
  story("row 8: what is finalized beats what is higher, and cannot be lost", ({ alice, tx, opening }) => {
    const [paid, taken] = [tx(5, deposit(alice, 7n)), tx(4, withdrawal(alice, 2n))];
    return [
      [opening(), paid, taken],
      finalized(again(paid, 3)),
      [again(paid, 9), paid],
      lost(again(paid, 3)),
      lost(taken),
      finalized(taken),
      lost(taken),
      finalized(tx(6, lock(alice, 5n))),
      [again(tx(6, lock(alice, 5n)), 8)],
    ];
  }),
  story("row 8: two places of one block, lost together", ({ alice, beside, opening }) => {
    const paid = beside(5, 3, deposit(alice, 4n));
    return [
      [opening(), paid, beside(5, 2, deposit(alice, 1n))],
      [again(paid, 5, 1)],
      [again(paid, 5, 7), beside(5, 6, lock(alice, 1n))],
      lost(paid),
      [again(paid, 5, 8)],
    ];
  }),
  story("row 8: a landing elsewhere takes a vault from what comes with it", ({ alice, bob, tx }) => {
    const paid = tx(2, deposit(alice, 5n));
    return [
      [tx(1, initialise(alice)), paid, tx(3, withdrawal(alice, 5n), initialise(bob))],
      [again(paid, 9), tx(8, deposit(bob, 20n))],
      lost(again(paid, 9)),
    ];
  }),
  story("row 8: several places in one delivery", ({ alice, tx, opening }) => {
    const paid = tx(2, deposit(alice, 4n));
    return [[opening(), again(paid, 5), again(paid, 3), paid], [again(paid, 4), again(paid, 6), again(paid, 6)]];
  }),
  story("row 8: the beginning of a vault lands again, behind what happened in it", ({ alice, tx }) => {
    const birth = tx(2, initialise(alice));
    return [[birth, tx(3, deposit(alice, 4n)), tx(4, close(alice))], [again(birth, 9)], lost(again(birth, 9))];
  }),
  story("row 8: two forks put two transactions in one place", ({ alice, bob, tx, beside, opening }) => [
    [opening(), tx(5, deposit(alice, 5n), deposit(bob, 1n)), beside(5, 0, deposit(alice, 6n), deposit(bob, 2n))],
    [tx(6, lock(alice, 11n))],
    lost(tx(5)),
  ]),
  // Which of them comes first is for their signatures to say.
  story("row 8: two forks put a pause and an opening in one place", ({ alice, bob, carol, tx, beside, opening }) => [
    [opening(), tx(5, close(alice)), tx(5, close(bob)), tx(5, close(carol))],
    [
      beside(6, 0, initialise(alice)),
      tx(6, pause(true, alice)),
      beside(7, 0, pause(true, bob)),
      tx(7, initialise(bob)),
    ],
    [beside(8, 0, initialise(carol)), tx(8, pause(true, carol))],
  ]),
  story("row 8: balances that a lost landing told of raise no alarm", ({ alice, tx, beside, opening }) => {
    const [before, after] = [tx(2, deposit(alice, 5n, 5n)), tx(2, deposit(alice, 5n, 12n))];
    return [[opening(), before], lost(before), [beside(2, 1, deposit(alice, 7n, 7n))], [again(after, 3)]];
  }),
];
