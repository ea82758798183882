/**
 * Reads borsh by a layout: integers are little-endian, and not one byte may be missing or left over.
 *
 * @module
 */
import { base58FromBytes, PUBLIC_KEY_BYTES } from "./base58.ts";

/** Bytes of each integer type. */
export const INTEGERS = {
  ...{ u8: 1, u16: 2, u32: 4, u64: 8, u128: 16, u256: 32 },
  ...{ i8: 1, i16: 2, i32: 4, i64: 8, i128: 16, i256: 32 },
} as const;

/** An integer type of Rust. */
export type IntegerType = keyof typeof INTEGERS;

/** How a value lies in bytes. Every layout within another one takes at least one byte, so that bytes bound the work of reading. */
export type Layout =
  | { readonly type: IntegerType | "f32" | "f64" | "bool" | "pubkey" | "string" | "bytes" }
  | { readonly type: "option"; readonly of: Layout }
  | { readonly type: "vec"; readonly of: Layout }
  | { readonly type: "array"; readonly of: Layout; readonly length: number }
  | { readonly type: "struct"; readonly fields: FieldLayout }
  | { readonly type: "enum"; readonly variants: readonly Variant[] }
  /** Known to Anchor, but nothing that can be read by a layout; `what` says what it is. */
  | { readonly type: "opaque"; readonly what: string };

/** A variant of an enum, with the fields it carries. */
export interface Variant {
  readonly name: string;
  readonly fields: FieldLayout;
}

/** Fields in the order of their bytes. */
export type FieldLayout = readonly { readonly name: string; readonly layout: Layout }[];

/**
 * What a field holds: integers as bigint, floating point as number, pubkey as base58, enum as its variant's name, bytes (also as a vec
 * or an array of u8) as they are, other vecs and arrays as arrays; of their elements, a missing option is null, and a struct a record.
 */
export type FieldValue = string | bigint | boolean | number | null | Uint8Array | FieldValue[] | FieldValues;

/**
 * Values by field. The fields of a nested struct, and those that a variant carries, stand beside it as `outer.inner`. An option that
 * is not there has no entry.
 */
export type FieldValues = { [field: string]: FieldValue };

const LENGTHS = { ...INTEGERS, f32: 4, f64: 8, bool: 1, pubkey: PUBLIC_KEY_BYTES, string: 4, bytes: 4 } as const;

/** Fewest and most bytes that something can take; `most` is Infinity where only the bytes themselves say. */
export interface ByteRange {
  readonly least: number;
  readonly most: number;
}

/** Layouts are shared between the types that hold them, so what was measured once is kept. */
const measured = new WeakMap<Layout, ByteRange>();

/** The bytes that all fields take together. */
export function fieldBytes(fields: FieldLayout): ByteRange {
  let [least, most] = [0, 0];
  for (const { layout } of fields) {
    const range = layoutBytes(layout);
    least += range.least;
    most += range.most;
  }
  return { least, most };
}

/** The bytes that a value of this layout takes. */
export function layoutBytes(layout: Layout): ByteRange {
  const known = measured.get(layout);
  if (known) return known;
  const range = measure(layout);
  measured.set(layout, range);
  return range;
}

function measure(layout: Layout): ByteRange {
  switch (layout.type) {
    case "option":
      return { least: 1, most: 1 + layoutBytes(layout.of).most };
    case "vec":
    case "string":
    case "bytes":
      return { least: 4, most: Infinity };
    case "array": {
      const { least, most } = layoutBytes(layout.of);
      return { least: layout.length * least, most: layout.length * most };
    }
    case "struct":
      return fieldBytes(layout.fields);
    case "enum": {
      const ranges = layout.variants.map(({ fields }) => fieldBytes(fields));
      return {
        least: 1 + Math.min(...ranges.map(({ least }) => least)),
        most: 1 + Math.max(...ranges.map(({ most }) => most)),
      };
    }
    case "opaque":
      return { least: 1, most: Infinity };
    default:
      return { least: LENGTHS[layout.type], most: LENGTHS[layout.type] };
  }
}

/**
 * Reads the fields from `bytes` at `offset` to the end.
 *
 * @param rest what may follow the last field: nothing, or anything, as in an account that has room, where Anchor leaves what was there before.
 * @throws {RangeError} naming the field when the length differs by even one byte, or when a bool, an option, an enum or a string holds
 * a value that it cannot hold.
 */
export function readFields(
  fields: FieldLayout,
  bytes: Uint8Array,
  offset: number,
  rest: "nothing" | "anything" = "nothing",
): FieldValues {
  const reader = new Reader(bytes, offset);
  const values: FieldValues = {};
  try {
    for (const { name, layout } of fields) reader.field(values, name, layout);
  } catch (error) {
    if (error instanceof TooShort) throw new RangeError(lengthProblem(fields, bytes.length - offset));
    throw error;
  }
  if (rest === "nothing" && reader.at < bytes.length) {
    throw new RangeError(lengthProblem(fields, bytes.length - offset));
  }
  return values;
}

