/**
 * Borsh written from its specification (borsh.io), with random types and values: independent of the reader under test.
 *
 * @module
 */
import bs58 from "bs58";

/** A type as borsh has it. */
export type Type =
  | { readonly is: "integer"; readonly bits: number; readonly signed: boolean }
  | { readonly is: "bool" | "pubkey" | "string" | "bytes" }
  | { readonly is: "option" | "vec"; readonly of: Type }
  | { readonly is: "array"; readonly of: Type; readonly length: number }
  | { readonly is: "struct"; readonly name: string; readonly fields: readonly Field[] }
  | {
    readonly is: "enum";
    readonly name: string;
    readonly variants: readonly { name: string; fields: readonly Field[] }[];
  };

/** A field of a struct or of a variant. */
export interface Field {
  readonly name: string;
  readonly type: Type;
}

/** A value together with its bytes, and with what a reader must make of it. */
export interface Sample {
  readonly bytes: readonly number[];
  /** As a field of this name: entries of the record that holds it. */
  readonly entries: (name: string) => [string, unknown][];
  /** As an element of a list. */
  readonly element: unknown;
}

/** Random numbers from 0 to 1. */
export type Random = () => number;

const below = (random: Random, most: number): number => Math.floor(random() * most);

/** A random value of the type. Integers are often at the ends of their range. */
export function sample(type: Type, random: Random): Sample {
  switch (type.is) {
    case "integer":
      return sampleInteger(type.bits, type.signed, random);
    case "bool": {
      const value = random() < 0.5;
      return plain([value ? 1 : 0], value);
    }
    case "pubkey": {
      const bytes = randomBytes(32, random);
      return plain(bytes, bs58.encode(Uint8Array.from(bytes)));
    }
    case "string": {
      const value = Array.from(
        { length: below(random, 6) },
        () => ["a", "é", "\u0000", "\ufeff", "🦀"][below(random, 5)],
      ).join("");
      const bytes = [...new TextEncoder().encode(value)];
      return plain([...word(bytes.length), ...bytes], value);
    }
    case "bytes": {
      const bytes = randomBytes(below(random, 6), random);
      return plain([...word(bytes.length), ...bytes], Uint8Array.from(bytes));
    }
    case "option": {
      if (random() < 0.5) return { bytes: [0], entries: () => [], element: null };
      const inner = sample(type.of, random);
      return { ...inner, bytes: [1, ...inner.bytes] };
    }
    case "vec": {
      const list = sampleList(type.of, below(random, 4), random);
      return { ...list, bytes: [...word(list.length), ...list.bytes] };
    }
    case "array":
      return sampleList(type.of, type.length, random);
    case "struct": {
      const fields = sampleFields(type.fields, random);
      return {
        bytes: fields.bytes,
        entries: (name) => fields.entries(`${name}.`),
        element: Object.fromEntries(fields.entries("")),
      };
    }
    case "enum": {
      const index = below(random, type.variants.length);
      const { name: variant, fields } = type.variants[index] ?? { name: "", fields: [] };
      const carried = sampleFields(fields, random);
      const hasEntries = carried.entries("").length > 0;
      return {
        bytes: [index, ...carried.bytes],
        entries: (name) => [[name, variant], ...carried.entries(`${name}.`)],
        element: hasEntries ? Object.fromEntries([["", variant], ...carried.entries("")]) : variant,
      };
    }
  }
}

/** Random values of fields, one behind the other. */
export function sampleFields(
  fields: readonly Field[],
  random: Random,
): { bytes: number[]; entries: (prefix: string) => [string, unknown][] } {
  const samples = fields.map(({ name, type }) => ({ name, value: sample(type, random) }));
  return {
    bytes: samples.flatMap(({ value }) => value.bytes),
    entries: (prefix) => samples.flatMap(({ name, value }) => value.entries(prefix + name)),
  };
}

