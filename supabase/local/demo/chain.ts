/**
 * The demo chain: an append-only list of small records, from which everything else is computed when it is asked for.
 * Signatures are 64 seeded bytes and no real signatures; nothing here verifies one.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import bs58 from "bs58";
import { type AddressBook, createAddressBook } from "./address.ts";
import type { Clock } from "./clock.ts";
import { execute } from "./execute.ts";
import { createHistory, type History } from "./history.ts";
import { createRandom } from "./random.ts";
import { parseRecord, recordLine, type TransactionDraft, type TransactionRecord } from "./record.ts";
import { type Genesis, openRecordLog } from "./record_log.ts";
import { createSlotCalendar, type SlotCalendar } from "./slots.ts";
import { draftMessage, type RenderedTransaction, renderTransaction } from "./transaction.ts";

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
}

/** An open chain. Transactions are known by their number, from 0, in chain order. */
export interface DemoChain extends Omit<History, "add"> {
  readonly genesis: Genesis;
  readonly book: AddressBook;
  readonly calendar: SlotCalendar;
  /** The newest confirmed and the newest final slot now. */
  tips(): { confirmed: number; finalized: number };
  /** Adds a transaction, dated now or at the given time in milliseconds, never before the last one. Gives its number. */
  append(draft: TransactionDraft, time?: number): number;
  /** The transaction in full, computed anew. */
  render(number: number): RenderedTransaction;
  /** The hash of the slot's block, base58. */
  blockhash(slot: number): string;
  close(): void;
}

/**
 * Opens a chain and replays its log.
 *
 * @throws {Error} when the log belongs to another chain or holds an unreadable line before its last.
 */
export function openDemoChain(options: DemoChainOptions): DemoChain {
  const { path, seed, program, mint, clock } = options;
  const begins = options.begins ?? clock();
  const log = openRecordLog(path, { seed, program, mint, first: { slot: FIRST_SLOT, time: begins } });
  const book = createAddressBook(program, mint);
  const calendar = createSlotCalendar(log.genesis.first, seed);
  const history = createHistory(book);
  for (const [place, line] of log.lines.entries()) {
    try {
      history.add(parseRecord(line), line);
    } catch (cause) {
      log.close();
      throw new Error(`Cannot read demo chain ${path}: line ${place + 2} is damaged`, { cause });
    }
  }

  function append(draft: TransactionDraft, time = clock()): number {
    const number = history.size();
    const record = placeRecord(draft, number, time);
    const line = recordLine(record);
    log.append(line);
    history.add(record, line);
    return number;
  }

  /** Gives the draft its slot, its place there and its signatures. */
  function placeRecord(draft: TransactionDraft, number: number, time: number): TransactionRecord {
    const random = createRandom(`${seed}/record/${number}`);
    const last = number > 0 ? history.record(number - 1) : null;
    const slot = Math.max(calendar.blockAt(time), last?.slot ?? 0);
    const index = last?.slot === slot ? last.index + random.between(1, 60) : random.between(0, 400);
    const signers = draftMessage(draft, history.state(), book).header.numRequiredSignatures;
    const signatures = Array.from({ length: signers }, () => bs58.encode(random.bytes(64)));
    return { slot, index, time: calendar.timeOf(slot), signatures, ...draft };
  }

  const blockhash = (slot: number): string => (
    bs58.encode(sha256(new TextEncoder().encode(`${seed}/blockhash/${slot}`)))
  );

  function render(number: number): RenderedTransaction {
    const record = history.record(number);
    const execution = execute(history.stateAfter(number), record, book);
    const age = createRandom(`age/${record.signatures[0]}`).between(2, 60);
    return renderTransaction(record, execution, book, blockhash(calendar.blockNotAfter(record.slot - age)));
  }

  const { add: _, ...known } = history;
  return {
    ...known,
    genesis: log.genesis,
    book,
    calendar,
    append,
    render,
    blockhash,
    tips(): { confirmed: number; finalized: number } {
      const last = history.size() > 0 ? history.record(history.size() - 1).slot : FIRST_SLOT;
      const confirmed = Math.max(calendar.blockAt(clock()), last);
      return { confirmed, finalized: calendar.finalizedAt(confirmed) };
    },
    close: () => log.close(),
  };
}
