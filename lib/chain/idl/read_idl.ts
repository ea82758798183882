/**
 * Reads an Anchor IDL in either format. That of Anchor 0.30 and later gives discriminators and keeps all structs in `types`; the one
 * before has names in camel case, the fields with their events and accounts, and derives discriminators from names.
 *
 * @module
 */
import { isBase58Of, PUBLIC_KEY_BYTES } from "../base58.ts";
import type { FieldLayout } from "../borsh.ts";
import { arrayAt, type JsonObject, objectAt, optionalArrayAt, stringAt } from "../fields.ts";
import { derivedDiscriminator, type Discriminated, discriminatorAt } from "./discriminator.ts";
import { refuse, refuseTwice, refusingMalformed } from "./invalid_idl.ts";
import { nameAt, TypeLayouts, typeNameAt } from "./type_layouts.ts";

/** An event or an account of the program. */
export interface IdlStruct {
  readonly name: string;
  /** Where the IDL has it. */
  readonly path: string;
  /** In hexadecimal. */
  readonly discriminator: string;
  readonly fields: FieldLayout;
}

/** An account that an instruction takes. */
export interface IdlAccount {
  /** With the group that it stands in: `group.name`. */
  readonly name: string;
  /** It may be left out: then the program's own address stands in its place. */
  readonly optional: boolean;
  readonly signer: boolean;
  readonly writable: boolean;
  /** Where it always is, base58; null where the IDL does not say. */
  readonly address: string | null;
  /** The `pda` of the IDL, not read yet. */
  readonly pda: unknown;
}

/** An instruction of the program. */
export interface IdlInstruction {
  readonly name: string;
  readonly path: string;
  readonly discriminator: string;
  readonly accounts: readonly IdlAccount[];
  readonly args: FieldLayout;
}

/** An Anchor IDL, whatever its format. */
export interface Idl {
  readonly format: "0.30 and later" | "before 0.30";
  /** The program's address, where the IDL gives it. */
  readonly address: string | null;
  readonly events: readonly IdlStruct[];
  readonly instructions: readonly IdlInstruction[];
  readonly accounts: readonly IdlStruct[];
}

/** How deep groups of accounts may stand within groups. */
const GROUPS_MAX = 8;

/** @throws {VaultbookError} invalid_idl – with the field that is wrong. */
export function readIdl(value: unknown): Idl {
  return refusingMalformed(() => {
    const idl = objectAt(value, "idl");
    const isNew = "address" in idl || isSpecified(idl.metadata);
    if (!isNew && !("name" in idl && "version" in idl)) {
      refuse("idl", "must be an Anchor IDL: it has neither address (0.30 and later) nor name and version (before)");
    }
    return isNew ? readNew(idl) : readOld(idl);
  });
}

function readNew(idl: JsonObject): Idl {
  const address = stringAt(idl.address, "address");
  if (!isBase58Of(address, PUBLIC_KEY_BYTES)) refuse("address", `must be a public key: current value is ${address}`);
  const types = new TypeLayouts([{ value: idl.types ?? [], path: "types" }]);
  types.checkAll();
  const structs = (section: "events" | "accounts"): IdlStruct[] =>
    entriesOf(idl, section).map(({ entry, path }) => {
      const name = typeNameAt(entry.name, `${path}.name`);
      const layout = types.named(name, `${path}.name`);
      if (layout.type !== "struct" && layout.type !== "opaque") {
        refuse(`${path}.name`, `must be a struct: ${name} is none`);
      }
      return {
        ...{ name, path, discriminator: discriminatorAt(entry.discriminator, `${path}.discriminator`) },
        fields: layout.type === "struct" ? layout.fields : [{ name, layout }],
      };
    });
  return checked({
    ...{ format: "0.30 and later", address, events: structs("events"), accounts: structs("accounts") },
    instructions: readInstructions(
      idl,
      types,
      (entry, path) => discriminatorAt(entry.discriminator, `${path}.discriminator`),
    ),
  });
}

