/**
 * From what the program said – an event's bytes, or a failed transaction's instruction – to the ledger's own events.
 *
 * @module
 */
import { isAmount } from "@/lib/domain/amount.ts";
import type { ReadingCode } from "@/lib/domain/chain_transaction.ts";
import { type LedgerEvent, type LedgerEventKind, TRANSFER_REASONS } from "@/lib/domain/ledger_event.ts";
import { isBase58Of, PUBLIC_KEY_BYTES } from "./base58.ts";
import { bytesFromBase64 } from "./base64.ts";
import { type FieldValue, type FieldValues, readFields } from "./borsh.ts";
import type { Told } from "./event_calls.ts";
import { TIMESTAMP_MAX } from "./landing.ts";
import { vaultAddress } from "./pda.ts";
import { DISCRIMINATOR_BYTES, discriminatorKey, type Effect, type VaultProgram } from "./program.ts";

/** Why something the program said cannot be used. */
export class Unreadable extends Error {
  readonly code: ReadingCode;

  constructor(code: ReadingCode, message: string) {
    super(message);
    this.name = "Unreadable";
    this.code = code;
  }
}

/** Where a vault's token account is told, if an event leaves it out: base58, or nothing. */
export type TokenAccountOf = (vault: string) => string | undefined;

/**
 * The events that the program told of, in order, each the text behind a `Program data: ` line, or bytes. Those that the mapping has as
 * without effect are left out, and have no ordinal.
 *
 * @throws {Unreadable} undecodable_event when the bytes are no event of the IDL, to the byte; amount_out_of_range above 2^63 − 1;
 * vault_not_of_owner when the vault is not where the owner's must be.
 */
export function eventsFromTold(
  program: VaultProgram,
  told: readonly Told[],
  tokenAccountOf: TokenAccountOf,
): LedgerEvent[] {
  const events: LedgerEvent[] = [];
  for (const one of told) {
    const event = eventFromTold(program, one, events.length, tokenAccountOf);
    if (event) events.push(event);
  }
  return events;
}

function eventFromTold(
  program: VaultProgram,
  told: Told,
  ordinal: number,
  tokenAccountOf: TokenAccountOf,
): LedgerEvent | null {
  const bytes = typeof told === "string" ? bytesFromBase64(told) : told;
  if (bytes === null) throw new Unreadable("undecodable_event", `event ${ordinal}: what was logged must be base64`);
  const discriminator = bytes.length < DISCRIMINATOR_BYTES ? "" : discriminatorKey(bytes);
  if (program.silentEvents.has(discriminator)) return null;
  const schema = program.events.get(discriminator);
  if (!schema) {
    throw new Unreadable("undecodable_event", `event ${ordinal}: no event of the IDL has this discriminator`);
  }
  let fields: FieldValues;
  try {
    fields = readFields(schema.fields, bytes, DISCRIMINATOR_BYTES);
  } catch (error) {
    throw new Unreadable("undecodable_event", `event ${ordinal}: ${schema.name} ${messageOf(error)}`);
  }
  const part = withVault(program, (name) => fields[schema.parts[name] ?? ""]);
  return atItsOwners(
    program,
    ledgerEvent(schema.effect, ordinal, (name) => {
      const value = part(name);
      const vault = name === "token_account" && value === undefined ? part("vault") : undefined;
      return typeof vault === "string" ? tokenAccountOf(vault) : value;
    }),
  );
}

/** The parts of an effect as they were told. */
type PartOf = (name: string) => FieldValue | undefined;

/** The vault, where only its owner is named, follows from the owner. */
function withVault(program: VaultProgram, part: PartOf): PartOf {
  return (name) => {
    const value = part(name);
    if (value !== undefined || name !== "vault") return value;
    const owner = part("owner");
    return typeof owner === "string" ? vaultAddress(program, owner) ?? undefined : undefined;
  };
}

/**
 * What an instruction of the program asked for.
 *
 * @param accounts the instruction's accounts, base58, in its order.
 * @returns null for an instruction that has no effect on the ledger.
 * @throws {Unreadable} as {@link eventsFromTold}; also when it names fewer accounts than the IDL.
 */
export function eventFromInstruction(
  program: VaultProgram,
  data: Uint8Array,
  accounts: readonly string[],
  ordinal: number,
): LedgerEvent | null {
  const schema = data.length < DISCRIMINATOR_BYTES ? undefined : program.instructions.get(discriminatorKey(data));
  if (!schema) return null;
  let args: FieldValues;
  try {
    args = readFields(schema.args, data, DISCRIMINATOR_BYTES);
  } catch (error) {
    throw new Unreadable("undecodable_event", `instruction ${ordinal}: ${schema.name} ${messageOf(error)}`);
  }
  const part = withVault(program, (name) => {
    const index = schema.accounts[name];
    if (index === undefined) return args[schema.parts[name] ?? ""];
    const account = accounts[index];
    // Its letters were looked at, not what they come to.
    return account !== undefined && isBase58Of(account, PUBLIC_KEY_BYTES) ? account : undefined;
  });
  return atItsOwners(program, ledgerEvent(schema.effect, ordinal, part));
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
  effect: Effect,
  ordinal: number,
  part: PartOf,
): LedgerEvent {
  const kind = effect === "fee" ? "transfer" : effect;
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
        authority: keyOrNull("authority"),
      };
    case "transfer":
      return {
        kind,
        ordinal,
        vault: key("vault"),
        toVault: key("to_vault"),
        amount: amount("amount"),
        authority: keyOrNull("authority"),
        // A program with reasons of its own has them recorded as Other.
        reason: effect === "fee"
          ? "FeeCollection"
          : TRANSFER_REASONS.find((reason) => reason === part("reason")) ?? "Other",
      };
    case "pause":
      return {
        kind,
        ordinal,
        vault: keyOrNull("vault"),
        paused: part("paused") === true,
        authority: keyOrNull("authority"),
      };
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
  part: PartOf,
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
