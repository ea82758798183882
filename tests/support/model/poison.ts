/**
 * What comes beside a true history: forged, broken and repeated deliveries that can never have an effect.
 *
 * @module
 */
import type { ChainTransaction, ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, deposit, lock, transfer, unlock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";
import { shuffled } from "@/tests/support/seeded.ts";
import type { Dice, History } from "./history.ts";

/** The history, and so many pieces of poison among it, all in a random order, each delivered up to three times. */
export function poisoned(name: string, history: History, dice: Dice, pieces: number): ChainTransaction[] {
  const { transactions } = history;
  const poison = Array.from({ length: pieces }, (_, number) => piece(`${name} poison ${number}`, history, dice));
  const once: ChainTransaction[] = [...transactions, ...poison];
  const again = once.flatMap((item) => dice.chance(0.2) ? Array<ChainTransaction>(dice.one([1, 2])).fill(item) : []);
  const order = shuffled([...once, ...again], dice.random);
  const forgeries = transactions.filter(() => dice.chance(0.1)).map((original) => forged(original, dice));
  return forgeries.reduce((delivered, forgery) => withForgery(delivered, forgery, dice), order);
}

/** A transaction, or less than one, that no further delivery can make possible. */
function piece(name: string, history: History, dice: Dice): ChainTransaction {
  const { owners } = history;
  const [owner, other] = [dice.one(owners), dice.one(owners)];
  const tooMuch = history.deposited + 1n + dice.upTo(1_000n);
  const nobody = key(`${name} nobody`);
  const slot = 1 + Math.floor(dice.random() * history.lastSlot);
  const lies = (events: Unplaced[], failed = false): ChainTransaction => ({
    ...at(slot, events, { name, failed }),
    // Beyond what the history uses: two transactions never share a place.
    transactionIndex: 1_000 + Math.floor(dice.random() * 1e6),
  } as ChainTransaction);
  const kinds: (() => ChainTransaction)[] = [
    () => lies([withdrawal(owner, tooMuch)]),
    () => lies([lock(owner, tooMuch)]),
    () => lies([unlock(owner, tooMuch)]),
    () => lies([transfer(owner, other, tooMuch)]),
    // The innocent part of it must have no effect either. It comes last: what comes first makes room.
    () => lies([transfer(owner, other, tooMuch), deposit(owner, 5n)]),
    () => lies([deposit(nobody, 7n)]),
    () => lies([transfer(owner, nobody, 0n)]),
    () => lies([deposit(owner, 3n), transfer(nobody, owner, 1n)]),
    () => lies([withdrawal(nobody, 7n), lock(owner, 1n)], true),
    () => lies([{ ...deposit(owner, 9n), owner: nobody } as Unplaced]),
    () => lies([deposit(owner, 2n ** 63n)]),
    () => ({ verdict: "quarantined", code: "malformed", reason: name }),
    () => ({ verdict: "quarantined", code: "undecodable_event", reason: name, signature: signature(name), slot }),
    () => ({ verdict: "ignored", code: "other_program", reason: name, signature: signature(name), slot }),
    () => ({ verdict: "parked", code: "log_truncated", reason: name, signature: signature(name), slot }),
    () => unread(dice.one(history.transactions), name),
  ];
  return dice.one(kinds)();
}

/** A true transaction, in a form that does not tell what it did. */
function unread({ signature, slot }: ReadTransaction, reason: string): ChainTransaction {
  return { verdict: "parked", code: "enhanced_form", reason, signature, slot };
}

/** Another content under a true signature. */
function forged(original: ReadTransaction, dice: Dice): ReadTransaction {
  const raised = original.events.map((event) => "amount" in event ? { ...event, amount: event.amount + 1n } : event);
  const extra = { kind: "pause", paused: true, authority: key("forger"), ordinal: original.events.length } as const;
  return dice.one([
    { ...original, failed: !original.failed },
    { ...original, events: [...raised, extra] },
    { ...original, events: [...original.events, extra] },
  ]);
}

/** Puts a forgery somewhere behind its original: what comes first is taken for the truth. */
function withForgery(delivered: readonly ChainTransaction[], forgery: ReadTransaction, dice: Dice): ChainTransaction[] {
  const first = delivered.findIndex(({ verdict, signature }) => verdict === "read" && signature === forgery.signature);
  const place = first + 1 + Math.floor(dice.random() * (delivered.length - first));
  return delivered.toSpliced(place, 0, ...Array<ChainTransaction>(dice.one([1, 1, 2])).fill(forgery));
}
