/**
 * Signatures of ES256 as bytes: what can be none, and what is one in another form.
 *
 * @module
 */

/** Numbers of P-256 in hexadecimal: 0, 1 and the order of its group. */
const NUMBERS = {
  0: "00".repeat(32),
  1: `${"00".repeat(31)}01`,
  n: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
} as const;

/** By name: those with an r or s that ECDSA has no place for, and the smallest that it has. */
export const IMPOSSIBLE_SIGNATURES: readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer>])[] = ([
  [0, 1],
  [1, 0],
  [1, 1],
  ["n", 1],
  [1, "n"],
  ["n", "n"],
] as const).map(([r, s]) => [`a signature of r ${r} and s ${s}`, bytesOf(NUMBERS[r] + NUMBERS[s])]);

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** The two numbers of a signature as ASN.1 has them: what ES256 in a JWS is not. */
export function derOf(signature: Uint8Array): Uint8Array {
  const body = [...integer(signature.subarray(0, 32)), ...integer(signature.subarray(32))];
  return Uint8Array.from([0x30, body.length, ...body]);
}

/** Without zeros before it, but for the one that says that it is not negative. */
function integer(bytes: Uint8Array): number[] {
  const start = bytes.findIndex((byte) => byte !== 0);
  const short = [...bytes.subarray(start < 0 ? bytes.length - 1 : start)];
  const whole = (short[0] ?? 0) > 0x7f ? [0, ...short] : short;
  return [0x02, whole.length, ...whole];
}
