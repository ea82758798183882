/**
 * A vault program as its Anchor IDL describes it, with the mapping of its events and instructions to ledger effects.
 *
 * @module
 */
import { isBase58Of, PUBLIC_KEY_BYTES } from "./base58.ts";
import type { FieldLayout } from "./borsh.ts";
import { type AccountRole, type Effect, EFFECT_PARTS, instructionParts } from "./idl/effects.ts";
import { refuse } from "./idl/invalid_idl.ts";
import { type Mapping, type Parts, readMapping } from "./idl/mapping.ts";
import { mappedAccount, type MappedFields, mappedFields, mappedIndexes, refuseMissing } from "./idl/mapped_parts.ts";
import { type Idl, type IdlAccount, type IdlInstruction, readIdl } from "./idl/read_idl.ts";
import { seedsFromIdl, type VaultSeed } from "./idl/vault_seeds.ts";

export { DISCRIMINATOR_BYTES, discriminatorBytes, discriminatorKey } from "./idl/discriminator.ts";
export type { Effect } from "./idl/effects.ts";

/** An event of the program: its layout, and where its effect's parts are. */
export interface EventSchema {
  readonly name: string;
  readonly fields: FieldLayout;
  readonly effect: Effect;
  /**
   * Part of the effect → name of the field. An event may lack a part that it needs where that can be had elsewhere: the vault from the
   * owner by {@link VaultProgram.vaultSeeds}, the token account from the instruction that initialises.
   */
  readonly parts: Readonly<Record<string, string>>;
}

/** An instruction of the program that has an effect on the ledger. */
export interface InstructionSchema {
  readonly name: string;
  readonly args: FieldLayout;
  readonly effect: Effect;
  /** Part of the effect → index of the account. */
  readonly accounts: Readonly<Record<string, number>>;
  /** Part of the effect → name of the argument. */
  readonly parts: Readonly<Record<string, string>>;
  /** All accounts, in the instruction's order. */
  readonly keys: readonly IdlAccount[];
}

/** An account of the program: its layout, and where the parts of its role are. */
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
  /** Events that move nothing, as somebody said in the mapping: discriminator → name. */
  readonly silentEvents: ReadonlyMap<string, string>;
  readonly instructions: ReadonlyMap<string, InstructionSchema>;
  /**
   * Discriminators of the instructions without effect. Null where the mapping does not say that instructions tell everything: then nothing
   * is read from the instructions of a transaction that succeeded.
   */
  readonly inertInstructions: ReadonlySet<string> | null;
  /** Seeds of a vault's address: bytes, or "owner" for the owner's key. Null where the IDL does not say: then no address is checked. */
  readonly vaultSeeds: readonly VaultSeed[] | null;
  /** Layouts of the program's accounts by role; a role is absent where the program has no such account. */
  readonly accounts: { readonly [Role in AccountRole]?: AccountSchema };
}

/**
 * Prepares a program for reading.
 *
 * @param address the program's address, base58. What the IDL says of it does not matter: the same program runs at many.
 * @param idl the Anchor IDL as parsed from JSON, in either format.
 * @param mapping the mapping beside it, as parsed from JSON.
 * @throws {VaultbookError} invalid_idl – with the field that is wrong.
 */
export function compileProgram(address: string, idl: unknown, mapping: unknown): VaultProgram {
  return compileMapped(address, readIdl(idl), readMapping(mapping));
}

/** As {@link compileProgram}, of what was read already. */
export function compileMapped(address: string, idl: Idl, mapping: Mapping): VaultProgram {
  if (!isBase58Of(address, PUBLIC_KEY_BYTES)) refuse("address", `must be a public key: current value is ${address}`);
  const vaultSeeds = mapping.vault_seeds === undefined
    ? seedsFromIdl(idl, mapping)
    : mapping.vault_seeds?.map((seed) => typeof seed === "string" ? new TextEncoder().encode(seed) : seed.part) ?? null;
  const { events, silentEvents } = compileEvents(idl, mapping, vaultSeeds !== null);
  const instructions = compileInstructions(idl, mapping, vaultSeeds !== null);
  if (mapping.instructions_tell_all) refuseUntold([...instructions.values()], [...events.values()]);
  return {
    ...{ address, vaultSeeds, events, silentEvents, instructions },
    inertInstructions: mapping.instructions_tell_all ? inertInstructions(idl, mapping) : null,
    accounts: Object.fromEntries(
      Object.entries(mapping.accounts).map(([role, mapped]) => [role, mappedAccount(idl, role as AccountRole, mapped)]),
    ),
  };
}

