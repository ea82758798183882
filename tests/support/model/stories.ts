/**
 * Short histories, batch by batch as they are delivered, each about one thing that a ledger can get wrong. None leaves the ledger
 * a choice. Each has owners of its own, so that all of them can be told to one ledger.
 *
 * @module
 */
import { AMOUNT_MAX } from "@/lib/domain/amount.ts";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, deposit, initialise, lock, transfer, unlock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

/** A short history. */
export interface Story {
  readonly name: string;
  /** As they are delivered, one after the other. */
  readonly batches: readonly (readonly ChainTransaction[])[];
}

/** Who plays, and how things come to happen. */
interface Stage {
  readonly alice: string;
  readonly bob: string;
  readonly carol: string;
  /** Has no vault. */
  readonly nobody: string;
  /** In this slot, alone in its block. */
  tx(slot: number, ...events: Unplaced[]): ChainTransaction;
  /** In this slot, at this place of the block. */
  beside(slot: number, place: number, ...events: Unplaced[]): ChainTransaction;
  failed(slot: number, ...events: Unplaced[]): ChainTransaction;
  /** All three vaults come to be. */
  opening(): ChainTransaction;
}

function story(name: string, tell: (stage: Stage) => ChainTransaction[][]): Story {
  const [alice, bob, carol, nobody] = ["alice", "bob", "carol", "nobody"].map((who) => key(`${name}: ${who}`)) as [
    ...[string, string, string, string],
  ];
  const tx = (slot: number, ...events: Unplaced[]): ChainTransaction => at(slot, events, { name: `${name}: ${slot}` });
  return {
    name,
    batches: tell({
      ...{ alice, bob, carol, nobody, tx },
      beside: (slot, place, ...events): ChainTransaction =>
        ({ ...at(slot, events, { name: `${name}: ${slot}, ${place}` }), transactionIndex: place }) as ChainTransaction,
      failed: (slot, ...events) => at(slot, events, { name: `${name}: ${slot}`, failed: true }),
      opening: () => tx(1, initialise(alice), initialise(bob), initialise(carol)),
    }),
  };
}

function pause(paused: boolean): Unplaced {
  return { kind: "pause", vault: null, paused, authority: key("admin") };
}

function as(owner: string | null, event: Unplaced): Unplaced {
  return { ...event, owner } as Unplaced;
}

const IN_ORDER: readonly Story[] = [
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

const LATE: readonly Story[] = [
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
];

const POISON: readonly Story[] = [
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

const DECEIT: readonly Story[] = [
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

/** All of them; in the last ones, one transaction stands in another's way. */
export const STORIES: readonly Story[] = [...IN_ORDER, ...LATE, ...POISON, ...DECEIT];
