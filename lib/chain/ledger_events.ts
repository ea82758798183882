/**
 * From what the program said – an event's bytes, or a failed transaction's instruction – to the ledger's own events.
 *
 * @module
 */
import { isAmount } from "@/lib/domain/amount.ts";
import type { ReadingCode } from "@/lib/domain/chain_transaction.ts";
import { type LedgerEvent, type LedgerEventKind, TRANSFER_REASONS } from "@/lib/domain/ledger_event.ts";
import { bytesFromBase64 } from "./base64.ts";
import { type FieldValue, readFields } from "./borsh.ts";
import type { Told } from "./event_calls.ts";
import { TIMESTAMP_MAX } from "./landing.ts";
import { vaultAddress } from "./pda.ts";
import { DISCRIMINATOR_BYTES, discriminatorKey, type VaultProgram } from "./program.ts";

/** Why something the program said cannot be used. */
export class Unreadable extends Error {
  readonly code: ReadingCode;

  constructor(code: ReadingCode, message: string) {
    super(message);
    this.name = "Unreadable";
    this.code = code;
  }
}

/**
 * Decodes one event that the program told of: the text behind a `Program data: ` line, or bytes.
 *
 * @throws {Unreadable} undecodable_event when the bytes are no event of the IDL, to the byte; amount_out_of_range above 2^63 − 1;
 * vault_not_of_owner when the vault is not where the owner's must be.
 */
export function eventFromTold(program: VaultProgram, told: Told, ordinal: number): LedgerEvent {
  const bytes = typeof told === "string" ? bytesFromBase64(told) : told;
  if (bytes === null) throw new Unreadable("undecodable_event", `event ${ordinal}: what was logged must be base64`);
  const schema = bytes.length < DISCRIMINATOR_BYTES ? undefined : program.events.get(discriminatorKey(bytes));
  if (!schema) {
    throw new Unreadable("undecodable_event", `event ${ordinal}: no event of the IDL has this discriminator`);
  }
  let fields: Record<string, FieldValue>;
  try {
    fields = readFields(schema.fields, bytes, DISCRIMINATOR_BYTES);
  } catch (error) {
    throw new Unreadable("undecodable_event", `event ${ordinal}: ${schema.name} ${messageOf(error)}`);
  }
  return atItsOwners(program, ledgerEvent(schema.effect, ordinal, (part) => fields[schema.parts[part] ?? ""]));
}

/**
 * What an instruction of the program asked for.
 *
 * @param accounts the instruction's accounts, base58, in its order.
 * @returns null for an instruction that has no effect on the ledger.
 * @throws {Unreadable} as {@link eventFromTold}; also when it names fewer accounts than the IDL.
 */
export function eventFromInstruction(
  program: VaultProgram,
  data: Uint8Array,
  accounts: readonly string[],
  ordinal: number,
): LedgerEvent | null {
  const schema = data.length < DISCRIMINATOR_BYTES ? undefined : program.instructions.get(discriminatorKey(data));
  if (!schema) return null;
  let args: Record<string, FieldValue>;
  try {
    args = readFields(schema.args, data, DISCRIMINATOR_BYTES);
  } catch (error) {
    throw new Unreadable("undecodable_event", `instruction ${ordinal}: ${schema.name} ${messageOf(error)}`);
  }
  const event = ledgerEvent(schema.effect, ordinal, (part) => {
    const account = schema.accounts[part];
    return account === undefined ? args[schema.parts[part] ?? ""] : accounts[account];
  });
  return atItsOwners(program, event);
}

/** The event, once its vault is where the program puts the vault of the owner it names. */
function atItsOwners(program: VaultProgram, event: LedgerEvent): LedgerEvent {
  if (!("owner" in event) || event.owner === null) return event;
  const { ordinal, kind, owner, vault } = event;
  const expected = vaultAddress(program, owner);
  if (expected === null || expected === vault) return event;
  throw new Unreadable(
    "vault_not_of_owner",
    `event ${ordinal}: ${kind} at ${vault}, and the vault of ${owner} is ${expected}`,
  );
}

function ledgerEvent(
  kind: LedgerEventKind,
  ordinal: number,
  part: (name: string) => FieldValue | undefined,
): LedgerEvent {
  const { key, keyOrNull, amount, amountOrNull } = readersOf(kind, ordinal, part);
  switch (kind) {
    case "initialise":
      return {
        kind,
        ordinal,
        owner: key("owner"),
        vault: key("vault"),
        tokenAccount: key("token_account"),
        at: timestampOrNull(part("at")),
      };
    case "deposit":
    case "withdrawal":
      return {
        kind,
        ordinal,
        owner: key("owner"),
        vault: key("vault"),
        amount: amount("amount"),
        totalAfter: amountOrNull("total_after"),
      };
    case "lock":
    case "unlock":
      return {
        kind,
        ordinal,
        owner: keyOrNull("owner"),
        vault: key("vault"),
        amount: amount("amount"),
        lockedAfter: amountOrNull("locked_after"),
        availableAfter: amountOrNull("available_after"),
        authority: key("authority"),
      };
    case "transfer":
      return {
        kind,
        ordinal,
        vault: key("vault"),
        toVault: key("to_vault"),
        amount: amount("amount"),
        authority: key("authority"),
        // A program with reasons of its own has them recorded as Other.
        reason: TRANSFER_REASONS.find((reason) => reason === part("reason")) ?? "Other",
      };
    case "pause":
      return { kind, ordinal, vault: keyOrNull("vault"), paused: part("paused") === true, authority: key("authority") };
    case "close":
      return { kind, ordinal, owner: keyOrNull("owner"), vault: key("vault") };
  }
}

/** The parts of an effect by what they must be. */
interface Readers {
  key(name: string): string;
  /** Null where the program does not tell it. */
  keyOrNull(name: string): string | null;
  amount(name: string): bigint;
  /** Null where the program does not tell it. */
  amountOrNull(name: string): bigint | null;
}

function readersOf(
  kind: LedgerEventKind,
  ordinal: number,
  part: (name: string) => FieldValue | undefined,
): Readers {
  const refuse = (name: string): never => {
    throw new Unreadable("undecodable_event", `event ${ordinal}: ${kind} names no ${name}`);
  };
  const key = (name: string): string => {
    const value = part(name);
    return typeof value === "string" ? value : refuse(name);
  };
  const amountOrNull = (name: string): bigint | null => checkedAmount(part(name), name, ordinal);
  return {
    key,
    keyOrNull: (name) => part(name) === undefined ? null : key(name),
    amount: (name) => amountOrNull(name) ?? refuse(name),
    amountOrNull,
  };
}

function checkedAmount(value: FieldValue | undefined, name: string, ordinal: number): bigint | null {
  if (typeof value !== "bigint") return null;
  if (!isAmount(value)) {
    throw new Unreadable(
      "amount_out_of_range",
      `event ${ordinal}: ${name} must be at most 2^63 − 1: current value is ${value}`,
    );
  }
  return value;
}

function timestampOrNull(value: FieldValue | undefined): number | null {
  // not an amount: seconds, checked to be in range
  return typeof value === "bigint" && value >= 0n && value <= BigInt(TIMESTAMP_MAX) ? Number(value) : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
