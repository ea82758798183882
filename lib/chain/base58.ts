/**
 * Public keys and signatures in base58, checked to the byte.
 *
 * @module
 */
import bs58 from "bs58";

/** Bytes of a public key. */
export const PUBLIC_KEY_BYTES = 32;
/** Bytes of a signature. */
export const SIGNATURE_BYTES = 64;

/** The bytes behind base58 text; null where it is none. */
export function bytesFromBase58(text: string): Uint8Array | null {
  return bs58.decodeUnsafe(text) ?? null;
}

/** Base58 of bytes. */
export function base58FromBytes(bytes: Uint8Array): string {
  return bs58.encode(bytes);
}

/** Whether the text is base58 of exactly so many bytes. */
export function isBase58Of(text: string, bytes: number): boolean {
  // Longer text than any 64 bytes need is refused before the decoder, whose time grows with the square of its length.
  return text.length <= 88 && bs58.decodeUnsafe(text)?.length === bytes;
}
