/**
 * The demo chain: an append-only list of small records, from which everything else is computed when it is asked for.
 * Signatures are 64 seeded bytes and no real ones, but for what a wallet sent.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import bs58 from "bs58";
import { type AddressBook, createAddressBook } from "./address.ts";
import type { Clock } from "./clock.ts";
import { execute } from "./execute.ts";
import { type KeptHistory, openKeptHistory } from "./kept_history.ts";
import { createRandom } from "./random.ts";
import type { TransactionDraft, TransactionRecord } from "./record.ts";
import { createSlotCalendar, type SlotCalendar } from "./slots.ts";
import { readMessage } from "./wire.ts";
import { draftMessage, type RenderedTransaction, renderTransaction } from "./transaction.ts";

/** A block is final when so many slots have followed it. Solana's rule is "31 confirmed blocks on top". */
const FINALITY_SLOTS = 32;

/** A slot of November 2026 on mainnet (epoch 1035 began in September with slot 447 120 000). */
const FIRST_SLOT = 461_000_000;

export interface DemoChainOptions {
  /** The log file. */
  readonly path: string;
  readonly seed: string;
  readonly program: string;
  readonly mint: string;
  readonly clock: Clock;
  /** When a new chain begins, in milliseconds since 1970; without meaning for one that is continued. Default now. */
  readonly begins?: number;
  /** How many slots after it was processed a block is confirmed; default 0. */
  readonly confirmationSlots?: number;
}

/** An open chain. Transactions are known by their number, from 0, in chain order. */
export interface DemoChain extends Omit<KeptHistory, "add" | "dropAbove" | "written"> {
  readonly book: AddressBook;
  readonly calendar: SlotCalendar;
  /** The newest slot of each commitment now. */
  tips(): { readonly processed: number; readonly confirmed: number; readonly finalized: number };
  /**
   * Adds a transaction, dated now or at the given time in milliseconds, never before the last one. Gives its number.
   *
   * @param signatures those of a transaction that lands again; by default new ones.
   */
  append(draft: TransactionDraft, time?: number, signatures?: readonly string[]): number;
  /**
   * Leaves a fork: what lies in slots above this one has never happened. Gives what that was, in chain order.
   *
   * @throws {RangeError} when that would undo what is final.
   */
  drop(lastSlot: number): TransactionRecord[];
  /** The transaction in full, computed anew. */
  render(number: number): RenderedTransaction;
  /** The hash of the slot's block, base58. */
  blockhash(slot: number): string;
}

/**
 * Opens a chain and replays its log.
 *
 * @throws {Error} when the log belongs to another chain or holds an unreadable line before its last.
 */
export function openDemoChain(options: DemoChainOptions): DemoChain {
  const { path, seed, program, mint, clock, confirmationSlots = 0 } = options;
  const book = createAddressBook(program, mint);
  const first = { slot: FIRST_SLOT, time: options.begins ?? clock() };
  const history = openKeptHistory(path, { seed, program, mint, first }, book);
  const calendar = createSlotCalendar(history.genesis.first, seed);

  function append(draft: TransactionDraft, time = clock(), signatures?: readonly string[]): number {
    const number = history.size();
    history.add(placeRecord(draft, time, signatures));
    return number;
  }

  /** Gives the draft its slot, its place there and its signatures. */
  function placeRecord(draft: TransactionDraft, time: number, signatures?: readonly string[]): TransactionRecord {
    const random = createRandom(`${seed}/record/${history.written()}`);
    const last = history.size() > 0 ? history.record(history.size() - 1) : null;
    const slot = Math.max(calendar.blockAt(time), last?.slot ?? 0);
    const index = last?.slot === slot ? last.index + random.between(1, 60) : random.between(0, 400);
    const signers = draftMessage(draft, history.state(), book).header.numRequiredSignatures;
    const fresh = Array.from({ length: signers }, () => bs58.encode(random.bytes(64)));
    return { slot, index, time: calendar.timeOf(slot), signatures: signatures ?? fresh, ...draft };
  }

  function drop(lastSlot: number): TransactionRecord[] {
    const { finalized } = tips();
    if (lastSlot < finalized) throw new RangeError(`Cannot drop above slot ${lastSlot}: ${finalized} is final`);
    return history.dropAbove(lastSlot);
  }

  function tips(): ReturnType<DemoChain["tips"]> {
    const last = history.size() > 0 ? history.record(history.size() - 1).slot : FIRST_SLOT;
    const processed = Math.max(calendar.blockAt(clock()), last);
    const confirmed = calendar.blockNotAfter(processed - confirmationSlots);
    return { processed, confirmed, finalized: calendar.blockNotAfter(confirmed - FINALITY_SLOTS) };
  }

  const blockhash = (slot: number): string => (
    bs58.encode(sha256(new TextEncoder().encode(`${seed}/blockhash/${slot}`)))
  );

  function render(number: number): RenderedTransaction {
    const record = history.record(number);
    const execution = execute(history.stateAfter(number), record, book);
    if (record.message !== undefined) {
      const { recentBlockhash } = readMessage(Uint8Array.fromBase64(record.message));
      return renderTransaction(record, execution, book, recentBlockhash);
    }
    const age = createRandom(`age/${record.signatures[0]}`).between(2, 60);
    return renderTransaction(record, execution, book, blockhash(calendar.blockNotAfter(record.slot - age)));
  }

  const { add: _, dropAbove: __, written: ___, ...known } = history;
  return { ...known, book, calendar, append, drop, render, blockhash, tips };
}
