/**
 * Writes the IDL of a program that is described in a few words, in either format of Anchor. Independent of the reader under test.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Fields as `name:type` with blanks between, types as in Rust's IDL: `pubkey`, `u64`, `vec<pubkey>`, `option<u64>`, `[u8;32]`, a `Name`. */
type Fields = string;

/** A program in few words. */
export interface Program {
  /** Where it was read about. */
  readonly source: string;
  /** Seeds of a vault beside the owner; absent: the IDL says nothing of it. */
  readonly seed?: string;
  /** Accounts and arguments: `user vault(pda) vault_token_account | amount:u64`. An account that is a vault by {@link seed} ends in `(pda)`. */
  readonly instructions: Readonly<Record<string, string>>;
  readonly events: Readonly<Record<string, Fields>>;
  readonly accounts?: Readonly<Record<string, Fields>>;
  /** Enums without fields: their variants. */
  readonly enums?: Readonly<Record<string, string>>;
}

/** The first eight bytes of a name's SHA-256, as Anchor takes them. */
export function anchorDiscriminator(preimage: string): number[] {
  return [...createHash("sha256").update(preimage).digest().subarray(0, 8)];
}

/** The same in hexadecimal. */
export function anchorKey(preimage: string): string {
  return anchorDiscriminator(preimage).map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The IDL of Anchor 0.30 and later. */
export function newIdl(program: Program): Record<string, unknown> {
  const struct = ([name, fields]: [string, string]): unknown => ({
    name,
    type: { kind: "struct", fields: fieldsOf(fields, "new") },
  });
  return {
    address: "11111111111111111111111111111111",
    metadata: { name: "collateral_vault", version: "0.1.0", spec: "0.1.0" },
    instructions: Object.entries(program.instructions).map(([name, text]) => ({
      ...{ name, discriminator: anchorDiscriminator(`global:${name}`) },
      ...instructionOf(text, program.seed, "new"),
    })),
    accounts: Object.keys(program.accounts ?? {}).map((name) => (
      { name, discriminator: anchorDiscriminator(`account:${name}`) }
    )),
    events: Object.keys(program.events).map((name) => ({ name, discriminator: anchorDiscriminator(`event:${name}`) })),
    types: [
      ...Object.entries({ ...program.events, ...program.accounts }).map(struct),
      ...enumsOf(program),
    ],
  };
}

/** The IDL of Anchor before 0.30: camel case, no discriminators. */
export function oldIdl(program: Program): Record<string, unknown> {
  return {
    version: "0.1.0",
    name: "collateral_vault",
    instructions: Object.entries(program.instructions).map(([name, text]) => (
      { name: camelCase(name), ...instructionOf(text, program.seed, "old") }
    )),
    accounts: Object.entries(program.accounts ?? {}).map(([name, fields]) => (
      { name, type: { kind: "struct", fields: fieldsOf(fields, "old") } }
    )),
    events: Object.entries(program.events).map(([name, fields]) => ({
      name,
      fields: fieldsOf(fields, "old").map((field) => ({ ...field, index: false })),
    })),
    types: enumsOf(program),
    errors: [{ code: 6000, name: "InvalidAmount", msg: "Invalid amount" }],
  };
}

type Format = "new" | "old";

function instructionOf(
  text: string,
  seed: string | undefined,
  format: Format,
): { accounts: unknown[]; args: unknown[] } {
  const [accounts = "", args = ""] = text.split("|");
  return {
    accounts: words(accounts).map((account, i) => {
      const name = cased(account.replace("(pda)", ""), format);
      const flags = format === "new" ? { writable: true, signer: i === 0 } : { isMut: true, isSigner: i === 0 };
      if (!account.endsWith("(pda)") || seed === undefined) return { name, ...flags };
      const owner = { kind: "account", path: cased(words(accounts)[0] ?? "", format) };
      return {
        ...{ name, ...flags },
        pda: {
          seeds: format === "new"
            ? [{ kind: "const", value: [...new TextEncoder().encode(seed)] }, owner]
            : [{ kind: "const", type: "string", value: seed }, { ...owner, type: "publicKey" }],
        },
      };
    }),
    args: fieldsOf(args, format),
  };
}

function enumsOf(program: Program): unknown[] {
  return Object.entries(program.enums ?? {}).map(([name, variants]) => (
    { name, type: { kind: "enum", variants: words(variants).map((variant) => ({ name: variant })) } }
  ));
}

function fieldsOf(fields: Fields, format: Format): { name: string; type: unknown }[] {
  return words(fields).map((field) => {
    const [name = "", type = ""] = field.split(":");
    return { name: cased(name, format), type: typeOf(type, format) };
  });
}

function typeOf(type: string, format: Format): unknown {
  const [, list, inner = ""] = /^(vec|option)<(.*)>$/.exec(type) ?? [];
  if (list) return { [list]: typeOf(inner, format) };
  const [, of, length] = /^\[(.*);([0-9]+)\]$/.exec(type) ?? [];
  if (of) return { array: [typeOf(of, format), Number(length)] };
  if (/^[A-Z]/.test(type)) return { defined: format === "new" ? { name: type } : type };
  return type === "pubkey" && format === "old" ? "publicKey" : type;
}

function words(text: string): string[] {
  return text.trim().split(/\s+/).filter((word) => word !== "");
}

function cased(name: string, format: Format): string {
  return format === "new" ? name : camelCase(name);
}

/** As Anchor did it: a capital for every underscore. */
export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
