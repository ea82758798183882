/**
 * Program-derived addresses: those for which nobody can hold a private key, because they lie on no point of ed25519.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { base58FromBytes, bytesFromBase58, PUBLIC_KEY_BYTES } from "./base58.ts";
import type { VaultProgram } from "./program.ts";

/** The classic token program. */
export const TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
/** The program under which token accounts have an address that follows from owner and mint. */
const ASSOCIATED_TOKEN_PROGRAM = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";

/** Most seeds of an address, its bump included, and most bytes of each. */
const SEEDS_MAX = 16;
const SEED_BYTES_MAX = 32;

/** Field and curve of ed25519: −x² + y² = 1 + d·x²·y² modulo p. */
const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

const text = new TextEncoder();
const MARKER = text.encode("ProgramDerivedAddress");

/** Addresses remembered for each program; the oldest is forgotten first. */
const REMEMBERED_MAX = 10_000;

/** An address and the byte that pushed it off the curve. */
export interface DerivedAddress {
  readonly address: string;
  readonly bump: number;
}

/**
 * The program-derived address of the seeds: the first off the curve, counting the bump down from 255.
 *
 * @throws {RangeError} for too many seeds, too long a seed, or a program that is no public key.
 */
export function findProgramAddress(seeds: readonly Uint8Array[], program: string): DerivedAddress {
  if (seeds.length >= SEEDS_MAX || seeds.some((seed) => seed.length > SEED_BYTES_MAX)) {
    throw new RangeError(`An address takes at most ${SEEDS_MAX - 1} seeds of at most ${SEED_BYTES_MAX} bytes`);
  }
  const tail = keyBytes(program);
  for (let bump = 255; bump >= 0; bump--) {
    const hash = createHash("sha256");
    for (const seed of seeds) hash.update(seed);
    const bytes = hash.update(Uint8Array.of(bump)).update(tail).update(MARKER).digest();
    if (!isOnCurve(bytes)) return { address: base58FromBytes(bytes), bump };
  }
  throw new RangeError("No bump takes these seeds off the curve");
}

/**
 * Whether these 32 bytes are a point of ed25519, by the rule of Solana's runtime: the sign bit is not looked at, and y is taken modulo p.
 *
 * They are if x² = (y² − 1) / (d·y² + 1) has a root, so if the product of the two has one (Euler's criterion).
 */
export function isOnCurve(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, PUBLIC_KEY_BYTES);
  const y = view.getBigUint64(0, true) | (view.getBigUint64(8, true) << 64n) | (view.getBigUint64(16, true) << 128n) |
    ((view.getBigUint64(24, true) & 0x7fff_ffff_ffff_ffffn) << 192n);
  const squared = y * y % P;
  const product = (squared + P - 1n) * ((D * squared + 1n) % P) % P;
  return product === 0n || powerOfHalf(product) === 1n;
}

/** a^((p−1)/2) modulo p: (p−1)/2 = (2^250 − 1)·2^4 + 6, in 253 squarings and 12 products. */
function powerOfHalf(a: bigint): bigint {
  const squared = (value: bigint, times: number): bigint => {
    for (let i = 0; i < times; i++) value = value * value % P;
    return value;
  };
  // ones(n) is a^(2^n − 1).
  const ones2 = squared(a, 1) * a % P;
  const ones4 = squared(ones2, 2) * ones2 % P;
  const ones5 = squared(ones4, 1) * a % P;
  const ones10 = squared(ones5, 5) * ones5 % P;
  const ones20 = squared(ones10, 10) * ones10 % P;
  const ones40 = squared(ones20, 20) * ones20 % P;
  const ones50 = squared(ones40, 10) * ones10 % P;
  const ones100 = squared(ones50, 50) * ones50 % P;
  const ones200 = squared(ones100, 100) * ones100 % P;
  const ones250 = squared(ones200, 50) * ones50 % P;
  return squared(ones250, 4) * squared(ones2, 1) % P;
}

/** The associated token account of an owner (a wallet or a program-derived address) for a mint of the classic token program. */
export function associatedTokenAddress(owner: string, mint: string): string {
  return findProgramAddress([owner, TOKEN_PROGRAM, mint].map(keyBytes), ASSOCIATED_TOKEN_PROGRAM).address;
}

/**
 * Where the vault of an owner lies; null where the program does not say how vaults get their addresses.
 *
 * Derived once for each owner, about 60 µs, and remembered for the next 10 000.
 *
 * @throws {RangeError} when the owner is no public key.
 */
export function vaultAddress(program: VaultProgram, owner: string): string | null {
  const { vaultSeeds } = program;
  if (vaultSeeds === null) return null;
  const remembered = REMEMBERED.get(program) ?? new Map<string, string>();
  REMEMBERED.set(program, remembered);
  const known = remembered.get(owner);
  if (known !== undefined) return known;
  const seeds = vaultSeeds.map((seed) => seed === "owner" ? keyBytes(owner) : seed);
  const { address } = findProgramAddress(seeds, program.address);
  if (remembered.size >= REMEMBERED_MAX) remembered.delete(remembered.keys().next().value ?? "");
  remembered.set(owner, address);
  return address;
}
const REMEMBERED = new WeakMap<VaultProgram, Map<string, string>>();

/** The address that signs when the program calls itself to tell of an event (`emit_cpi!`). */
export function eventAuthority(program: VaultProgram): string {
  const known = EVENT_AUTHORITIES.get(program);
  if (known !== undefined) return known;
  const { address } = findProgramAddress([text.encode("__event_authority")], program.address);
  EVENT_AUTHORITIES.set(program, address);
  return address;
}
const EVENT_AUTHORITIES = new WeakMap<VaultProgram, string>();

function keyBytes(key: string): Uint8Array {
  const bytes = bytesFromBase58(key);
  if (bytes?.length !== PUBLIC_KEY_BYTES) throw new RangeError(`${key} must be base58 of ${PUBLIC_KEY_BYTES} bytes`);
  return bytes;
}
