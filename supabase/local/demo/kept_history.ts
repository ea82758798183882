/**
 * The demo chain's history and the log that keeps it: what is added to one is added to the other.
 *
 * @module
 */
import type { AddressBook } from "./address.ts";
import { createHistory, type History } from "./history.ts";
import { forkLine, parseForkLine, parseRecord, recordLine, type TransactionRecord } from "./record.ts";
import { type Genesis, openRecordLog } from "./record_log.ts";

/** A history that outlives the process. */
export interface KeptHistory extends Omit<History, "add" | "truncate"> {
  readonly genesis: Genesis;
  /** How many records there have ever been, those dropped since among them. */
  written(): number;
  /** Takes the next record. */
  add(record: TransactionRecord): void;
  /** Forgets what lies in slots above this one, and gives it. The log keeps it, and says that it was dropped. */
  dropAbove(slot: number): TransactionRecord[];
  close(): void;
}

/**
 * Opens the history of a log and replays it.
 *
 * @throws {Error} when the log belongs to another chain or holds an unreadable line before its last.
 */
export function openKeptHistory(path: string, fresh: Genesis, book: AddressBook): KeptHistory {
  const log = openRecordLog(path, fresh);
  const history = createHistory(book);
  let written = 0;
  const add = (record: TransactionRecord, line: string): void => {
    history.add(record, line);
    written++;
  };
  for (const [place, line] of log.lines.entries()) {
    try {
      const slot = parseForkLine(line);
      if (slot === null) add(parseRecord(line), line);
      else history.truncate(history.countUpTo(slot));
    } catch (cause) {
      log.close();
      throw new Error(`Cannot read demo chain ${path}: line ${place + 2} is damaged`, { cause });
    }
  }
  return {
    ...history,
    genesis: log.genesis,
    written: () => written,
    add(record): void {
      const line = recordLine(record);
      log.append(line);
      add(record, line);
    },
    dropAbove(slot): TransactionRecord[] {
      const count = history.countUpTo(slot);
      const dropped = Array.from({ length: history.size() - count }, (_, place) => history.record(count + place));
      log.append(forkLine(slot));
      history.truncate(count);
      return dropped;
    },
    close: () => log.close(),
  };
}
