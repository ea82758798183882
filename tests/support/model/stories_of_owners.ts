/**
 * Stories of vaults that are paused, closed and opened again, and of addresses that come to be another's.
 *
 * @module
 */
import { AMOUNT_MAX } from "@/lib/domain/amount.ts";
import { deposit, initialise, lock, transfer, unlock, withdrawal } from "@/tests/support/book.ts";
import { as, close, inVaultOf, pause } from "./deeds.ts";
import { lost } from "./step.ts";
import { type Story, story } from "./story.ts";

/** A vault is closed, or paused, and stays its owner's. */
export const CLOSED: readonly Story[] = [
  story("row 53: a closed vault gets a deposit", ({ alice, bob, tx, failed, opening }) => [
    [opening(), tx(2, deposit(alice, 10n)), tx(3, withdrawal(alice, 10n), close(alice))],
    [tx(4, deposit(alice, 5n)), failed(6, withdrawal(alice, 1n))],
    [tx(5, transfer(alice, bob, 2n)), tx(7, as(null, close(bob)))],
    [tx(8, transfer(alice, bob, 1n))],
  ]),
  story("row 53: one vault is paused, resumed and closed, in disorder", ({ alice, bob, tx, failed, opening }) => [
    [tx(9, pause(false, alice)), opening()],
    [tx(8, pause(true, alice)), tx(7, close(bob))],
    [tx(11, pause(true, alice)), tx(3, pause(true, bob))],
    [tx(12, close(alice)), tx(10, deposit(alice, 4n), pause(false, bob))],
    [tx(13, initialise(alice)), failed(14, close(alice)), failed(15, pause(true, alice)), failed(16, initialise(bob))],
  ]),
  story("row 53: closed and opened again by its owner", ({ alice, tx }) => [
    [tx(1, initialise(alice)), tx(2, deposit(alice, 5n)), tx(3, withdrawal(alice, 4n), close(alice))],
    [tx(6, deposit(alice, 2n)), tx(5, initialise(alice))],
    [tx(8, close(alice)), tx(4, as(null, lock(alice, 1n)))],
    [tx(7, pause(true, alice)), tx(9, initialise(alice), pause(true, alice), pause(false, alice))],
  ]),
  story("row 53: what is said of a vault waits for it", ({ alice, bob, carol, tx }) => [
    [tx(3, close(alice)), tx(4, pause(true, alice)), tx(5, as(null, close(bob))), tx(6, as(carol, close(bob)))],
    [tx(2, initialise(bob))],
    [tx(1, initialise(alice))],
  ]),
];

