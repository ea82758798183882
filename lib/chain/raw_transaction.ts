/**
 * Reads the raw form: what `getTransaction` answers, which a raw webhook delivers with `indexWithinBlock` beside it. Versions legacy, 0 and
 * 1 differ only in where the accounts come from.
 *
 * @module
 */
import type { ChainTransaction, Landing } from "@/lib/domain/chain_transaction.ts";
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";
import { toldIn } from "./event_calls.ts";
import {
  arrayAt,
  countAt,
  type JsonObject,
  keysAt,
  Malformed,
  objectAt,
  optionalArrayAt,
  optionalCountAt,
  stringAt,
  stringsAt,
} from "./fields.ts";
import { type ProgramLog, readProgramLog } from "./invocation_log.ts";
import { readLanding } from "./landing.ts";
import { eventFromInstruction, eventsFromTold, Unreadable } from "./ledger_events.ts";
import { discriminatorKey, type VaultProgram } from "./program.ts";
import { vaultsOf } from "./proof.ts";
import { readFailed, readWithoutLog, succeeded, unread } from "./reading.ts";
import { rawTokenChanges, tokenBalancesOf } from "./token_balances.ts";
import { findVaultCalls, type Instruction, type OuterInstruction, type VaultCalls } from "./vault_calls.ts";

/** Everything of a raw transaction that matters here. */
interface RawTransaction {
  readonly landing: Landing;
  readonly program: VaultProgram;
  readonly meta: JsonObject;
  /** The accounts that indexes point to. */
  readonly keys: readonly string[];
  readonly found: VaultCalls;
}

/**
 * Reads one transaction in the raw form.
 *
 * @throws {Malformed} naming the field, when it is not what `getTransaction` answers.
 */
export function readRawTransaction(value: unknown, program: VaultProgram): ChainTransaction {
  const item = objectAt(value, "transaction");
  const transaction = objectAt(item.transaction, "transaction.transaction");
  const [signature] = arrayAt(transaction.signatures, "transaction.signatures");
  const landing = readLanding(item, signature, "transaction.signatures[0]", item.blockTime);
  const meta = objectAt(item.meta, "meta");
  const message = objectAt(transaction.message, "transaction.message");
  const keys = readKeys(message, meta);
  if (keys === null) return unread(landing, "parked", "accounts_missing");
  // No program runs that the transaction does not name.
  if (!keys.includes(program.address)) return unread(landing, "ignored", "other_program");
  requireKnownVersion(item.version);

  const found = findVaultCalls(readInstructions(message, meta, keys), program.address);
  const raw = { landing, program, meta, keys, found };
  if ((meta.err ?? null) !== null) return readFailed(landing, program, found);
  if ((meta.logMessages ?? null) === null) {
    return withoutLog(raw, { entries: [], hasUndone: false, flaw: null }, "logs_missing");
  }
  const log = readProgramLog(stringsAt(meta.logMessages, "meta.logMessages"), program.address);
  return log.flaw ? withoutLog(raw, log, log.flaw) : readByLog(raw, log);
}

/** A whole log tells everything. */
function readByLog(raw: RawTransaction, log: ProgramLog): ChainTransaction {
  const { landing, program, found } = raw;
  if (!log.entries.some((entry) => entry.kind === "call")) {
    return found.calls.length === 0
      ? unread(landing, "ignored", "other_program")
      : withoutLog(raw, log, "log_inconsistent");
  }
  const told = toldIn(program, log.entries, found.calls);
  if (told === null) {
    return unread(
      landing,
      "parked",
      "log_inconsistent",
      "The log and the instructions show other calls of the program",
    );
  }
  let events: LedgerEvent[];
  try {
    events = eventsFromTold(program, told, (vault) => initialisedTokenAccount(program, found, vault));
  } catch (error) {
    if (error instanceof Unreadable) return unread(landing, "quarantined", error.code, error.message);
    throw error;
  }
  const isSilent = events.length === 0 &&
    found.calls.some(({ data }) => program.instructions.has(discriminatorKey(data())));
  return isSilent ? withoutLog(raw, log, "event_missing") : succeeded(landing, events, tokenBalances(raw, events));
}

/** The token account that the instruction that initialised the vault was given. */
function initialisedTokenAccount(program: VaultProgram, { calls }: VaultCalls, vault: string): string | undefined {
  for (const call of calls) {
    if (program.instructions.get(discriminatorKey(call.data()))?.effect !== "initialise") continue;
    const event = eventFromInstruction(program, call.data(), call.accounts(), 0);
    if (event?.kind === "initialise" && event.vault === vault) return event.tokenAccount;
  }
}

