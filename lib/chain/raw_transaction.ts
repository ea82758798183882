/**
 * Reads the raw form: what `getTransaction` answers, which a raw webhook delivers with `indexWithinBlock` beside it.
 *
 * @module
 */
import {
  type ChainTransaction,
  type Landing,
  READING_CODES,
  type ReadingCode,
} from "@/lib/domain/chain_transaction.ts";
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";
import { bytesFromBase58, isBase58Of, SIGNATURE_BYTES } from "./base58.ts";
import {
  arrayAt,
  countAt,
  type JsonObject,
  Malformed,
  objectAt,
  optionalArrayAt,
  optionalCountAt,
  stringAt,
} from "./fields.ts";
import { readProgramLog } from "./invocation_log.ts";
import { eventFromInstruction, eventFromLog, TIMESTAMP_MAX, Unreadable } from "./ledger_events.ts";
import { discriminatorKey, type VaultProgram } from "./program.ts";
import { tokenBalancesOf } from "./token_balances.ts";

/** Transactions of one block are counted in an `integer` column. */
const TRANSACTION_INDEX_MAX = 2 ** 31 - 1;

/** By its letters and length only: a transaction names up to 256 keys, and most are never looked at. */
const PUBLIC_KEY = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

interface Instruction {
  readonly program: string;
  readonly accounts: readonly string[];
  readonly data: string;
}

/**
 * Reads one transaction in the raw form.
 *
 * @throws {Malformed} naming the field, when it is not what `getTransaction` answers.
 */
export function readRawTransaction(value: unknown, program: VaultProgram): ChainTransaction {
  const item = objectAt(value, "transaction");
  const landing = readLanding(item);
  const meta = objectAt(item.meta, "meta");
  const keys = readKeys(item, meta);
  const instructions = readInstructions(item, meta, keys);
  const lines = optionalArrayAt(meta.logMessages, "meta.logMessages");
  const called = instructions.filter((instruction) => instruction.program === program.address);
  const unread = (
    verdict: "ignored" | "parked" | "quarantined",
    code: ReadingCode,
    reason?: string,
  ): ChainTransaction => unreadTransaction(landing, verdict, code, reason);

  if ((meta.err ?? null) !== null) {
    if (called.length === 0) return unread("ignored", "other_program");
    return readFailed(landing, called, program);
  }
  if (lines === null) {
    // Without logs and inner instructions a call from another program cannot be ruled out, only that ours is not named at all.
    return keys.includes(program.address) ? unread("parked", "logs_missing") : unread("ignored", "other_program");
  }
  const log = readProgramLog(lines.map((line, i) => stringAt(line, `meta.logMessages[${i}]`)), program.address);
  const involved = log.invoked || called.length > 0;
  if (log.flaw && (involved || keys.includes(program.address))) return unread("parked", log.flaw);
  if (!involved) return unread("ignored", "other_program");
  if (!log.invoked) {
    return unread("parked", "log_inconsistent", "The vault program was called, but its log says nothing of it");
  }

  let events: LedgerEvent[];
  try {
    events = log.data.map((data, ordinal) => eventFromLog(program, data, ordinal));
  } catch (error) {
    if (error instanceof Unreadable) return unread("quarantined", error.code, error.message);
    throw error;
  }
  if (events.length === 0) {
    const silent = called.some(({ data }) => program.instructions.has(discriminatorKey(bytesFromBase58(data) ?? [])));
    return silent ? unread("parked", "event_missing") : unread("ignored", "no_vault_event");
  }
  if (landing.transactionIndex === null) return unread("parked", "position_unknown");
  return {
    verdict: "read",
    ...landing,
    failed: false,
    events,
    tokenBalances: tokenBalancesOf(meta, keys, vaultsOf(events)),
  };
}

