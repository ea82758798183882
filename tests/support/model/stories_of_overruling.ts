/**
 * Stories of what somebody said, and the chain did not do.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { deposit, initialise, transfer, withdrawal } from "@/tests/support/book.ts";
import { inVaultOf, pause } from "./deeds.ts";
import { again, finalized, lost } from "./step.ts";
import { type Story, story } from "./story.ts";

/** What the chain finalized is not what somebody said. */
export const OVERRULED: readonly Story[] = [
  story("row 8: it failed on the fork that was lost", ({ alice, bob, tx, opening }) => {
    const paid = tx(2, deposit(alice, 5n));
    const failed = { ...paid, failed: true } as typeof paid;
    return [
      [opening(), failed, tx(4, transfer(alice, bob, 5n))],
      [again(paid, 3)],
      finalized(again(paid, 3)),
      [failed, again(paid, 3)],
      lost(failed),
      finalized(failed),
    ];
  }),
  story("row 8: it happened on the fork that was lost, and failed on the other", ({ alice, bob, tx, opening }) => {
    const moved = tx(3, transfer(alice, bob, 5n));
    const failed = { ...moved, failed: true } as typeof moved;
    return [
      [opening(), tx(2, deposit(alice, 5n)), moved, tx(4, withdrawal(bob, 5n)), tx(5, withdrawal(alice, 5n))],
      finalized(again(failed, 6)),
      [moved],
    ];
  }),
  story("row 2: the chain knows another amount", ({ alice, bob, tx, opening }) => {
    const [paid, said] = [tx(2, deposit(alice, 5n)), tx(2, deposit(alice, 500n))];
    return [
      [opening(), said, tx(3, transfer(alice, bob, 400n)), tx(4, transfer(alice, bob, 4n))],
      finalized(paid, said),
      [said, paid],
    ];
  }),
  story("row 13: the chain's own copy cannot be read", ({ alice, bob, tx, opening }) => {
    const said = tx(2, deposit(alice, 500n));
    const unreadable: ChainTransaction = {
      signature: said.signature ?? "",
      slot: 2,
      transactionIndex: 0,
      blockTime: null,
      verdict: "quarantined",
      code: "undecodable_event",
      reason: "of another length",
    };
    return [
      [opening(), said, tx(3, transfer(alice, bob, 400n))],
      finalized(unreadable),
      [said, unreadable],
      [tx(2, deposit(alice, 7n)), said],
      finalized(unreadable, tx(2, deposit(alice, 450n))),
      [said, unreadable],
    ];
  }),
  story("row 13: what nobody could read at first can be said until the chain has it", ({ alice, tx, opening }) => {
    const place = {
      signature: tx(2, deposit(alice, 1n)).signature ?? "",
      slot: 2,
      transactionIndex: 0,
      blockTime: null,
    };
    const unreadable: ChainTransaction = { ...place, verdict: "quarantined", code: "undecodable_event", reason: "cut" };
    return [
      [opening(), unreadable],
      [tx(2, deposit(alice, 5n)), unreadable],
      finalized(unreadable),
      [tx(2, deposit(alice, 5n))],
      finalized(tx(2, deposit(alice, 6n))),
      [tx(2, deposit(alice, 5n)), tx(2, deposit(alice, 6n))],
    ];
  }),
  story("row 2: somebody tells of a vault that the chain gives to another", ({ alice, bob, nobody, tx }) => {
    const [birth, said] = [tx(1, initialise(alice)), tx(1, inVaultOf(alice, initialise(nobody)))];
    return [
      [said, tx(2, inVaultOf(alice, deposit(nobody, 5n))), tx(3, pause(true, alice))],
      [tx(4, deposit(alice, 3n)), tx(5, initialise(bob)), tx(6, transfer(alice, bob, 1n))],
      finalized(birth),
      [said],
    ];
  }),
];