function lengthProblem(fields: FieldLayout, length: number): string {
  const { least, most } = fieldBytes(fields);
  const wanted = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `from ${least} to ${most}`;
  const exactly = least <= length && length <= most ? ", none missing and none left over" : "";
  return `must be ${wanted} bytes behind the discriminator${exactly}: current length is ${length}`;
}

/** The bytes ended within a field. */
class TooShort extends Error {}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = offset;
  }

  /** Reads one field into `values`, and what stands within it beside it. */
  field(values: FieldValues, name: string, layout: Layout): void {
    switch (layout.type) {
      case "option":
        if (this.#flag(name)) this.field(values, name, layout.of);
        return;
      case "struct":
        this.#nested(values, name, layout.fields);
        return;
      case "enum": {
        const variant = this.#variant(name, layout.variants);
        values[name] = variant.name;
        this.#nested(values, name, variant.fields);
        return;
      }
      default:
        values[name] = this.#value(name, layout);
    }
  }

  #nested(values: FieldValues, name: string, fields: FieldLayout): void {
    for (const field of fields) this.field(values, `${name}.${field.name}`, field.layout);
  }

  #value(name: string, layout: Exclude<Layout, { type: "option" | "struct" | "enum" }>): FieldValue {
    switch (layout.type) {
      case "bool":
        return this.#flag(name);
      case "pubkey":
        return base58FromBytes(this.#take(PUBLIC_KEY_BYTES));
      case "string":
        return this.#text(name);
      case "bytes":
        return this.#take(this.#count(name, 1)).slice();
      case "vec":
        return this.#elements(name, layout.of, this.#count(name, layoutBytes(layout.of).least));
      case "array":
        return this.#elements(name, layout.of, layout.length);
      case "f32":
        return this.#view.getFloat32(this.#skip(4), true);
      case "f64":
        return this.#view.getFloat64(this.#skip(8), true);
      case "opaque":
        throw new RangeError(`${name} must not be read: it is ${layout.what}`);
      default:
        return this.#integer(layout.type);
    }
  }

  #integer(type: IntegerType): bigint {
    const length = INTEGERS[type];
    const at = this.#skip(length);
    const signed = type.startsWith("i");
    if (length === 8) return signed ? this.#view.getBigInt64(at, true) : this.#view.getBigUint64(at, true);
    let value = 0n;
    for (let i = at + length - 1; i >= at; i--) value = value << 8n | BigInt(this.#view.getUint8(i));
    return signed ? BigInt.asIntN(length * 8, value) : value;
  }

  #elements(name: string, of: Layout, count: number): FieldValue {
    if (of.type === "u8") return this.#take(count).slice();
    // Longer than what is left in any case: refused before anything is made room for.
    if (count * layoutBytes(of).least > this.#bytes.length - this.at) throw new TooShort();
    return Array.from({ length: count }, (_, i) => this.#element(`${name}[${i}]`, of));
  }

  #element(name: string, of: Layout): FieldValue {
    if (of.type === "option") return this.#flag(name) ? this.#element(name, of.of) : null;
    const values: FieldValues = {};
    this.field(values, name, of);
    if (of.type !== "struct" && Object.keys(values).length === 1) return values[name] ?? null;
    return Object.fromEntries(Object.entries(values).map(([key, value]) => [key.slice(name.length + 1), value]));
  }

  #flag(name: string): boolean {
    const value = this.#view.getUint8(this.#skip(1));
    if (value > 1) throw new RangeError(`${name} must be 0 or 1: current value is ${value}`);
    return value === 1;
  }

  #variant(name: string, variants: readonly Variant[]): Variant {
    const index = this.#view.getUint8(this.#skip(1));
    const variant = variants[index];
    if (!variant) throw new RangeError(`${name} must be below ${variants.length}: current value is ${index}`);
    return variant;
  }

  #text(name: string): string {
    const bytes = this.#take(this.#count(name, 1));
    try {
      return text.decode(bytes);
    } catch {
      throw new RangeError(`${name} must be UTF-8`);
    }
  }

  /** How many elements follow, each of at least so many bytes. */
  #count(name: string, bytesEach: number): number {
    const count = this.#view.getUint32(this.#skip(4), true);
    const left = this.#bytes.length - this.at;
    if (count * bytesEach > left) {
      throw new RangeError(`${name} must fit into the ${left} bytes that are left: current length is ${count}`);
    }
    return count;
  }

  #take(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, this.at);
  }

  /** Moves on by so many bytes, and says where they begin. */
  #skip(length: number): number {
    const at = this.at;
    if (at + length > this.#bytes.length) throw new TooShort();
    this.at += length;
    return at;
  }
}
