/**
 * Solana addresses: program-derived addresses, associated token accounts, seeded keypairs. Written from Solana's rules and
 * apart from `lib/`, so that either can check the other.
 *
 * @module
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import bs58 from "bs58";

export const SYSTEM_PROGRAM = "11111111111111111111111111111111";
export const TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
export const ASSOCIATED_TOKEN_PROGRAM = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";
export const COMPUTE_BUDGET_PROGRAM = "ComputeBudget111111111111111111111111111111";
export const MEMO_PROGRAM = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr";
export const BPF_LOADER = "BPFLoaderUpgradeab1e11111111111111111111111";
export const NATIVE_LOADER = "NativeLoader1111111111111111111111111111111";
/** USDT on mainnet. */
export const USDT_MINT = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB";

/** The vault program of the demo: sha256("vaultbook demo program"). Nobody holds a key for it. */
export const DEMO_PROGRAM = "6W3NZi3XawYox92aWGY6a28tSgMCnRn6WC47Uy8YcwkN";
/** A program that calls the vault program: sha256("vaultbook demo engine"). */
export const ENGINE_PROGRAM = "EbY9RzkT7VJoCVHtnHDKUYmWaw2sobEseTfsX7yHS6gT";
/** A program that only reads vaults: sha256("vaultbook demo risk oracle"). */
export const RISK_PROGRAM = "9RrgKUTpTMdpB9kMFL3ZQSz525frRd1ELT46mJWpt3MH";
/** A program that logs the vault program's event bytes as its own: sha256("vaultbook demo look-alike"). */
export const LOOKALIKE_PROGRAM = "8GDxXP6e7bDQ4MEcMMoniZYVi9KGLom3t38NPC1c3zVW";
/** The address lookup table of version-0 transactions: sha256("vaultbook demo lookup table"). */
export const LOOKUP_TABLE = "FTvpJwBnzfEtYVAkFWoVq6dnHKvk4FKV7TBAfNXq8uW7";

const text = new TextEncoder();

/** The 32 bytes of a base58 address. @throws {Error} when the text is no such address. */
export function addressBytes(address: string): Uint8Array {
  const bytes = bs58.decode(address);
  if (bytes.length !== 32) throw new Error(`Cannot read address ${address}: ${bytes.length} bytes, not 32`);
  return bytes;
}

/** True when somebody may hold a private key for these 32 bytes; program-derived addresses are those where nobody can. */
export function isOnCurve(bytes: Uint8Array): boolean {
  try {
    ed25519.Point.fromBytes(bytes);
    return true;
  } catch {
    return false;
  }
}

/** A program-derived address and the byte that pushed it off the curve. */
export interface DerivedAddress {
  readonly address: string;
  readonly bump: number;
}

/**
 * The program-derived address of the seeds: the first one off the curve, counting the bump down from 255.
 *
 * @throws {Error} when no bump fits, which has a chance of about 2^−256.
 */
export function findProgramAddress(seeds: readonly Uint8Array[], program: string): DerivedAddress {
  for (let bump = 255; bump >= 0; bump--) {
    const hash = sha256.create();
    for (const seed of seeds) hash.update(seed);
    hash.update(Uint8Array.of(bump)).update(addressBytes(program)).update(text.encode("ProgramDerivedAddress"));
    const bytes = hash.digest();
    if (!isOnCurve(bytes)) return { address: bs58.encode(bytes), bump };
  }
  throw new Error(`Cannot derive an address of program ${program}: no bump fits`);
}

/** The associated token account of the owner (a wallet or a program-derived address), classic token program. */
export function associatedTokenAddress(owner: string, mint: string): string {
  const seeds = [addressBytes(owner), addressBytes(TOKEN_PROGRAM), addressBytes(mint)];
  return findProgramAddress(seeds, ASSOCIATED_TOKEN_PROGRAM).address;
}

/** An ed25519 keypair that a seed text determines. Real, and therefore worthless outside the demo. */
export interface SeededKey {
  readonly address: string;
  /** The 32-byte private seed. */
  readonly seed: Uint8Array;
}

/** The keypair of the text. */
export function seededKey(name: string): SeededKey {
  const seed = sha256(text.encode(name));
  return { address: bs58.encode(ed25519.getPublicKey(seed)), seed };
}

/** Where one owner's vault lies. */
export interface VaultAddresses extends DerivedAddress {
  readonly tokenAccount: string;
}

/** Every address that follows from the program and the mint. Derivations are remembered, since each costs a curve check. */
export interface AddressBook {
  readonly program: string;
  readonly mint: string;
  /** ["vault_authority"] */
  readonly authority: DerivedAddress;
  /** ["vault", owner], and the associated token account of that. */
  vaultOf(owner: string): VaultAddresses;
  /** The owner's own associated token account. */
  walletOf(owner: string): string;
}

/** An address book of the vault program and the mint. */
export function createAddressBook(program: string, mint: string): AddressBook {
  const vaults = new Map<string, VaultAddresses>();
  const wallets = new Map<string, string>();
  return {
    program,
    mint,
    authority: findProgramAddress([text.encode("vault_authority")], program),
    vaultOf(owner): VaultAddresses {
      const known = vaults.get(owner);
      if (known) return known;
      const derived = findProgramAddress([text.encode("vault"), addressBytes(owner)], program);
      const found = { ...derived, tokenAccount: associatedTokenAddress(derived.address, mint) };
      vaults.set(owner, found);
      return found;
    },
    walletOf(owner): string {
      const found = wallets.get(owner) ?? associatedTokenAddress(owner, mint);
      wallets.set(owner, found);
      return found;
    },
  };
}

/** The program-derived address by which the engine signs its calls of the vault program. */
export function engineAuthority(): string {
  return findProgramAddress([text.encode("engine_authority")], ENGINE_PROGRAM).address;
}