/** The log is missing or does not tell everything. */
function withoutLog(
  raw: RawTransaction,
  log: ProgramLog,
  flaw: "logs_missing" | "log_truncated" | "log_inconsistent" | "event_missing",
): ChainTransaction {
  const { landing, program, meta, keys, found } = raw;
  // What was undone in a transaction that succeeded cannot be told from what was not by its instructions.
  if (log.hasUndone) return unread(landing, "parked", flaw);
  const evidence = {
    told: log.entries.flatMap((entry) => entry.kind === "data" ? [entry.text] : []),
    calls: log.entries.filter(({ kind }) => kind === "call").length,
    tokenChanges: (vaults: ReadonlySet<string>) => rawTokenChanges(meta, keys, vaults),
  };
  return readWithoutLog(landing, program, found, evidence, flaw, (events) => tokenBalances(raw, events));
}

function tokenBalances(
  { meta, keys }: RawTransaction,
  events: readonly LedgerEvent[],
): ReturnType<typeof tokenBalancesOf> {
  return events.length === 0 ? [] : tokenBalancesOf(meta, keys, vaultsOf(events));
}

/** A version that is not known yet may lay its accounts out in another way. An old node does not tell the version. */
function requireKnownVersion(version: unknown): void {
  if ([undefined, null, "legacy", 0, 1].includes(version as null)) return;
  throw new Malformed("version", "legacy, 0 or 1", version);
}

/**
 * The message's own accounts, then those that it took from address tables, writable before read-only.
 *
 * @returns null where it took some and the payload does not carry them.
 */
function readKeys(message: JsonObject, meta: JsonObject): string[] | null {
  const loaded = objectAt(meta.loadedAddresses ?? {}, "meta.loadedAddresses");
  const keys = keysAt(message.accountKeys, "transaction.message.accountKeys");
  const writable = keysAt(loaded.writable ?? [], "meta.loadedAddresses.writable");
  const readOnly = keysAt(loaded.readonly ?? [], "meta.loadedAddresses.readonly");
  let taken = 0;
  for (const [i, value] of (optionalArrayAt(message.addressTableLookups, "addressTableLookups") ?? []).entries()) {
    const path = `addressTableLookups[${i}]`;
    const { writableIndexes, readonlyIndexes } = objectAt(value, path);
    taken += arrayAt(writableIndexes, path).length + arrayAt(readonlyIndexes, path).length;
  }
  return taken > writable.length + readOnly.length ? null : keys.concat(writable, readOnly);
}

/** Every top-level instruction with those under it. */
function readInstructions(message: JsonObject, meta: JsonObject, keys: readonly string[]): OuterInstruction[] {
  const groups = optionalArrayAt(meta.innerInstructions, "meta.innerInstructions");
  const inner = new Map<number, readonly Instruction[]>();
  for (const [i, group] of (groups ?? []).entries()) {
    const path = `meta.innerInstructions[${i}]`;
    const entry = objectAt(group, path);
    inner.set(countAt(entry.index, `${path}.index`), readInstructionList(entry.instructions, path, keys));
  }
  return readInstructionList(message.instructions, "transaction.message", keys).map((instruction, i) => ({
    instruction,
    inner: inner.get(i) ?? (groups === null ? null : []),
  }));
}

function readInstructionList(value: unknown, path: string, keys: readonly string[]): Instruction[] {
  return arrayAt(value, `${path}.instructions`).map((value, i) => {
    const where = (): string => `${path}.instructions[${i}]`;
    const instruction = objectAt(value, path);
    return {
      program: accountAt(keys, instruction.programIdIndex, () => `${where()}.programIdIndex`),
      accounts: () =>
        arrayAt(instruction.accounts, `${where()}.accounts`).map((index, j) =>
          accountAt(keys, index, () => `${where()}.accounts[${j}]`)
        ),
      data: stringAt(instruction.data, path),
      height: optionalCountAt(instruction.stackHeight, path),
    };
  });
}

function accountAt(keys: readonly string[], index: unknown, path: () => string): string {
  const key = typeof index === "number" ? keys[index] : undefined;
  if (key === undefined) throw new Malformed(path(), `an index into ${keys.length} accounts`, index);
  return key;
}
