/**
 * Forks: blocks that were confirmed and are no part of the chain any more.
 *
 * @module
 */
import type { DemoChain } from "@/supabase/local/demo/chain.ts";
import { execute } from "@/supabase/local/demo/execute.ts";
import type { Random } from "@/supabase/local/demo/random.ts";
import { draftOf, type TransactionRecord } from "@/supabase/local/demo/record.ts";
import { SLOT_MS } from "@/supabase/local/demo/slots.ts";
import type { FaultyNode } from "./faulty_node.ts";

/** The longest fork that can still be dropped: one slot more, and its first block is final. */
export const FORK_SLOTS_MAX = 31;

export interface ForkPlan {
  /** How many slots the fork holds: 1 to {@link FORK_SLOTS_MAX}. */
  readonly slots: number;
  /** Transactions that traffic makes on it. */
  readonly transactions: number;
  /** Which part of them lands again, in later slots and in the same order. The others never do. */
  readonly lands: number;
  readonly random: Random;
}

/** What became of a fork. */
export interface Fork {
  /** Its first and its last slot. */
  readonly from: number;
  readonly to: number;
  readonly dropped: readonly {
    readonly signature: string;
    readonly slot: number;
    /** Where it landed again; null when it did not. */
    readonly again: number | null;
  }[];
}

/**
 * Lets the chain go on in a fork until all of it is confirmed, then drops it. Every landing in it has been posted.
 *
 * A transaction that would end otherwise than it did on the fork never lands again, as one whose blockhash has expired: that the same
 * signature fails at one place and succeeds at another is a conflict, and no matter of this harness.
 */
export function fork(node: FaultyNode, { slots, transactions, lands, random }: ForkPlan): Fork {
  if (!(slots >= 1 && slots <= FORK_SLOTS_MAX)) throw new RangeError(`Cannot fork for ${slots} slots`);
  const { chain } = node;
  let from = chain.tips().processed + 1;
  while (chain.calendar.isSkipped(from)) from++;
  const to = from + slots - 1;
  const places = Array.from({ length: transactions }, () => random.between(from, to)).sort((a, b) => a - b);
  for (const place of places) {
    waitForSlot(node, place);
    node.trade(1, 0);
  }
  waitForSlot(node, to);
  while (chain.tips().confirmed < chain.calendar.blockNotAfter(to)) node.waitSlots(1);
  const first = chain.countUpTo(from - 1);
  const failed = Array.from({ length: chain.size() - first }, (_, place) => chain.errorOf(first + place) !== null);
  const records = chain.drop(from - 1);
  while (chain.tips().processed <= to) node.waitSlots(1);
  const dropped = records.map((record, place) => {
    node.waitSlots(random.between(0, 3));
    const [signature = ""] = record.signatures;
    const isSame = wouldFail(chain, record) === failed[place];
    if (!isSame || !random.chance(lands)) return { signature, slot: record.slot, again: null };
    node.send(draftOf(record), record.signatures);
    return { signature, slot: record.slot, again: chain.record(chain.size() - 1).slot };
  });
  return { from, to, dropped };
}

/** Waits for the slot's time, if that is still to come. */
function waitForSlot(node: FaultyNode, slot: number): void {
  const { first } = node.chain.genesis;
  node.wait(Math.max(0, first.time + (slot - first.slot) * SLOT_MS - node.now()));
}

/** Whether the transaction would fail if it landed now. */
function wouldFail(chain: DemoChain, record: TransactionRecord): boolean {
  return execute(chain.state(), record, chain.book).error !== null;
}
