/**
 * What a ledger hears of a history on a chain that forks: landings that were lost, landings elsewhere, and ghosts, which in the
 * end landed nowhere.
 *
 * @module
 */
import type { ChainTransaction, ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, initialise, lock, transfer, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { shuffled } from "@/tests/support/seeded.ts";
import { close, inVaultOf, pause } from "./deeds.ts";
import type { Dice } from "./dice.ts";
import { attempt, type History } from "./history.ts";
import { forge } from "./poison.ts";
import { again, finalized, isConfirmed, lost, type Step } from "./step.ts";

/** A history and its forks. */
export interface Forked {
  /** All that there is to hear, one by one, each once. In whatever order it comes, the history is what it comes to. */
  readonly news: readonly Step[];
  /** Signatures that landed nowhere in the end. */
  readonly ghosts: readonly string[];
}

/** Forks a history: about a third of its transactions land elsewhere first, and so many ghosts are seen. */
export function forked(name: string, history: History, dice: Dice, ghosts: number): Forked {
  const seen = Array.from({ length: ghosts }, (_, number) => ghost(`${name} ghost ${number}`, history, dice));
  const landings = history.transactions.flatMap((transaction): Step[] => {
    // Of what is finalized another content may have been told before.
    if (dice.chance(0.1)) return [[forge(transaction, dice)], finalized(transaction)];
    if (!dice.chance(0.35)) return [dice.chance(0.2) ? finalized(transaction) : [transaction]];
    const places = Array.from({ length: dice.one([1, 1, 2]) }, () => elsewhere(transaction, history, dice));
    return forkOf(transaction, places, dice);
  });
  const haunting = seen.flatMap((transaction): Step[] => {
    const place = elsewhere(transaction, history, dice);
    const places = dice.chance(0.3) ? [transaction, place] : [transaction];
    return [...places.map((landing) => [landing]), lost(...places)];
  });
  return { news: [...landings, ...haunting], ghosts: seen.map(({ signature = "" }) => signature) };
}

/**
 * A transaction, seen elsewhere too. That it was lost there need not be heard where the true place says so by itself: as the
 * finalized one, or as the highest.
 */
function forkOf(transaction: ReadTransaction, places: readonly ChainTransaction[], dice: Dice): Step[] {
  const isDoomed = places.some(({ slot }) => slot === transaction.slot);
  const isFinal = isDoomed || dice.chance(0.3);
  const misleading = places.filter(({ slot = 0 }) => slot >= transaction.slot);
  const told = isFinal ? places.filter(() => dice.chance(0.5)) : misleading;
  return [
    ...places.map((place) => [place]),
    ...(told.length > 0 ? [lost(...told)] : []),
    isFinal ? finalized(transaction) : [transaction],
    ...(isFinal && dice.chance(0.5) ? [[transaction]] : []),
  ];
}

/** The same transaction in another place: close by, perhaps in its own slot, perhaps where another lies. */
function elsewhere(transaction: ChainTransaction, { lastSlot }: History, dice: Dice): ChainTransaction {
  const { slot = 1, transactionIndex } = transaction;
  const other = Math.min(lastSlot + 3, Math.max(1, slot + dice.one([-9, -3, -2, -1, 0, 1, 2, 3, 9])));
  const index = dice.one([0, 0, 1, 2, 7, 500 + Math.floor(dice.random() * 1e6)]);
  const isSame = other === slot && index === transactionIndex;
  return again(transaction, other, isSame ? index + 1 : index);
}

/** What a fork alone held. It may have been possible there, and even look true for a while. */
function ghost(name: string, history: History, dice: Dice): ChainTransaction {
  const { town, income, scale, lastSlot } = history;
  const [owner, other] = [dice.one(town.owners), dice.one(town.owners)];
  const amount = dice.upTo(income.get(owner) ?? 0n);
  const stranger = key(`${name} stranger`);
  const kinds: (() => Unplaced)[] = [
    () => attempt({ ...{ dice, town, scale }, world: { tenants: new Map(), holdings: new Map() } }),
    () => withdrawal(owner, amount),
    () => lock(owner, amount),
    () => transfer(owner, other, amount),
    () => dice.one([pause(true), pause(true, owner), close(owner), initialise(owner)]),
    () => inVaultOf(owner, initialise(stranger)),
  ];
  const events = Array.from({ length: dice.one([1, 1, 2]) }, () => town.housed(dice.one(kinds)()));
  const place = at(1 + Math.floor(dice.random() * lastSlot), events, { name, failed: dice.chance(0.1) });
  return elsewhere(place, history, dice);
}

/** News in some order, some of them twice, cut into what comes together. */
export function* inDisorder(news: readonly Step[], most: number, dice: Dice): Generator<Step> {
  const rest = shuffled([...news, ...news.filter(() => dice.chance(0.2))], dice.random);
  while (rest.length > 0) yield* shuffled(gathered(rest.splice(0, 1 + Math.floor(dice.random() * most))), dice.random);
}

/** One delivery, one delivery of what is finalized, and one roll-back; without those that hold nothing. */
function gathered(news: readonly Step[]): Step[] {
  const confirmed = news.filter(isConfirmed).flat();
  const final = news.flatMap((step) => "finalized" in step ? step.finalized : []);
  const gone = news.flatMap((step) => "lost" in step ? step.lost : []);
  return [
    ...(confirmed.length > 0 ? [confirmed] : []),
    ...(final.length > 0 ? [finalized(...final)] : []),
    ...(gone.length > 0 ? [{ lost: gone }] : []),
  ];
}
