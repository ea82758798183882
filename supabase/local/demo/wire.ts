/**
 * Reads a transaction as a wallet sends it: signatures, then the message that they sign.
 *
 * @module
 */
import bs58 from "bs58";
import type { Message } from "./message.ts";

/** Most bytes of a transaction. */
export const WIRE_BYTES_MAX = 1232;

/** A transaction off the wire. */
export interface WireTransaction {
  /** One for each signer, 64 bytes. */
  readonly signatures: readonly Uint8Array[];
  /** What was signed. */
  readonly messageBytes: Uint8Array;
  readonly message: WireMessage;
}

/** A message off the wire. Nothing is loaded from lookup tables. */
export interface WireMessage extends Message {
  readonly version: "legacy" | 0;
  readonly recentBlockhash: string;
}

/** @throws {RangeError} when the bytes are no transaction, to the last one. */
export function readWire(bytes: Uint8Array): WireTransaction {
  const reader = new Reader(bytes);
  const signatures = reader.list(() => reader.take(64));
  const messageBytes = bytes.subarray(reader.at);
  return { signatures, messageBytes, message: readMessage(messageBytes) };
}

/** @throws {RangeError} when the bytes are no message, to the last one. */
export function readMessage(bytes: Uint8Array): WireMessage {
  const reader = new Reader(bytes);
  const isVersioned = (bytes[0] ?? 0) >= 0x80;
  if (isVersioned && reader.byte() !== 0x80) throw new RangeError("its version is none that the demo chain knows");
  const [required, readonlySigned, readonlyUnsigned] = [reader.byte(), reader.byte(), reader.byte()];
  const keys = reader.list(() => bs58.encode(reader.take(32)));
  const recentBlockhash = bs58.encode(reader.take(32));
  const instructions = reader.list(() => ({
    programIdIndex: reader.byte(),
    accounts: reader.list(() => reader.byte()),
    data: bs58.encode(reader.take(reader.length())),
  }));
  if (isVersioned && reader.length() > 0) throw new RangeError("the demo chain has no lookup tables for wallets");
  if (reader.at < bytes.length) throw new RangeError("bytes are left over");
  const places = instructions.flatMap(({ programIdIndex, accounts }) => [programIdIndex, ...accounts]);
  if (new Set(keys).size < keys.length) throw new RangeError("an account stands in it twice");
  if (required === 0 || readonlySigned >= required || required + readonlyUnsigned > keys.length) {
    throw new RangeError("its header contradicts itself");
  }
  if (places.some((place) => place >= keys.length)) throw new RangeError("it names an account that it does not have");
  return {
    ...{ version: isVersioned ? 0 : "legacy", recentBlockhash, instructions, accountKeys: keys, keys },
    ...{ lookups: [], loaded: { readonly: [], writable: [] } },
    header: {
      numReadonlySignedAccounts: readonlySigned,
      numReadonlyUnsignedAccounts: readonlyUnsigned,
      numRequiredSignatures: required,
    },
  };
}

class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new RangeError("it ends early");
    return this.#bytes.subarray(this.at, this.at += length);
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  /** Seven bits a byte, the lowest first; three bytes at most, and none too many. */
  length(): number {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if ((byte === 0 && shift > 0) || value > 0xffff) break;
      return value;
    }
    throw new RangeError("a length in it is none");
  }

  list<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.length() }, read);
  }
}
