/**
 * Accounts as `getAccountInfo` shows them: the program's own, token accounts, the mint, programs and wallets.
 *
 * @module
 */
import {
  type AddressBook,
  ASSOCIATED_TOKEN_PROGRAM,
  BPF_LOADER,
  COMPUTE_BUDGET_PROGRAM,
  ENGINE_PROGRAM,
  LOOKALIKE_PROGRAM,
  MEMO_PROGRAM,
  NATIVE_LOADER,
  RISK_PROGRAM,
  SYSTEM_PROGRAM,
  TOKEN_PROGRAM,
} from "./address.ts";
import { borsh, concatBytes, discriminator } from "./borsh.ts";
import type { AuthorityState, ChainState, TokenState, VaultState } from "./state.ts";

/** How many authorized programs the authority account has room for. Its unused bytes stay zero, as with any Anchor account. */
export const AUTHORITY_PLACES = 10;
const AUTHORITY_BYTES = 8 + 32 + 4 + 32 * AUTHORITY_PLACES + 1 + 1 + 8;

/** Lamports that keep an account of so many bytes alive: (128 + bytes) × 3480 × 2 years. */
export const RENT = { vault: rent(121), token: rent(165), authority: rent(AUTHORITY_BYTES), mint: rent(82) };

/** An account. */
export interface Account {
  readonly lamports: number;
  /** The program that owns it. */
  readonly owner: string;
  /** Its content, encoded only when somebody asks. */
  readonly data: () => Uint8Array;
  readonly executable: boolean;
}

/** Built into the validator: these log no compute units. */
const NATIVE_PROGRAMS = [SYSTEM_PROGRAM, COMPUTE_BUDGET_PROGRAM];

/** CollateralVault, 121 bytes. */
export function encodeVault(vault: VaultState): Uint8Array {
  return borsh(
    { bytes: discriminator("account", "CollateralVault") },
    { key: vault.owner },
    { key: vault.tokenAccount },
    { u64: vault.total },
    { u64: vault.locked },
    { u64: vault.total - vault.locked },
    { u64: vault.totalDeposited },
    { u64: vault.totalWithdrawn },
    { i64: vault.createdAt },
    { u8: vault.bump },
  );
}

/** VaultAuthority, zero bytes behind it up to its fixed size. */
export function encodeAuthority(authority: AuthorityState): Uint8Array {
  const written = borsh(
    { bytes: discriminator("account", "VaultAuthority") },
    { key: authority.admin },
    { keys: authority.authorized },
    { u8: authority.bump },
    { bool: authority.paused },
    { i64: authority.lastUpdated },
  );
  return concatBytes([written, new Uint8Array(AUTHORITY_BYTES - written.length)]);
}

/** An SPL token account, 165 bytes: initialised, with neither delegate nor close authority, not native. */
export function encodeTokenAccount(token: TokenState, mint: string): Uint8Array {
  const initialised = Uint8Array.of(1);
  return borsh(
    { key: mint },
    { key: token.owner },
    { u64: token.amount },
    { bytes: new Uint8Array(4 + 32) },
    { bytes: initialised },
    { bytes: new Uint8Array(4 + 8 + 8 + 4 + 32) },
  );
}

/** The account at the address, or null where there is none. */
export function accountAt(state: ChainState, book: AddressBook, address: string): Account | null {
  const vault = state.vaults.get(address);
  if (vault) return ownedBy(book.program, RENT.vault, () => encodeVault(vault));
  const token = state.tokens.get(address);
  if (token) return ownedBy(TOKEN_PROGRAM, RENT.token, () => encodeTokenAccount(token, book.mint));
  const { authority } = state;
  if (authority && address === book.authority.address) {
    return ownedBy(book.program, RENT.authority, () => encodeAuthority(authority));
  }
  if (address === book.mint) return ownedBy(TOKEN_PROGRAM, RENT.mint, encodeMint);
  if (isNative(address)) return { lamports: 1, owner: NATIVE_LOADER, data: noData, executable: true };
  if (isProgram(address, book)) return { lamports: rent(36), owner: BPF_LOADER, data: programData, executable: true };
  const lamports = state.lamports.get(address);
  return lamports ? ownedBy(SYSTEM_PROGRAM, lamports, noData) : null;
}

/** True for a program that is built into the validator. */
export function isNative(program: string): boolean {
  return NATIVE_PROGRAMS.includes(program);
}

function noData(): Uint8Array {
  return new Uint8Array();
}

function ownedBy(owner: string, lamports: number, data: () => Uint8Array): Account {
  return { lamports, owner, data, executable: false };
}

function isProgram(address: string, book: AddressBook): boolean {
  const others = [
    TOKEN_PROGRAM,
    ASSOCIATED_TOKEN_PROGRAM,
    MEMO_PROGRAM,
    ENGINE_PROGRAM,
    RISK_PROGRAM,
    LOOKALIKE_PROGRAM,
  ];
  return address === book.program || others.includes(address);
}

/** An upgradeable program's account: the variant (2) and the address of its code, which the demo leaves zero. */
function programData(): Uint8Array {
  return borsh({ u32: 2 }, { bytes: new Uint8Array(32) });
}

/** A mint without authorities: 10 000 000 000 USDT, 6 decimals, initialised. */
function encodeMint(): Uint8Array {
  const nobody = { bytes: new Uint8Array(4 + 32) };
  return borsh(nobody, { u64: 10_000_000_000_000_000n }, { u8: 6 }, { bool: true }, nobody);
}

function rent(bytes: number): number {
  return (128 + bytes) * 3480 * 2;
}
