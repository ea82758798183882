/**
 * A vault program as its Anchor IDL describes it, with the mapping of its events and instructions to ledger effects.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import type { LedgerEventKind } from "@/lib/domain/ledger_event.ts";
import { isBase58Of, PUBLIC_KEY_BYTES } from "./base58.ts";
import type { FieldLayout, Layout } from "./borsh.ts";

/** The part of an Anchor IDL (format of Anchor 0.30 and later) that is read. */
export interface Idl {
  readonly instructions: readonly {
    readonly name: string;
    readonly discriminator: readonly number[];
    readonly accounts: readonly { readonly name: string }[];
    readonly args: readonly IdlField[];
  }[];
  readonly accounts?: readonly { readonly name: string; readonly discriminator: readonly number[] }[];
  readonly events: readonly { readonly name: string; readonly discriminator: readonly number[] }[];
  readonly types: readonly {
    readonly name: string;
    readonly type: {
      readonly kind: string;
      readonly fields?: readonly IdlField[];
      readonly variants?: readonly { readonly name: string }[];
    };
  }[];
}

interface IdlField {
  readonly name: string;
  readonly type: unknown;
}

/** Which event or instruction has which effect, and which of its fields mean what to the ledger. */
export interface Mapping {
  readonly events: Readonly<Record<string, { effect: string; fields: Readonly<Record<string, string>> }>>;
  readonly instructions: Readonly<
    Record<
      string,
      { effect: string; accounts: Readonly<Record<string, string>>; args?: Readonly<Record<string, string>> }
    >
  >;
  /**
   * True: an instruction with an effect has exactly that one, whole, and tells of it in exactly one event; the other instructions of the
   * IDL have none. Only then can a transaction that succeeded be read by its instructions.
   */
  readonly instructions_tell_all?: boolean;
  /** Seeds of a vault's address: text, or a part. Absent: no address is checked. */
  readonly vault_seeds?: readonly (string | { readonly part: string })[];
  /** Roles of accounts, with the fields that hold their parts. */
  readonly accounts?: Readonly<Record<string, { name: string; fields: Readonly<Record<string, string>> }>>;
}

/** An event of the program: its layout, and where its effect's parts are. */
export interface EventSchema {
  readonly name: string;
  readonly fields: FieldLayout;
  readonly effect: LedgerEventKind;
  /** Part of the effect → name of the field. */
  readonly parts: Readonly<Record<string, string>>;
}

/** An instruction of the program that has an effect on the ledger. */
export interface InstructionSchema {
  readonly name: string;
  readonly args: FieldLayout;
  readonly effect: LedgerEventKind;
  /** Part of the effect → index of the account. */
  readonly accounts: Readonly<Record<string, number>>;
  /** Part of the effect → name of the argument. */
  readonly parts: Readonly<Record<string, string>>;
}

/** An account of the program: its layout, and where its parts are. */
export interface AccountSchema {
  readonly name: string;
  /** In hexadecimal. */
  readonly discriminator: string;
  readonly fields: FieldLayout;
  /** Part of the role → name of the field. */
  readonly parts: Readonly<Record<string, string>>;
}

/** A vault program, ready to read by. The maps go by discriminator in hexadecimal. */
export interface VaultProgram {
  readonly address: string;
  readonly events: ReadonlyMap<string, EventSchema>;
  readonly instructions: ReadonlyMap<string, InstructionSchema>;
  /**
   * Discriminators of the instructions without effect. Null where the mapping does not say that instructions tell everything: then nothing
   * is read from the instructions of a transaction that succeeded.
   */
  readonly inertInstructions: ReadonlySet<string> | null;
  /** Seeds of a vault's address: bytes, or "owner" for the owner's key. Null where the IDL does not say: then no address is checked. */
  readonly vaultSeeds: readonly (Uint8Array | "owner")[] | null;
  /** Layouts of the program's accounts by role, with the discriminator in hex; a role is absent where the IDL has no such account. */
  readonly accounts: { readonly vault?: AccountSchema; readonly authority?: AccountSchema };
}

/** Bytes of a discriminator. */
export const DISCRIMINATOR_BYTES = 8;

const EFFECTS: readonly string[] = [
  "initialise",
  "deposit",
  "withdrawal",
  "lock",
  "unlock",
  "transfer",
  "pause",
  "close",
];

/** Discriminator as the key of the maps. */
export function discriminatorKey(bytes: Uint8Array | readonly number[]): string {
  let key = "";
  for (let i = 0; i < DISCRIMINATOR_BYTES; i++) key += HEX[bytes[i] ?? 0];
  return key;
}
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * Prepares a program for reading.
 *
 * @param address the program's address, base58.
 * @throws {VaultbookError} invalid_idl – with the field that is wrong.
 */
