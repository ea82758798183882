/**
 * Many histories that share a chain and no vault, and the disorder in which they are heard of.
 *
 * @module
 */
import type { ChainTransaction, ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { candidateOf } from "@/tests/support/model/candidate.ts";
import type { Dice } from "@/tests/support/model/dice.ts";
import { type History, randomHistory } from "@/tests/support/model/history.ts";
import { poisoned } from "@/tests/support/model/poison.ts";
import { batches, shuffled } from "@/tests/support/seeded.ts";
import type { Counts } from "./campaign.ts";

/** How large a chronicle is. */
export interface ChronicleSize {
  /** Transactions of all histories together, at least. */
  readonly transactions: number;
  /** Transactions of the first history, whose vaults are the hottest. What waits for one vault is weighed against all else that does. */
  readonly hot: number;
  /** Transactions of each other history at most. */
  readonly cold: number;
}

/** Histories on one chain. */
export interface Chronicle {
  readonly name: string;
  readonly histories: readonly History[];
  /** All that happened, as a sender would have posted it first: in chain order, a few at a time. */
  readonly posts: readonly (readonly ReadTransaction[])[];
}

/** Places in a block that belong to one history: apart, because a place belongs to one transaction. */
const PLACES = 50;
/** Most transactions of a post. */
const POST_MAX = 5;

/** Makes a chronicle. Its signatures and owners are made from `name`. Every block has a time: without one the database's would show. */
export function randomChronicle(name: string, dice: Dice, size: ChronicleSize): Chronicle {
  const histories: History[] = [];
  for (let left = size.transactions; left > 0;) {
    const number = histories.length;
    const length = number === 0 ? size.hot : 3 + Math.floor(dice.random() * (size.cold - 2));
    const owners = number === 0 ? 4 : dice.one([1, 2, 2, 3]);
    const history = randomHistory(`${name} history ${number}`, dice, { owners, transactions: length });
    histories.push({ ...history, transactions: history.transactions.map((it) => placed(it, number)) });
    left -= length;
  }
  const inOrder = histories.flatMap(({ transactions }) => transactions).sort(byPlace);
  return { name, histories, posts: [...batches(inOrder, POST_MAX, dice.random)] };
}

function placed(transaction: ReadTransaction, history: number): ReadTransaction {
  return {
    ...transaction,
    transactionIndex: (transaction.transactionIndex ?? 0) + history * PLACES,
    blockTime: transaction.blockTime ?? 1_700_000_000 + transaction.slot,
  };
}

function byPlace(one: ReadTransaction, other: ReadTransaction): number {
  return one.slot - other.slot || (one.transactionIndex ?? 0) - (other.transactionIndex ?? 0);
}

/** Bodies as they are delivered, one after the other. */
export type Bodies = readonly (readonly ChainTransaction[])[];

/**
 * Everything that happened, with poison among it, in a random order, some of it repeatedly, cut into bodies of up to `most`. The
 * poison leaves no choice what the book comes to.
 *
 * @param name another one for each disorder, for the poison is made from it.
 */
export function disordered(name: string, { histories }: Chronicle, dice: Dice, most: number): Bodies {
  const heard = histories.map((history, number) =>
    // About one piece of poison to fifteen true transactions.
    poisoned(`${name} history ${number}`, history, dice, Math.floor(history.transactions.length / 15 + dice.random()))
  );
  // Each history keeps its order among the others: a forgery must not come before what it forges.
  const turns = shuffled(heard.flatMap((order, number) => order.map(() => number)), dice.random);
  const order = turns.flatMap((number): ChainTransaction[] => heard[number]?.splice(0, 1) ?? []);
  return [...batches(order, most, dice.random)];
}

/** Counts what really happened on the way from the sender's posts to these bodies. */
export function disorderIn({ posts }: Chronicle, bodies: Bodies): Counts {
  const postOf = new Map(posts.flatMap((post, number) => post.map(({ signature }) => [signature, number] as const)));
  const bodiesOf = posts.map(() => new Set<number>());
  const seen = new Set<string>();
  const newest = new Map<string, ReadTransaction>();
  let [merges, late] = [0, 0];
  for (const [number, body] of bodies.entries()) {
    const merged = new Set<number>();
    for (const transaction of body) {
      if (transaction.verdict !== "read" || seen.has(transaction.signature)) continue;
      seen.add(transaction.signature);
      const post = postOf.get(transaction.signature);
      if (post === undefined) continue;
      merged.add(post);
      bodiesOf[post]?.add(number);
      if (overtaken(newest, transaction)) late++;
    }
    if (merged.size > 1) merges++;
  }
  return { splits: bodiesOf.filter(({ size }) => size > 1).length, merges, late };
}

/** Whether a later transaction of one of its vaults came before it. Remembers it for the next. */
function overtaken(newest: Map<string, ReadTransaction>, transaction: ReadTransaction): boolean {
  let isLate = false;
  for (const vault of candidateOf(transaction).addresses) {
    const before = newest.get(vault);
    if (before && byPlace(transaction, before) < 0) isLate = true;
    else newest.set(vault, transaction);
  }
  return isLate;
}
