/**
 * The eight bytes by which Anchor tells events, instructions and accounts apart.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { arrayAt, countAt } from "../fields.ts";
import { refuse } from "./invalid_idl.ts";
import { pascalCase, snakeCase } from "./words.ts";

/** Bytes of a discriminator. */
export const DISCRIMINATOR_BYTES = 8;

/** Discriminator as the key of the maps: hexadecimal. */
export function discriminatorKey(bytes: Uint8Array | readonly number[]): string {
  let key = "";
  for (let i = 0; i < DISCRIMINATOR_BYTES; i++) key += HEX[bytes[i] ?? 0];
  return key;
}
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The bytes of a discriminator in hexadecimal. */
export function discriminatorBytes(key: string): Uint8Array {
  // not an amount: a byte
  return Uint8Array.from(key.match(/../g) ?? [], (pair) => Number(`0x${pair}`));
}

/** What a discriminator belongs to. */
export type Discriminated = "event" | "instruction" | "account";

/**
 * The discriminator that Anchor derives from the name of something, where the IDL does not give it.
 *
 * @param name as old IDLs write it: instructions in camel case, events and accounts as in Rust.
 */
export function derivedDiscriminator(kind: Discriminated, name: string): string {
  const preimage = kind === "instruction" ? `global:${snakeCase(name)}` : `${kind}:${pascalCase(name)}`;
  return discriminatorKey(createHash("sha256").update(preimage).digest());
}

/** The discriminator that an IDL gives. @throws {VaultbookError} invalid_idl @throws {Malformed} */
export function discriminatorAt(value: unknown, path: string): string {
  const bytes = arrayAt(value, path).map((byte, i) => countAt(byte, `${path}[${i}]`, 255));
  if (bytes.length !== DISCRIMINATOR_BYTES) {
    refuse(path, `must be ${DISCRIMINATOR_BYTES} bytes: current length is ${bytes.length}`);
  }
  return discriminatorKey(bytes);
}
