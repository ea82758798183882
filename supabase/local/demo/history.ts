/**
 * The demo chain's records in memory, with what is needed to find them and to know the state at each.
 *
 * @module
 */
import type { AddressBook } from "./address.ts";
import { execute } from "./execute.ts";
import { parseRecord, type TransactionRecord } from "./record.ts";
import { type ChainState, EMPTY_STATE } from "./state.ts";
import { draftMessage, type TransactionError } from "./transaction.ts";

/** A state is kept for every so many records; those between are computed from the one before. */
const CHECKPOINT_EVERY = 64;

/** Records by number, from 0, in chain order. */
export interface History {
  /** Takes the next record, and the line that it was read from or written as. */
  add(record: TransactionRecord, line: string): void;
  /** Forgets all but the first so many. */
  truncate(count: number): void;
  /** How many there are. */
  size(): number;
  /** The state after all of them. */
  state(): ChainState;
  /** @throws {RangeError} when there is no such record. */
  record(number: number): TransactionRecord;
  /** Why the transaction failed; null when it did not. */
  errorOf(number: number): TransactionError | null;
  /** The number of the transaction with that first signature. */
  find(signature: string): number | undefined;
  /** The transactions that name the address, oldest first. */
  naming(address: string): readonly number[];
  /** How many transactions lie in slots up to this one. */
  countUpTo(slot: number): number;
  /** The state after the first so many transactions. */
  stateAfter(count: number): ChainState;
}

/** An empty history. */
export function createHistory(book: AddressBook): History {
  // Lines and not records: a day of traffic is some 170 000 of them, and text is the smaller form.
  const lines: string[] = [];
  const slots: number[] = [];
  const errors = new Map<number, TransactionError>();
  const bySignature = new Map<string, number>();
  const byAddress = new Map<string, number[]>();
  const checkpoints: ChainState[] = [];
  let tip: ChainState = EMPTY_STATE;
  /** Asked for last: mostly the same is asked for again, or what comes next. */
  let asked: { count: number; state: ChainState } = { count: 0, state: EMPTY_STATE };

  function add(record: TransactionRecord, line: string): void {
    const number = lines.length;
    const { after, error } = execute(tip, record, book);
    for (const address of draftMessage(record, tip, book).keys) {
      const numbers = byAddress.get(address);
      if (numbers) numbers.push(number);
      else byAddress.set(address, [number]);
    }
    if (number % CHECKPOINT_EVERY === 0) checkpoints.push(tip);
    if (error) errors.set(number, { InstructionError: [error.instruction, { Custom: error.code }] });
    bySignature.set(record.signatures[0] ?? "", number);
    lines.push(line);
    slots.push(record.slot);
    tip = after;
  }

  function truncate(count: number): void {
    tip = stateAfter(count);
    if (asked.count > count) asked = { count: 0, state: EMPTY_STATE };
    for (let number = count; number < lines.length; number++) {
      bySignature.delete(record(number).signatures[0] ?? "");
      errors.delete(number);
    }
    for (const numbers of byAddress.values()) while ((numbers.at(-1) ?? -1) >= count) numbers.pop();
    lines.length = count;
    slots.length = count;
    checkpoints.length = Math.ceil(count / CHECKPOINT_EVERY);
  }

  function record(number: number): TransactionRecord {
    const line = lines[number];
    if (line === undefined) throw new RangeError(`Cannot read transaction ${number}: there are ${lines.length}`);
    return parseRecord(line);
  }

  function stateAfter(count: number): ChainState {
    if (count >= lines.length) return tip;
    let [from, state] = [count - count % CHECKPOINT_EVERY, checkpoints[Math.floor(count / CHECKPOINT_EVERY)]];
    if (asked.count >= from && asked.count <= count) [from, state] = [asked.count, asked.state];
    state = replay(state ?? EMPTY_STATE, lines.slice(from, count), book);
    asked = { count, state };
    return state;
  }

  return {
    add,
    truncate,
    record,
    stateAfter,
    size: () => lines.length,
    state: () => tip,
    errorOf: (number) => errors.get(number) ?? null,
    find: (signature) => bySignature.get(signature),
    naming: (address) => byAddress.get(address) ?? [],
    countUpTo: (slot) => countUpTo(slots, slot),
  };
}

/** The state after the records of the lines. */
function replay(state: ChainState, lines: readonly string[], book: AddressBook): ChainState {
  return lines.reduce((before, line) => execute(before, parseRecord(line), book).after, state);
}

/** How many entries of an ascending list are at most the limit. */
function countUpTo(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
