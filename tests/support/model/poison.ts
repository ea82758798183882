/**
 * What comes beside a true history: forged, broken and repeated deliveries that can never have an effect.
 *
 * @module
 */
import { AMOUNT_MAX } from "@/lib/domain/amount.ts";
import type { ChainTransaction, ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, deposit, lock, transfer, unlock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";
import { shuffled } from "@/tests/support/seeded.ts";
import type { Dice } from "./dice.ts";
import type { History } from "./history.ts";

/**
 * The history, and so many pieces of poison among it, all in a random order, each delivered up to three times. None of the
 * poison can ever have an effect, so it leaves no choice what the history comes to.
 */
export function poisoned(name: string, history: History, dice: Dice, pieces: number): ChainTransaction[] {
  const { transactions } = history;
  const once: ChainTransaction[] = [...transactions, ...poison(name, history, dice, pieces)];
  const again = once.flatMap((item) => dice.chance(0.2) ? Array<ChainTransaction>(dice.one([1, 2])).fill(item) : []);
  const order = shuffled([...once, ...again], dice.random);
  const forgeries = transactions.filter(() => dice.chance(0.1)).map((original) => forge(original, dice));
  return forgeries.reduce((delivered, forgery) => withForgery(delivered, forgery, dice), order);
}

/** So many pieces of poison alone: nothing of it can ever have an effect. */
export function poison(name: string, history: History, dice: Dice, pieces: number): ChainTransaction[] {
  return Array.from({ length: pieces }, (_, number) => piece(`${name} poison ${number}`, history, dice));
}

/**
 * Transactions that the history did not hold, but for a while could have: what is taken for true first may keep out what is
 * true. So many of them.
 */
export function temptations(name: string, history: History, dice: Dice, count: number): ChainTransaction[] {
  return Array.from({ length: count }, (_, number) => {
    const { owners } = history.town;
    const [owner, other] = [dice.one(owners), dice.one(owners)];
    const amount = dice.upTo(history.income.get(owner) ?? 0n);
    const event = dice.one([
      withdrawal(owner, amount),
      lock(owner, amount),
      unlock(owner, amount),
      transfer(owner, other, amount),
    ]);
    return lying(`${name} temptation ${number}`, history, dice, [event]);
  });
}

/** A transaction somewhere in the history, in a place that is nobody else's. */
function lying(name: string, history: History, dice: Dice, events: Unplaced[], failed = false): ChainTransaction {
  const slot = 1 + Math.floor(dice.random() * history.lastSlot);
  const transactionIndex = 1_000 + Math.floor(dice.random() * 1e6);
  return { ...at(slot, events.map(history.town.housed), { name, failed }), transactionIndex } as ChainTransaction;
}

/** A transaction, or less than one, that no further delivery can make possible. */
function piece(name: string, history: History, dice: Dice): ChainTransaction {
  const { owners, sharing } = history.town;
  const [owner, other] = [dice.one(owners), dice.one(owners)];
  // One unit is enough. More would show, where less looks possible as long as other poison is not seen through.
  const tooMuch = (history.income.get(owner) ?? 0n) + 1n;
  const nobody = key(`${name} nobody`);
  const slot = history.lastSlot;
  const lies = (events: Unplaced[], failed = false): ChainTransaction => lying(name, history, dice, events, failed);
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
    // Where the address is another's for a while, it may wait instead.
    () => lies(sharing.has(owner) ? [deposit(nobody, 1n)] : [deposit(owner, AMOUNT_MAX), deposit(owner, 1n)]),
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
export function forge(original: ReadTransaction, dice: Dice): ReadTransaction {
  const raised = original.events.map((event) => "amount" in event ? { ...event, amount: event.amount + 1n } : event);
  const extra = {
    kind: "pause",
    vault: null,
    paused: true,
    authority: key("forger"),
    ordinal: original.events.length,
  } as const;
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