function sampleList(of: Type, length: number, random: Random): Sample & { length: number } {
  const items = Array.from({ length }, () => sample(of, random));
  const bytes = items.flatMap((item) => item.bytes);
  const isByte = of.is === "integer" && of.bits === 8 && !of.signed;
  const value = isByte ? Uint8Array.from(bytes) : items.map(({ element }) => element);
  return { ...plain(bytes, value), length };
}

function sampleInteger(bits: number, signed: boolean, random: Random): Sample {
  const [least, most] = signed
    ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
    : [0n, 2n ** BigInt(bits) - 1n];
  const any = randomBytes(bits / 8, random).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) + least;
  const value = [least, most, 0n, 1n, any, any, any, any][below(random, 8)] ?? any;
  const bytes: number[] = [];
  let rest = value < 0n ? value + 2n ** BigInt(bits) : value;
  for (let i = 0; i < bits / 8; i++, rest /= 256n) bytes.push(Number(rest % 256n));
  return plain(bytes, value);
}

function plain(bytes: readonly number[], value: unknown): Sample {
  return { bytes, entries: (name) => [[name, value]], element: value };
}

function randomBytes(length: number, random: Random): number[] {
  return Array.from({ length }, () => below(random, 256));
}

/** The length of what follows: u32. */
function word(length: number): number[] {
  return [length % 256, Math.floor(length / 256) % 256, 0, 0];
}

/** A random type. Structs and enums within it have names that begin with `prefix`, and differ. */
export function randomType(random: Random, prefix: string, depth: number): Type {
  const leaves = ["integer", "integer", "integer", "bool", "pubkey", "string", "bytes"] as const;
  const nests = ["option", "vec", "array", "struct", "enum"] as const;
  const is = depth > 0 && random() < 0.5 ? nests[below(random, 5)] ?? "option" : leaves[below(random, 7)] ?? "bool";
  switch (is) {
    case "integer":
      return { is, bits: 8 * 2 ** below(random, 6), signed: random() < 0.5 };
    case "option":
    case "vec":
      return { is, of: randomType(random, `${prefix}O`, depth - 1) };
    case "array":
      return { is, of: randomType(random, `${prefix}A`, depth - 1), length: 1 + below(random, 3) };
    case "struct":
      return { is, name: prefix, fields: randomFields(random, prefix, depth - 1, 1) };
    case "enum": {
      const variants = Array.from({ length: 1 + below(random, 4) }, (_, i) => (
        { name: `V${i}`, fields: random() < 0.5 ? [] : randomFields(random, `${prefix}V${i}`, depth - 1, 0) }
      ));
      return { is, name: prefix, variants };
    }
    default:
      return { is };
  }
}

/** Random fields, at least so many. */
export function randomFields(random: Random, prefix: string, depth: number, least: number): Field[] {
  return Array.from({ length: least + below(random, 4) }, (_, i) => (
    { name: `f${i}`, type: randomType(random, `${prefix}F${i}`, depth) }
  ));
}

/** The type as an IDL writes it; structs and enums go into `types`. */
export function idlType(type: Type, format: "new" | "old", types: unknown[]): unknown {
  const fields = (list: readonly Field[]): unknown[] =>
    list.map((field) => ({ name: field.name, type: idlType(field.type, format, types) }));
  switch (type.is) {
    case "integer":
      return `${type.signed ? "i" : "u"}${type.bits}`;
    case "pubkey":
      return format === "new" ? "pubkey" : "publicKey";
    case "option":
    case "vec":
      return { [type.is]: idlType(type.of, format, types) };
    case "array":
      return { array: [idlType(type.of, format, types), type.length] };
    case "struct":
      types.push({ name: type.name, type: { kind: "struct", fields: fields(type.fields) } });
      return { defined: format === "new" ? { name: type.name } : type.name };
    case "enum": {
      const variants = type.variants.map(({ name, fields: carried }) => (
        { name, ...(carried.length > 0 && { fields: fields(carried) }) }
      ));
      types.push({ name: type.name, type: { kind: "enum", variants } });
      return { defined: format === "new" ? { name: type.name } : type.name };
    }
    default:
      return type.is;
  }
}