/** A failed transaction says in its instructions what it would have done; its logs are not listened to. */
function readFailed(landing: Landing, called: readonly Instruction[], program: VaultProgram): ChainTransaction {
  const events: LedgerEvent[] = [];
  for (const [i, instruction] of called.entries()) {
    const data = bytesFromBase58(instruction.data);
    try {
      // An instruction that cannot be read was refused by the program for just that.
      const event = data && eventFromInstruction(program, data, instruction.accounts, i);
      if (event) events.push(event);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
  }
  if (landing.transactionIndex === null) return unreadTransaction(landing, "parked", "position_unknown");
  return { verdict: "read", ...landing, failed: true, events, tokenBalances: [] };
}

function unreadTransaction(
  landing: Landing,
  verdict: "ignored" | "parked" | "quarantined",
  code: ReadingCode,
  reason: string = READING_CODES[code],
): ChainTransaction {
  return { verdict, ...landing, code, reason };
}

function readLanding(item: JsonObject): Landing {
  const transaction = objectAt(item.transaction, "transaction.transaction");
  const signature = stringAt(arrayAt(transaction.signatures, "transaction.signatures")[0], "transaction.signatures[0]");
  if (!isBase58Of(signature, SIGNATURE_BYTES)) {
    throw new Malformed("transaction.signatures[0]", `base58 of ${SIGNATURE_BYTES} bytes`, signature);
  }
  return {
    signature,
    slot: countAt(item.slot, "slot"),
    transactionIndex: optionalCountAt(item.indexWithinBlock, "indexWithinBlock", TRANSACTION_INDEX_MAX) ??
      optionalCountAt(item.transactionIndex, "transactionIndex", TRANSACTION_INDEX_MAX),
    blockTime: blockTimeOf(item.blockTime),
  };
}

/** A block's time decides nothing, so one that no calendar holds is as good as none. */
function blockTimeOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= TIMESTAMP_MAX
    ? value as number
    : null;
}

/** The accounts that indexes point to: the message's own, then those loaded from address tables, writable before read-only. */
function readKeys(item: JsonObject, meta: JsonObject): string[] {
  const message = objectAt(objectAt(item.transaction, "transaction.transaction").message, "transaction.message");
  const loaded = meta.loadedAddresses === undefined || meta.loadedAddresses === null
    ? {}
    : objectAt(meta.loadedAddresses, "meta.loadedAddresses");
  return [
    ...readKeyList(message.accountKeys, "transaction.message.accountKeys"),
    ...(loaded.writable === undefined ? [] : readKeyList(loaded.writable, "meta.loadedAddresses.writable")),
    ...(loaded.readonly === undefined ? [] : readKeyList(loaded.readonly, "meta.loadedAddresses.readonly")),
  ];
}

function readKeyList(value: unknown, path: string): string[] {
  return arrayAt(value, path).map((key, i) => {
    const text = stringAt(key, `${path}[${i}]`);
    if (!PUBLIC_KEY.test(text)) throw new Malformed(`${path}[${i}]`, "a public key", text);
    return text;
  });
}

/** Every instruction in order of execution: each outer one, then what it called. */
function readInstructions(item: JsonObject, meta: JsonObject, keys: readonly string[]): Instruction[] {
  const message = objectAt(objectAt(item.transaction, "transaction.transaction").message, "transaction.message");
  const inner = new Map<number, Instruction[]>();
  for (const [i, group] of (optionalArrayAt(meta.innerInstructions, "meta.innerInstructions") ?? []).entries()) {
    const path = `meta.innerInstructions[${i}]`;
    const entry = objectAt(group, path);
    const list = arrayAt(entry.instructions, `${path}.instructions`);
    inner.set(
      countAt(entry.index, `${path}.index`),
      list.map((value, j) => readInstruction(value, `${path}.instructions[${j}]`, keys)),
    );
  }
  const path = "transaction.message.instructions";
  return arrayAt(message.instructions, path).flatMap((value, i) => [
    readInstruction(value, `${path}[${i}]`, keys),
    ...(inner.get(i) ?? []),
  ]);
}

function readInstruction(value: unknown, path: string, keys: readonly string[]): Instruction {
  const instruction = objectAt(value, path);
  const keyAt = (index: unknown, where: string): string => {
    const key = keys[countAt(index, where)];
    if (key === undefined) throw new Malformed(where, `an index into ${keys.length} accounts`, index);
    return key;
  };
  return {
    program: keyAt(instruction.programIdIndex, `${path}.programIdIndex`),
    accounts: arrayAt(instruction.accounts, `${path}.accounts`).map((index, i) =>
      keyAt(index, `${path}.accounts[${i}]`)
    ),
    data: stringAt(instruction.data, `${path}.data`),
  };
}

function vaultsOf(events: readonly LedgerEvent[]): ReadonlySet<string> {
  const vaults = new Set<string>();
  for (const event of events) {
    if (event.vault === null) continue;
    vaults.add(event.vault);
    if (event.kind === "transfer") vaults.add(event.toVault);
  }
  return vaults;
}
