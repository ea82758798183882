/**
 * Writes little-endian borsh, and the eight-byte names that Anchor puts in front.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { addressBytes } from "./address.ts";

/** One value to write. A `key` is a base58 address, a `keys` a borsh vector of them. */
export type BorshValue =
  | { readonly u8: number }
  | { readonly u32: number }
  | { readonly u64: bigint }
  | { readonly i64: number }
  | { readonly bool: boolean }
  | { readonly key: string }
  | { readonly keys: readonly string[] }
  | { readonly bytes: Uint8Array };

/** The values one after the other. @throws {RangeError} when an integer does not fit its type. */
export function borsh(...values: readonly BorshValue[]): Uint8Array {
  return concatBytes(values.map(encode));
}

/** The first eight bytes of sha256("<kind>:<name>"): `event:DepositEvent`, `global:deposit`, `account:CollateralVault`. */
export function discriminator(kind: "event" | "global" | "account", name: string): Uint8Array {
  return sha256(new TextEncoder().encode(`${kind}:${name}`)).slice(0, 8);
}

/** The pieces joined. */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

function encode(value: BorshValue): Uint8Array {
  if ("bytes" in value) return value.bytes;
  if ("key" in value) return addressBytes(value.key);
  if ("keys" in value) return concatBytes([encode({ u32: value.keys.length }), ...value.keys.map(addressBytes)]);
  if ("bool" in value) return Uint8Array.of(value.bool ? 1 : 0);
  if ("u8" in value) return integer(1, BigInt(value.u8), 0n, 255n);
  if ("u32" in value) return integer(4, BigInt(value.u32), 0n, 2n ** 32n - 1n);
  if ("u64" in value) return integer(8, value.u64, 0n, 2n ** 64n - 1n);
  return integer(8, BigInt(value.i64), -(2n ** 63n), 2n ** 63n - 1n);
}

function integer(size: number, value: bigint, low: bigint, high: bigint): Uint8Array {
  if (value < low || value > high) throw new RangeError(`Cannot write ${value} in ${size} bytes`);
  let left = BigInt.asUintN(64, value);
  return Uint8Array.from({ length: size }, () => {
    const byte = Number(left & 0xffn);
    left >>= 8n;
    return byte;
  });
}
