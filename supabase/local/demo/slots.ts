/**
 * The demo chain's calendar: which slots there are, which of them hold a block, and when.
 *
 * @module
 */
import { createRandom } from "./random.ts";

/** Milliseconds from one slot to the next. */
export const SLOT_MS = 400;
/** A leader has four slots in a row; one leader in twenty is absent, and its four slots stay empty. */
const TURN_SLOTS = 4;
const ROUND_TURNS = 20;
const ROUND_SLOTS = TURN_SLOTS * ROUND_TURNS;
/** Slots skipped before the demo began, to make heights look like mainnet's. */
const SKIPPED_BEFORE = 21_000_000;

/** Slots and times of one chain. */
export interface SlotCalendar {
  /** The newest slot that holds a block at a time in milliseconds. Never before the first slot. */
  blockAt(milliseconds: number): number;
  /** The slot itself, or the newest one before it that holds a block. Never before the first slot. */
  blockNotAfter(slot: number): number;
  /** True when the slot holds no block. */
  isSkipped(slot: number): boolean;
  /** Unix seconds, rounded down. */
  timeOf(slot: number): number;
  /** How many blocks there are up to the slot. */
  heightOf(slot: number): number;
}

/**
 * The calendar of a chain.
 *
 * @param first the first slot and its time in milliseconds.
 * @param seed decides which slots are skipped.
 */
export function createSlotCalendar(first: { slot: number; time: number }, seed: string): SlotCalendar {
  /** The absent leader of a round; never the first, so that the very first slot holds a block. */
  const absentTurn = (round: number): number => createRandom(`${seed}/absent/${round}`).between(1, ROUND_TURNS - 1);

  const parts = (slot: number): { round: number; rest: number } => {
    const offset = slot - first.slot;
    return { round: Math.floor(offset / ROUND_SLOTS), rest: offset % ROUND_SLOTS };
  };

  function isSkipped(slot: number): boolean {
    if (slot < first.slot) return true;
    const { round, rest } = parts(slot);
    return Math.floor(rest / TURN_SLOTS) === absentTurn(round);
  }

  function blockNotAfter(slot: number): number {
    let found = Math.max(slot, first.slot);
    while (isSkipped(found)) found--;
    return found;
  }

  return {
    isSkipped,
    blockNotAfter,
    blockAt: (milliseconds) => blockNotAfter(first.slot + Math.floor((milliseconds - first.time) / SLOT_MS)),
    timeOf: (slot) => Math.floor((first.time + (slot - first.slot) * SLOT_MS) / 1000),
    heightOf(slot): number {
      const { round, rest } = parts(slot);
      const skippedHere = Math.min(Math.max(rest + 1 - absentTurn(round) * TURN_SLOTS, 0), TURN_SLOTS);
      return slot - SKIPPED_BEFORE - round * TURN_SLOTS - skippedHere;
    },
  };
}