function compileEvents(
  idl: Idl,
  mapping: Mapping,
  seedsKnown: boolean,
): Pick<VaultProgram, "events" | "silentEvents"> {
  const events = new Map<string, EventSchema>();
  const silentEvents = new Map<string, string>();
  const elsewhere = Object.values(mapping.instructions).some(({ effect }) => effect === "initialise");
  for (const [name, mapped] of Object.entries(mapping.events)) {
    const path = `mapping.events.${name}`;
    const event = named(idl.events, name, path, "event");
    if (mapped.effect === "none") {
      silentEvents.set(event.discriminator, name);
      continue;
    }
    const vocabulary = EFFECT_PARTS[mapped.effect];
    const { fields, parts } = mappedFields(event.fields, mapped.fields, vocabulary, `${path}.fields`);
    refuseMissing(vocabulary, waived(parts, seedsKnown, elsewhere), `${path}.fields`);
    events.set(event.discriminator, { name, fields, effect: mapped.effect, parts });
  }
  return { events, silentEvents };
}

function compileInstructions(idl: Idl, mapping: Mapping, seedsKnown: boolean): Map<string, InstructionSchema> {
  const instructions = new Map<string, InstructionSchema>();
  for (const [name, mapped] of Object.entries(mapping.instructions)) {
    const path = `mapping.instructions.${name}`;
    const instruction: IdlInstruction = named(idl.instructions, name, path, "instruction");
    const vocabulary = EFFECT_PARTS[mapped.effect];
    const accounts = mappedIndexes(instruction, mapped.accounts, instructionParts(mapped.effect), `${path}.accounts`);
    const { fields: args, parts }: MappedFields = mappedFields(
      instruction.args,
      mapped.args,
      vocabulary,
      `${path}.args`,
    );
    const twice = Object.keys(parts).find((part) => part in accounts);
    if (twice) refuse(`${path}.args.${twice}`, "must not be an account and an argument");
    refuseMissing(vocabulary, waived({ ...mapped.accounts, ...parts }, seedsKnown, false), path);
    instructions.set(instruction.discriminator, {
      ...{ name, args, effect: mapped.effect, accounts, parts },
      keys: instruction.accounts,
    });
  }
  return instructions;
}

/** An instruction that tells all names what the event of its effect names: a transaction has one content, whichever of the two is read. */
function refuseUntold(instructions: readonly InstructionSchema[], events: readonly EventSchema[]): void {
  for (const { name, effect, accounts, parts } of instructions) {
    const path = `mapping.instructions.${name}`;
    const event = events.find((event) => event.effect === effect) ??
      refuse(path, `must not be there while instructions_tell_all: no event is ${effect}`);
    for (const part of ["authority", "reason"]) {
      if ((part in event.parts) !== (part in accounts || part in parts)) {
        refuse(path, `must name ${part} if and only if ${event.name} does, while instructions_tell_all`);
      }
    }
  }
}

function inertInstructions(idl: Idl, mapping: Mapping): ReadonlySet<string> {
  const inert = idl.instructions.filter(({ name }) => !Object.hasOwn(mapping.instructions, name));
  return new Set(inert.map(({ discriminator }) => discriminator));
}

/** The parts that are given, and those that follow from elsewhere. */
function waived(parts: Parts, seedsKnown: boolean, tokenAccountKnown: boolean): ReadonlySet<string> {
  return new Set([
    ...Object.keys(parts),
    ...("owner" in parts && seedsKnown ? ["vault"] : []),
    ...(tokenAccountKnown ? ["token_account"] : []),
  ]);
}

function named<Entry extends { readonly name: string }>(
  entries: readonly Entry[],
  name: string,
  path: string,
  what: string,
): Entry {
  return entries.find((entry) => entry.name === name) ?? refuse(path, `names no ${what} of the IDL`);
}