/** An address comes to be another's: bob's, where it was alice's. */
export const TAKEN_OVER: readonly Story[] = [
  story("row 54: closed, and opened by another", ({ alice, bob, carol, tx, beside, failed }) => [
    [
      tx(1, initialise(alice), initialise(carol), deposit(carol, 50n)),
      tx(2, deposit(alice, 10n), transfer(carol, alice, 5n)),
    ],
    [tx(3, withdrawal(alice, 15n)), tx(4, close(alice))],
    [tx(5, inVaultOf(alice, initialise(bob)))],
    [tx(6, inVaultOf(alice, deposit(bob, 8n))), tx(7, transfer(carol, alice, 6n)), tx(8, transfer(alice, carol, 3n))],
    [failed(10, withdrawal(alice, 1n)), tx(11, pause(true, alice)), tx(12, inVaultOf(alice, close(bob)))],
    [tx(9, deposit(alice, 1n))],
    [beside(8, 5, initialise(alice))],
  ]),
  story("row 54: news of the new owner come late", ({ alice, bob, carol, tx, failed }) => [
    [tx(1, initialise(alice), initialise(carol), deposit(carol, 50n)), tx(3, deposit(alice, 2n))],
    [tx(6, transfer(carol, alice, 5n)), tx(7, as(null, lock(alice, 5n))), failed(8, as(null, lock(alice, 9n)))],
    [failed(10, transfer(carol, alice, 9n)), tx(9, pause(true, alice)), tx(5, inVaultOf(alice, deposit(bob, 1n)))],
    [tx(4, inVaultOf(alice, initialise(bob)))],
    [tx(2, lock(alice, 0n), transfer(carol, alice, 3n))],
  ]),
  story("row 54: news of the first owner come late", ({ alice, bob, carol, tx }) => [
    [tx(1, initialise(carol), deposit(carol, 50n)), tx(6, inVaultOf(alice, initialise(bob)))],
    [tx(3, transfer(carol, alice, 5n)), tx(4, withdrawal(alice, 4n)), tx(7, transfer(alice, carol, 2n))],
    [tx(5, close(alice))],
    [tx(2, initialise(alice))],
    [tx(8, inVaultOf(alice, withdrawal(bob, 1n)))],
    [tx(9, transfer(carol, alice, 3n, "FeeCollection"))],
  ]),
  story("row 54: what the former owner left does not pay for the new one", ({ alice, bob, carol, tx }) => [
    [tx(1, initialise(alice), initialise(carol)), tx(2, deposit(alice, 10n))],
    [tx(6, transfer(alice, carol, 7n)), tx(7, withdrawal(carol, 7n)), tx(8, as(null, lock(alice, 3n)))],
    [tx(4, inVaultOf(alice, initialise(bob)))],
    [tx(5, inVaultOf(alice, deposit(bob, 7n)))],
    [tx(9, inVaultOf(alice, deposit(bob, 1n))), tx(3, withdrawal(alice, 9n))],
  ]),
  story(
    "row 54: the opening is lost, and the address is the former owner's again",
    ({ alice, bob, carol, tx, failed }) => {
      const taking = tx(4, inVaultOf(alice, initialise(bob)), inVaultOf(alice, deposit(bob, 1n)));
      return [
        [tx(1, initialise(alice), initialise(carol), deposit(carol, 9n)), tx(2, deposit(alice, 2n)), taking],
        [tx(5, transfer(carol, alice, 3n)), tx(6, inVaultOf(alice, deposit(bob, 4n))), failed(7, lock(alice, 1n))],
        [tx(8, pause(true, alice))],
        lost(taking),
        [tx(9, withdrawal(alice, 5n))],
        [{ ...taking, slot: 10 } as typeof taking],
      ];
    },
  ),
  story("row 54: what is the new owner's is no longer in the former one's way", ({ alice, bob, carol, tx }) => [
    [tx(1, initialise(alice), initialise(carol)), tx(2, deposit(alice, 10n)), tx(6, transfer(alice, carol, 8n))],
    [tx(3, withdrawal(alice, 5n)), tx(5, inVaultOf(alice, deposit(bob, 8n)))],
    [tx(4, inVaultOf(alice, initialise(bob)))],
  ]),
  story("row 54: what falls as the new owner's is no longer in the former one's way", ({ alice, bob, carol, tx }) => [
    [tx(1, initialise(alice), initialise(carol)), tx(2, deposit(alice, 10n)), tx(6, transfer(alice, carol, 8n))],
    [tx(3, withdrawal(alice, 5n))],
    [tx(4, inVaultOf(alice, initialise(bob)))],
  ]),
  story("row 54: what one opening kept out comes with another", ({ alice, bob, carol, nobody, tx }) => {
    const taking = tx(5, inVaultOf(bob, initialise(nobody)));
    return [
      [tx(1, initialise(alice), initialise(bob), initialise(carol)), taking, tx(8, deposit(bob, 5n))],
      [tx(9, initialise(alice), withdrawal(bob, 5n)), tx(10, close(alice))],
      lost(taking),
    ];
  }),
  story(
    "row 54: what comes together with the fall of its vault leaves no trace",
    ({ alice, bob, carol, nobody, tx }) => [
      [tx(1, initialise(alice), initialise(carol)), tx(2, deposit(carol, 1n))],
      [tx(5, inVaultOf(alice, initialise(bob)), withdrawal(carol, 1n))],
      [tx(3, inVaultOf(carol, initialise(nobody))), tx(8, inVaultOf(alice, deposit(bob, 7n)))],
    ],
  ),
  story("row 54: an opening that cannot stand keeps nothing out", ({ alice, bob, carol, nobody, tx }) => [
    [tx(7, inVaultOf(bob, initialise(nobody)), withdrawal(bob, 8n))],
    [tx(6, initialise(carol))],
    [tx(2, initialise(bob))],
    [tx(9, close(carol), initialise(alice), withdrawal(bob, 1n))],
    [tx(3, initialise(alice), deposit(bob, 10n))],
  ]),
  story("row 54: an opening that has to wait keeps nothing out", ({ alice, bob, carol, tx }) => [
    [tx(5, transfer(carol, carol, 17n), inVaultOf(alice, initialise(bob)), inVaultOf(alice, deposit(bob, 14n)))],
    [tx(2, deposit(alice, 17n))],
    [tx(3, transfer(alice, alice, 5n), withdrawal(alice, 1n), initialise(carol))],
    [tx(7, initialise(alice))],
    [tx(4, deposit(carol, 17n))],
  ]),
  story("row 54: the opening is lost, and one that waited is the first", ({ alice, bob, carol, nobody, tx }) => {
    const taking = tx(5, initialise(alice), inVaultOf(alice, initialise(bob)));
    return [
      [taking, tx(2, initialise(carol), deposit(carol, 8n), transfer(carol, alice, 1n))],
      [tx(6, transfer(alice, alice, 1n), inVaultOf(alice, initialise(nobody)))],
      lost(taking),
    ];
  }),
  story(
    "row 54: an opening makes room for what comes before it in its own transaction",
    ({ alice, bob, carol, tx }) => [
      [tx(1, initialise(alice), initialise(carol)), tx(2, deposit(alice, 10n)), tx(6, transfer(alice, carol, 10n))],
      [tx(4, withdrawal(alice, 10n), inVaultOf(alice, initialise(bob)))],
      [tx(5, inVaultOf(alice, deposit(bob, 10n)))],
    ],
  ),
  story("row 54: what is too large for the owner that it names", ({ alice, bob, tx }) => {
    const taking = tx(4, inVaultOf(alice, initialise(bob)));
    return [
      [tx(1, initialise(alice)), taking, tx(6, deposit(alice, AMOUNT_MAX), deposit(alice, 1n))],
      lost(taking),
    ];
  }),
  story("row 54: there and back", ({ alice, bob, tx }) => [
    [tx(1, initialise(alice)), tx(2, deposit(alice, 8n)), tx(7, withdrawal(alice, 8n))],
    [tx(3, inVaultOf(alice, initialise(bob))), tx(4, inVaultOf(alice, deposit(bob, 5n)))],
    [tx(6, initialise(alice))],
    [tx(5, inVaultOf(alice, withdrawal(bob, 5n)), close(alice))],
    [tx(8, unlock(alice, 0n), as(null, lock(alice, 0n)))],
  ]),
  story("row 54: from one to the other within a transaction", ({ alice, bob, carol, tx }) => [
    [tx(1, initialise(alice), initialise(carol), deposit(carol, 9n))],
    [tx(4, transfer(carol, alice, 2n), transfer(alice, carol, 1n))],
    [
      tx(
        3,
        ...[transfer(carol, alice, 3n), withdrawal(alice, 3n), close(alice)],
        ...[inVaultOf(alice, initialise(bob)), transfer(carol, alice, 4n), inVaultOf(alice, lock(bob, 4n))],
      ),
    ],
    [tx(2, as(null, lock(alice, 0n)))],
  ]),
  story("row 54: nobody gets a second vault", ({ alice, bob, carol, tx }) => [
    [tx(1, initialise(alice), initialise(carol), deposit(carol, 3n))],
    [tx(2, inVaultOf(carol, initialise(alice)))],
    [tx(3, withdrawal(carol, 1n)), tx(4, inVaultOf(carol, deposit(alice, 1n)))],
    [tx(5, inVaultOf(carol, initialise(bob)), inVaultOf(carol, deposit(bob, 2n)))],
  ]),
  story("row 54: of two openings that exclude each other the earlier goes first", ({ alice, bob, carol, tx }) => [
    [tx(12, initialise(alice)), tx(5, deposit(alice, 5n), initialise(carol)), tx(6, deposit(carol, 1n))],
    [tx(9, inVaultOf(alice, initialise(bob))), tx(10, inVaultOf(alice, deposit(bob, 2n)))],
    [tx(3, initialise(alice))],
  ]),
  story("row 54: what is too large opens no vault", ({ alice, bob, tx }) => [
    [tx(1, initialise(alice)), tx(2, deposit(alice, 1n))],
    [tx(3, initialise(bob), deposit(alice, AMOUNT_MAX)), tx(4, deposit(bob, 1n))],
  ]),
];

/** Six transactions of an address that was alice's and is bob's. Whatever order they come in, they come to the same. */
export function takeover(name: string): Story {
  return story(name, ({ alice, bob, carol, tx }) => [
    [tx(1, initialise(alice), initialise(carol), deposit(carol, 20n))],
    [tx(2, transfer(carol, alice, 5n))],
    [tx(3, withdrawal(alice, 2n), close(alice))],
    [tx(5, inVaultOf(alice, initialise(bob)))],
    [tx(6, transfer(carol, alice, 7n))],
    [tx(7, transfer(alice, carol, 4n))],
  ]);
}