function readOld(idl: JsonObject): Idl {
  const types = new TypeLayouts([
    { value: idl.types ?? [], path: "types" },
    { value: idl.accounts ?? [], path: "accounts" },
  ]);
  types.checkAll();
  const discriminatorOf = (kind: Discriminated, entry: JsonObject, name: string, path: string): string =>
    entry.discriminator === undefined
      ? derivedDiscriminator(kind, name)
      : discriminatorAt(entry.discriminator, `${path}.discriminator`);
  return checked({
    ...{ format: "before 0.30", address: null },
    events: entriesOf(idl, "events").map(({ entry, path }) => {
      const name = typeNameAt(entry.name, `${path}.name`);
      const fields = types.fields(entry.fields, `${path}.fields`);
      return { name, path, discriminator: discriminatorOf("event", entry, name, path), fields };
    }),
    accounts: entriesOf(idl, "accounts").map(({ entry, path }) => {
      const name = typeNameAt(entry.name, `${path}.name`);
      const layout = types.named(name, `${path}.name`);
      if (layout.type !== "struct") return refuse(`${path}.type`, `must be a struct: ${name} is none`);
      return { name, path, discriminator: discriminatorOf("account", entry, name, path), fields: layout.fields };
    }),
    instructions: readInstructions(
      idl,
      types,
      (entry, path) => discriminatorOf("instruction", entry, stringAt(entry.name, `${path}.name`), path),
    ),
  });
}

function readInstructions(
  idl: JsonObject,
  types: TypeLayouts,
  discriminatorOf: (entry: JsonObject, path: string) => string,
): IdlInstruction[] {
  return arrayAt(idl.instructions, "instructions").map((value, i) => {
    const path = `instructions[${i}]`;
    const entry = objectAt(value, path);
    const accounts = accountsAt(entry.accounts, `${path}.accounts`, "", 0);
    refuseTwice(accounts, ({ name }) => name, () => `${path}.accounts`);
    return {
      ...{ name: nameAt(entry.name, `${path}.name`), path, accounts },
      discriminator: discriminatorOf(entry, path),
      args: types.fields(entry.args, `${path}.args`),
    };
  });
}

/** The accounts in the order of the instruction, those of groups in place of the group. */
function accountsAt(value: unknown, path: string, group: string, depth: number): IdlAccount[] {
  if (depth > GROUPS_MAX) refuse(path, `must not stand deeper than ${GROUPS_MAX} groups within each other`);
  return arrayAt(value, path).flatMap((item, i) => {
    const at = `${path}[${i}]`;
    const account = objectAt(item, at);
    const name = group + nameAt(account.name, `${at}.name`);
    if ("accounts" in account) return accountsAt(account.accounts, `${at}.accounts`, `${name}.`, depth + 1);
    const flag = (...keys: string[]): boolean => keys.some((key) => account[key] === true);
    const address = account.address === undefined ? null : stringAt(account.address, `${at}.address`);
    return [{
      ...{ name, address, pda: account.pda, optional: flag("optional", "isOptional") },
      ...{ signer: flag("signer", "isSigner"), writable: flag("writable", "isMut") },
    }];
  });
}

function checked(idl: Idl): Idl {
  for (const entries of [idl.events, idl.instructions, idl.accounts]) {
    refuseTwice<{ name: string; path: string }>(entries, ({ name }) => name, ({ path }) => `${path}.name`);
    refuseTwice<{ discriminator: string; path: string }>(
      entries,
      ({ discriminator }) => discriminator,
      ({ path }) => `${path}.discriminator`,
    );
  }
  return idl;
}

function entriesOf(idl: JsonObject, section: string): { entry: JsonObject; path: string }[] {
  return (optionalArrayAt(idl[section], section) ?? []).map((value, i) => {
    const path = `${section}[${i}]`;
    return { entry: objectAt(value, path), path };
  });
}

function isSpecified(metadata: unknown): boolean {
  return typeof metadata === "object" && metadata !== null && "spec" in metadata;
}
