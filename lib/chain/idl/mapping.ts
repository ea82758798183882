/**
 * The mapping beside an IDL: which event or instruction has which effect on the ledger, and which of its fields mean what. It is
 * inferred once and can be corrected by hand, so every word of it is checked.
 *
 * @module
 */
import { arrayAt, type JsonObject, Malformed, objectAt, stringAt } from "../fields.ts";
import type { AccountRole, Effect } from "./effects.ts";
import { ACCOUNT_PARTS, EFFECT_PARTS, instructionParts } from "./effects.ts";
import { refuse, refusingMalformed } from "./invalid_idl.ts";

/** Part of an effect → name of the field, account or argument that holds it. */
export type Parts = Readonly<Record<string, string>>;

/** An event of the mapping. `none`: the program says something that moves nothing. */
export interface EventMapping {
  readonly effect: Effect | "none";
  readonly fields: Parts;
}

/** An instruction of the mapping. */
export interface InstructionMapping {
  readonly effect: Effect;
  readonly accounts: Parts;
  readonly args: Parts;
}

/** An account of the mapping. */
export interface AccountMapping {
  readonly name: string;
  readonly fields: Parts;
}

/** Seed of a vault's address: text, or the owner's key. */
export type MappedSeed = string | { readonly part: "owner" };

/** A mapping as it lies in its file. */
export interface Mapping {
  /**
   * True: an instruction with an effect has exactly that one, whole, and tells of it in exactly one event; the other instructions of the
   * IDL have none. Only then can a transaction that succeeded be read by its instructions. Never inferred: no IDL says so.
   */
  readonly instructions_tell_all?: boolean;
  /** Absent: what the IDL says. Null: not known, no address is checked. */
  readonly vault_seeds?: readonly MappedSeed[] | null;
  readonly events: Readonly<Record<string, EventMapping>>;
  readonly instructions: Readonly<Record<string, InstructionMapping>>;
  readonly accounts: Readonly<Partial<Record<AccountRole, AccountMapping>>>;
}

/** Most seeds of an address beside its bump, and most bytes of one: Solana's limits. */
const SEEDS_MAX = 15;
const SEED_BYTES_MAX = 32;

/** @throws {VaultbookError} invalid_idl – with the place of the mapping that is wrong. */
export function readMapping(value: unknown): Mapping {
  return refusingMalformed(() => {
    const mapping = objectWith(value, "mapping", [
      ...["instructions_tell_all", "vault_seeds", "events", "instructions", "accounts"],
    ]);
    return {
      ...("instructions_tell_all" in mapping &&
        { instructions_tell_all: flagAt(mapping.instructions_tell_all, "mapping.instructions_tell_all") }),
      ...("vault_seeds" in mapping && { vault_seeds: seedsAt(mapping.vault_seeds, "mapping.vault_seeds") }),
      events: entriesAt(mapping.events, "mapping.events", (entry, path) => {
        const { effect, fields } = objectWith(entry, path, ["effect", "fields"]);
        if (effect === "none") return { effect, fields: partsAt(fields ?? {}, `${path}.fields`, {}) };
        const named = effectAt(effect, `${path}.effect`);
        return { effect: named, fields: partsAt(fields, `${path}.fields`, EFFECT_PARTS[named]) };
      }),
      instructions: entriesAt(mapping.instructions, "mapping.instructions", (entry, path) => {
        const { effect, accounts, args } = objectWith(entry, path, ["effect", "accounts", "args"]);
        const named = effectAt(effect, `${path}.effect`);
        return {
          effect: named,
          accounts: partsAt(accounts, `${path}.accounts`, instructionParts(named)),
          args: partsAt(args ?? {}, `${path}.args`, EFFECT_PARTS[named]),
        };
      }),
      accounts: accountsAt(mapping.accounts ?? {}, "mapping.accounts"),
    };
  });
}

function flagAt(value: unknown, path: string): boolean {
  if (typeof value !== "boolean") throw new Malformed(path, "true or false", value);
  return value;
}

function accountsAt(value: unknown, path: string): Mapping["accounts"] {
  const roles = Object.keys(ACCOUNT_PARTS) as AccountRole[];
  return Object.fromEntries(
    Object.entries(objectWith(value, path, roles)).map(([role, entry]) => {
      const at = `${path}.${role}`;
      const { name, fields } = objectWith(entry, at, ["name", "fields"]);
      const parts = ACCOUNT_PARTS[role as AccountRole];
      return [role, { name: stringAt(name, `${at}.name`), fields: partsAt(fields, `${at}.fields`, parts) }];
    }),
  );
}

function seedsAt(value: unknown, path: string): readonly MappedSeed[] | null {
  if (value === null) return null;
  const seeds = arrayAt(value, path).map((seed, i): MappedSeed => {
    const at = `${path}[${i}]`;
    if (typeof seed === "string") {
      const length = new TextEncoder().encode(seed).length;
      if (length > SEED_BYTES_MAX) refuse(at, `must be at most ${SEED_BYTES_MAX} bytes: current length is ${length}`);
      return seed;
    }
    const part = stringAt(objectWith(seed, at, ["part"]).part, `${at}.part`);
    if (part !== "owner") refuse(`${at}.part`, `must be owner: current value is ${part}`);
    return { part };
  });
  if (seeds.length > SEEDS_MAX) refuse(path, `must be at most ${SEEDS_MAX} seeds: current length is ${seeds.length}`);
  if (!seeds.some((seed) => typeof seed === "object")) refuse(path, "must name the owner: all vaults would be one");
  return seeds;
}

function effectAt(value: unknown, path: string): Effect {
  const effect = stringAt(value, path);
  if (!Object.hasOwn(EFFECT_PARTS, effect)) {
    refuse(path, `must be one of ${Object.keys(EFFECT_PARTS).join(", ")}: current value is ${effect}`);
  }
  return effect as Effect;
}

function partsAt(value: unknown, path: string, known: object): Parts {
  const parts = objectWith(value, path, Object.keys(known));
  return Object.fromEntries(Object.entries(parts).map(([part, name]) => [part, stringAt(name, `${path}.${part}`)]));
}

/** An object that holds nothing but these. */
function objectWith(value: unknown, path: string, known: readonly string[]): JsonObject {
  const object = objectAt(value, path);
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) refuse(`${path}.${key}`, `is not known here: known are ${known.join(", ") || "none"}`);
  }
  return object;
}

function entriesAt<Entry>(
  value: unknown,
  path: string,
  read: (entry: unknown, path: string) => Entry,
): Record<string, Entry> {
  return Object.fromEntries(
    Object.entries(objectAt(value, path)).map(([name, entry]) => [name, read(entry, `${path}.${name}`)]),
  );
}
