/**
 * Public keys and signatures in base58, checked to the byte.
 *
 * Own code and not a package: a delivery names thousands of keys, and text of any length must cost no more than its bytes are worth.
 *
 * @module
 */

/** Bytes of a public key. */
export const PUBLIC_KEY_BYTES = 32;
/** Bytes of a signature. */
export const SIGNATURE_BYTES = 64;

/** In the order of ASCII, so that texts of one length compare as their numbers do. */
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** Digit by character code. */
const DIGITS = new Uint8Array(128);
for (let digit = 0; digit < 58; digit++) DIGITS[ALPHABET.charCodeAt(digit)] = digit;
/** Character code by digit. */
const LETTERS = [...ALPHABET].map((letter) => letter.charCodeAt(0));
const ONLY_ALPHABET = /^[1-9A-HJ-NP-Za-km-z]*$/;

/** Digits that are read together into words of three bytes: 58^4 < 2^24, and a word times that is exact. */
const CHUNK = 4;
const WORD = 2 ** 24;
/** A public key is 16 words of two bytes, and nine groups of five digits. */
const WORDS = PUBLIC_KEY_BYTES / 2;
const GROUPS = 9;
const GROUP = 58 ** 5;
/** What a one in each word adds to each group. */
const SHARES = Float64Array.from({ length: WORDS * GROUPS }, (_, i) => {
  const [word, group] = [Math.floor(i / GROUPS), i % GROUPS];
  const share = 2n ** BigInt(16 * (WORDS - 1 - word)) / 58n ** BigInt(5 * (GROUPS - 1 - group)) % BigInt(GROUP);
  // not an amount: five digits
  return Number(share);
});

/** The bytes behind base58 text; null where it is none. */
export function bytesFromBase58(text: string): Uint8Array | null {
  if (!ONLY_ALPHABET.test(text)) return null;
  const zeros = leadingOnes(text);
  // The least first.
  const words: number[] = [];
  for (let from = zeros; from < text.length; from += CHUNK) {
    const to = Math.min(from + CHUNK, text.length);
    let [carried, factor] = [0, 1];
    for (let i = from; i < to; i++) {
      carried = carried * 58 + (DIGITS[text.charCodeAt(i)] ?? 0);
      factor *= 58;
    }
    for (let i = 0; i < words.length; i++) {
      const sum = (words[i] ?? 0) * factor + carried;
      carried = Math.floor(sum / WORD);
      words[i] = sum - carried * WORD;
    }
    if (carried > 0) words.push(carried);
  }
  const highest = words.at(-1) ?? 0;
  const length = 3 * words.length - (highest === 0 ? 0 : highest < 2 ** 8 ? 2 : highest < 2 ** 16 ? 1 : 0);
  const bytes = new Uint8Array(zeros + length);
  for (let i = 0; i < length; i++) {
    bytes[zeros + length - 1 - i] = (words[Math.floor(i / 3)] ?? 0) >> 8 * (i % 3);
  }
  return bytes;
}

/** Base58 of bytes. */
export function base58FromBytes(bytes: Uint8Array): string {
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
  const digits = bytes.length === PUBLIC_KEY_BYTES ? digitsOfKey(bytes) : digitsOf(bytes);
  return "1".repeat(zeros) + digits.slice(leadingOnes(digits));
}

function digitsOf(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = value << 8n | BigInt(byte);
  let digits = "";
  // not an amount: one digit
  for (; value > 0n; value /= 58n) digits = ALPHABET.charAt(Number(value % 58n)) + digits;
  return digits;
}

/**
 * The digits of 32 bytes, leading ones included: each two of them add their share to nine groups of five digits. A group stays exact,
 * because 16 × 2^16 × 58^5 < 2^53.
 */
function digitsOfKey(bytes: Uint8Array): string {
  const groups = new Float64Array(GROUPS);
  for (let word = 0; word < WORDS; word++) {
    const value = (bytes[2 * word] ?? 0) << 8 | (bytes[2 * word + 1] ?? 0);
    for (let group = 0; group < GROUPS; group++) {
      groups[group] = (groups[group] ?? 0) + value * (SHARES[word * GROUPS + group] ?? 0);
    }
  }
  const letters = new Array<number>(5 * GROUPS);
  let carried = 0;
  for (let group = GROUPS - 1; group >= 0; group--) {
    const sum = (groups[group] ?? 0) + carried;
    carried = Math.floor(sum / GROUP);
    // Below 2^31, so that what follows is done in whole numbers of the processor.
    let rest = sum - carried * GROUP | 0;
    for (let i = 5 * group + 4; i >= 5 * group; i--) {
      const higher = rest / 58 | 0;
      letters[i] = LETTERS[rest - higher * 58] ?? 0;
      rest = higher;
    }
  }
  return String.fromCharCode.apply(null, letters);
}

/** Whether the text is base58 of exactly so many bytes. */
export function isBase58Of(text: string, bytes: number): boolean {
  const { least, most } = boundsOf(bytes);
  if (text.length > Math.max(most.length, bytes) || !ONLY_ALPHABET.test(text)) return false;
  if (text.startsWith("1")) return bytesFromBase58(text)?.length === bytes;
  return isAtLeast(text, least) && isAtLeast(most, text);
}

/** The least and the largest number that takes so many bytes, in base58. */
function boundsOf(bytes: number): { least: string; most: string } {
  const known = BOUNDS.get(bytes);
  if (known) return known;
  const least = new Uint8Array(bytes);
  least[0] = 1;
  const bounds = { least: base58FromBytes(least), most: base58FromBytes(new Uint8Array(bytes).fill(255)) };
  BOUNDS.set(bytes, bounds);
  return bounds;
}
const BOUNDS = new Map<number, { least: string; most: string }>();

/** Compares base58 texts without leading ones as numbers. */
function isAtLeast(text: string, other: string): boolean {
  return text.length === other.length ? text >= other : text.length > other.length;
}

function leadingOnes(text: string): number {
  let ones = 0;
  while (text.charCodeAt(ones) === 0x31) ones++;
  return ones;
}
