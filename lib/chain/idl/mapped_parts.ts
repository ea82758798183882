/**
 * Lays a mapping over what the IDL has: each part must be a field, an account or an argument that is there, and of the right kind.
 *
 * @module
 */
import { TRANSFER_REASONS } from "@/lib/domain/ledger_event.ts";
import type { FieldLayout, Layout } from "../borsh.ts";
import type { AccountSchema } from "../program.ts";
import { ACCOUNT_PARTS, type AccountRole, canBe, leavesOf, type Part, type Vocabulary } from "./effects.ts";
import { refuse, refuseTwice } from "./invalid_idl.ts";
import type { AccountMapping, Parts } from "./mapping.ts";
import type { Idl, IdlInstruction } from "./read_idl.ts";
import { opaqueIn } from "./type_layouts.ts";

const KINDS = {
  key: "a public key",
  keys: "a list of public keys",
  amount: "an unsigned integer",
  flag: "a bool",
  time: "an i64 or a u64",
  reason: "an enum or a u8",
} as const satisfies Record<Part["kind"], string>;

/** The reason of a transfer as a number: the order is that of the default program. */
const REASON_BY_NUMBER: Layout = {
  type: "enum",
  variants: TRANSFER_REASONS.map((name) => ({ name, fields: [] })),
};

/** Fields as they are read, and which of them hold which part. */
export interface MappedFields {
  readonly fields: FieldLayout;
  readonly parts: Parts;
}

/** @throws {VaultbookError} invalid_idl for a part whose field is not there, cannot be read, or is of the wrong kind. */
export function mappedFields(fields: FieldLayout, parts: Parts, vocabulary: Vocabulary, path: string): MappedFields {
  const opaque = opaqueIn(fields);
  if (opaque !== null) refuse(path, `cannot be read: ${opaque} is among the fields`);
  const leaves = new Map(leavesOf(fields).map((leaf) => [leaf.path, leaf.layout]));
  const given = Object.entries(parts);
  for (const [part, name] of given) {
    const at = `${path}.${part}`;
    const layout = leaves.get(name) ??
      refuse(at, `must be one of ${[...leaves.keys()].join(", ")}: current value is ${name}`);
    const { kind, needed } = vocabulary[part] ?? refuse(at, "is no part of it");
    const optional = layout.type === "option";
    if (optional && needed) refuse(at, `must always be there: ${name} is an option`);
    if (!canBe(kind, optional ? layout.of : layout)) refuse(at, `must be ${KINDS[kind]}: ${name} is ${layout.type}`);
  }
  const amounts = given.filter(([part]) => vocabulary[part]?.kind === "amount");
  refuseTwice(amounts, ([, name]) => name, ([part]) => `${path}.${part}`);
  return { fields: parts.reason === undefined ? fields : withNamedReason(fields, parts.reason), parts };
}

/** The places of the accounts that hold parts. @throws {VaultbookError} invalid_idl */
export function mappedIndexes(
  instruction: IdlInstruction,
  parts: Parts,
  vocabulary: Vocabulary,
  path: string,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(parts).map(([part, name]) => {
      const at = `${path}.${part}`;
      const index = instruction.accounts.findIndex((account) => account.name === name);
      const account = instruction.accounts[index] ??
        refuse(at, `must be an account of ${instruction.name}: current value is ${name}`);
      if (account.optional) refuse(at, `must always be there: ${name} is an optional account`);
      if (vocabulary[part]?.kind !== "key") refuse(at, "must be an argument: an account is a public key");
      return [part, index];
    }),
  );
}

/** @throws {VaultbookError} invalid_idl when the account is not there, or a part of it. */
export function mappedAccount(idl: Idl, role: AccountRole, mapped: AccountMapping): AccountSchema {
  const path = `mapping.accounts.${role}`;
  const account = idl.accounts.find(({ name }) => name === mapped.name) ??
    refuse(`${path}.name`, `names no account of the IDL: current value is ${mapped.name}`);
  const { fields, parts } = mappedFields(account.fields, mapped.fields, ACCOUNT_PARTS[role], `${path}.fields`);
  refuseMissing(ACCOUNT_PARTS[role], new Set(Object.keys(parts)), `${path}.fields`);
  return { name: account.name, discriminator: account.discriminator, fields, parts };
}

/** @throws {VaultbookError} invalid_idl when a needed part is not given. */
export function refuseMissing(vocabulary: Vocabulary, given: ReadonlySet<string>, path: string): void {
  const missing = Object.keys(vocabulary).filter((part) => vocabulary[part]?.needed && !given.has(part));
  if (missing.length > 0) refuse(path, `must name ${missing.join(" and ")}`);
}

/** The fields with the number at `path`, if it is one, read as a reason's name. */
function withNamedReason(fields: FieldLayout, path: string): FieldLayout {
  return fields.map(({ name, layout }) => {
    if (name === path && layout.type === "u8") return { name, layout: REASON_BY_NUMBER };
    if (name === path && layout.type === "option" && layout.of.type === "u8") {
      return { name, layout: { type: "option", of: REASON_BY_NUMBER } };
    }
    if (layout.type !== "struct" || !path.startsWith(`${name}.`)) return { name, layout };
    return { name, layout: { type: "struct", fields: withNamedReason(layout.fields, path.slice(name.length + 1)) } };
  });
}