export function compileProgram(address: string, idl: Idl, mapping: Mapping): VaultProgram {
  if (!isBase58Of(address, PUBLIC_KEY_BYTES)) refuse("address", `must be a public key: current value is ${address}`);
  const structs = new Map(idl.types.map((type) => [type.name, type.type]));
  const events = new Map<string, EventSchema>();
  for (const event of idl.events) {
    const mapped = mapping.events[event.name];
    if (!mapped) continue;
    const fields = layoutOf(
      structs.get(event.name)?.fields ?? refuse(`types.${event.name}`, "must be a struct"),
      structs,
    );
    for (const field of Object.values(mapped.fields)) {
      if (!fields.some(({ name }) => name === field)) {
        refuse(`events.${event.name}`, `has no field ${field} for its mapping`);
      }
    }
    events.set(keyOf(event.name, event.discriminator), {
      name: event.name,
      fields,
      effect: effectOf(event.name, mapped.effect),
      parts: mapped.fields,
    });
  }
  const instructions = new Map<string, InstructionSchema>();
  for (const instruction of idl.instructions) {
    const mapped = mapping.instructions[instruction.name];
    if (!mapped) continue;
    const accounts = Object.entries(mapped.accounts).map(([part, name]) => {
      const index = instruction.accounts.findIndex((account) => account.name === name);
      if (index < 0) refuse(`instructions.${instruction.name}`, `has no account ${name} for its mapping`);
      return [part, index] as const;
    });
    instructions.set(keyOf(instruction.name, instruction.discriminator), {
      name: instruction.name,
      args: layoutOf(instruction.args, structs),
      effect: effectOf(instruction.name, mapped.effect),
      accounts: Object.fromEntries(accounts),
      parts: mapped.args ?? {},
    });
  }
  const inert = idl.instructions.filter(({ name }) => !mapping.instructions[name]);
  return {
    address,
    events,
    instructions,
    inertInstructions: mapping.instructions_tell_all
      ? new Set(inert.map(({ name, discriminator }) => keyOf(name, discriminator)))
      : null,
    vaultSeeds:
      mapping.vault_seeds?.map((seed) => typeof seed === "string" ? new TextEncoder().encode(seed) : "owner") ?? null,
    accounts: accountsOf(idl, mapping, structs),
  };
}

function accountsOf(
  idl: Idl,
  mapping: Mapping,
  structs: ReadonlyMap<string, Idl["types"][number]["type"]>,
): VaultProgram["accounts"] {
  const schemas = Object.entries(mapping.accounts ?? {}).map(([role, { name, fields }]) => {
    const account = idl.accounts?.find((account) => account.name === name) ?? refuse(`accounts.${name}`, "is missing");
    const layout = layoutOf(structs.get(name)?.fields ?? refuse(`types.${name}`, "must be a struct"), structs);
    for (const field of Object.values(fields)) {
      if (!layout.some(({ name }) => name === field)) {
        refuse(`accounts.${name}`, `has no field ${field} for its mapping`);
      }
    }
    return [role, { name, discriminator: keyOf(name, account.discriminator), fields: layout, parts: fields }] as const;
  });
  return Object.fromEntries(schemas);
}

function keyOf(name: string, discriminator: readonly number[]): string {
  if (discriminator.length !== DISCRIMINATOR_BYTES) {
    refuse(`${name}.discriminator`, `must be ${DISCRIMINATOR_BYTES} bytes: current length is ${discriminator.length}`);
  }
  return discriminatorKey(discriminator);
}

function effectOf(name: string, effect: string): LedgerEventKind {
  if (!EFFECTS.includes(effect)) refuse(`mapping.${name}.effect`, `must be one of ${EFFECTS.join(", ")}`);
  return effect as LedgerEventKind;
}

function layoutOf(
  fields: readonly IdlField[],
  structs: ReadonlyMap<string, Idl["types"][number]["type"]>,
): FieldLayout {
  return fields.map(({ name, type }) => {
    if (type === "pubkey" || type === "u8" || type === "bool" || type === "u64" || type === "i64") {
      return { name, layout: { type } };
    }
    if ((type as { vec?: unknown }).vec === "pubkey") return { name, layout: { type: "vec", of: { type: "pubkey" } } };
    const defined = (type as { defined?: { name?: string } }).defined?.name ?? "";
    const named = structs.get(defined);
    if (named?.kind !== "enum") refuse(name, `has a type that no event may hold: ${JSON.stringify(type)}`);
    const layout: Layout = { type: "enum", variants: (named?.variants ?? []).map((variant) => variant.name) };
    return { name, layout };
  });
}

function refuse(field: string, problem: string): never {
  throw new VaultbookError("invalid_idl", { field, problem });
}
