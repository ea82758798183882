/**
 * Reads borsh by a layout: integers are little-endian, and not one byte may be missing or left over.
 *
 * @module
 */
import { base58FromBytes, PUBLIC_KEY_BYTES } from "./base58.ts";

/** A type. All but vec have a fixed length in bytes, and only those may stand in events and instruction arguments. */
export type Layout =
  | { readonly type: "pubkey" | "u8" | "bool" | "u64" | "i64" }
  | { readonly type: "enum"; readonly variants: readonly string[] }
  | { readonly type: "vec"; readonly of: { readonly type: "pubkey" } };

/** Fields in the order of their bytes. */
export type FieldLayout = readonly { readonly name: string; readonly layout: Layout }[];

/** What a field holds: pubkey as base58, enum as its variant's name, integers as bigint. */
export type FieldValue = string | bigint | boolean | readonly string[];

/** A vec's own is that of its count. */
const LENGTHS = { pubkey: PUBLIC_KEY_BYTES, u8: 1, bool: 1, enum: 1, u64: 8, i64: 8, vec: 4 } as const;

/** Length in bytes of all fields together. */
export function layoutLength(fields: FieldLayout): number {
  return fields.reduce((sum, field) => sum + LENGTHS[field.layout.type], 0);
}

/**
 * Reads the fields from `bytes` at `offset` to the end.
 *
 * @throws {RangeError} naming the field when the length differs by even one byte, or when a bool or an enum holds a value it has not.
 */
export function readFields(fields: FieldLayout, bytes: Uint8Array, offset: number): Record<string, FieldValue> {
  const expected = layoutLength(fields);
  if (bytes.length - offset !== expected) {
    throw new RangeError(
      `must be ${expected} bytes behind the discriminator: current length is ${bytes.length - offset}`,
    );
  }
  return readFieldsBefore(fields, bytes, offset);
}

/**
 * Reads the fields from `bytes` at `offset`, whatever stands behind them: Anchor leaves what was there in an account that shrinks.
 *
 * @throws {RangeError} naming the field when the bytes end before it does, or when a bool or an enum holds a value it has not.
 */
export function readFieldsBefore(fields: FieldLayout, bytes: Uint8Array, offset: number): Record<string, FieldValue> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Record<string, FieldValue> = {};
  let at = offset;
  for (const { name, layout } of fields) {
    const length = lengthAt(layout, view, at);
    if (at + length > bytes.length) throw new RangeError(`${name} must end within ${bytes.length} bytes`);
    values[name] = readField(name, layout, view, bytes, at);
    at += length;
  }
  return values;
}

function lengthAt(layout: Layout, view: DataView, at: number): number {
  const isCounted = layout.type === "vec" && at + LENGTHS.vec <= view.byteLength;
  return LENGTHS[layout.type] + (isCounted ? view.getUint32(at, true) * PUBLIC_KEY_BYTES : 0);
}

function readField(name: string, layout: Layout, view: DataView, bytes: Uint8Array, at: number): FieldValue {
  switch (layout.type) {
    case "pubkey":
      return base58FromBytes(bytes.subarray(at, at + PUBLIC_KEY_BYTES));
    case "u8":
      return BigInt(view.getUint8(at));
    case "u64":
      return view.getBigUint64(at, true);
    case "i64":
      return view.getBigInt64(at, true);
    case "vec":
      return Array.from({ length: view.getUint32(at, true) }, (_, i) => {
        const from = at + LENGTHS.vec + i * PUBLIC_KEY_BYTES;
        return base58FromBytes(bytes.subarray(from, from + PUBLIC_KEY_BYTES));
      });
    case "bool": {
      const value = view.getUint8(at);
      if (value > 1) throw new RangeError(`${name} must be 0 or 1: current value is ${value}`);
      return value === 1;
    }
    case "enum": {
      const variant = layout.variants[view.getUint8(at)];
      if (variant === undefined) {
        throw new RangeError(`${name} must be below ${layout.variants.length}: current value is ${view.getUint8(at)}`);
      }
      return variant;
    }
  }
}
