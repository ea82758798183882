/**
 * Raw deliveries of the vault program, written by hand from the program's documentation and not by the code under test.
 *
 * @module
 */
import { createHash } from "node:crypto";
import bs58 from "bs58";
import { createAddressBook, findProgramAddress, TOKEN_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";

/** The vault program of the tests. */
export const PROGRAM = key("program");
/** Another program. */
export const OTHER_PROGRAM = key("other program");

/** A public key made from a name: base58 of its SHA-256. */
export function key(name: string): string {
  return bs58.encode(createHash("sha256").update(name).digest());
}

/** A signature made from a name: base58 of its SHA-512. */
export function signature(name: string): string {
  return bs58.encode(createHash("sha512").update(name).digest());
}

const addresses = createAddressBook(PROGRAM, USDT_MINT);

/** The vault and the token account of an owner: real program-derived addresses, each derived once. */
export function vaultOf(owner: string): { vault: string; tokenAccount: string } {
  const { address, tokenAccount } = addresses.vaultOf(owner);
  return { vault: address, tokenAccount };
}

/** The address that the program signs with when it calls itself to tell of an event. */
export const EVENT_AUTHORITY = findProgramAddress([new TextEncoder().encode("__event_authority")], PROGRAM).address;

/** A field of an event or of an instruction's arguments. */
export type Field = { pk: string } | { u64: bigint } | { i64: bigint } | { u8: number };

/** Borsh: discriminator, then the fields, little-endian. */
export function encode(discriminator: string, fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [...Uint8Array.from(discriminator.match(/../g) ?? [], (pair) => parseInt(pair, 16))];
  for (const field of fields) {
    if ("pk" in field) bytes.push(...bs58.decode(field.pk));
    else if ("u8" in field) bytes.push(field.u8);
    else {
      const word = new DataView(new ArrayBuffer(8));
      if ("u64" in field) word.setBigUint64(0, field.u64, true);
      else word.setBigInt64(0, field.i64, true);
      bytes.push(...new Uint8Array(word.buffer));
    }
  }
  return Uint8Array.from(bytes);
}

/** Base64 of bytes, as the runtime logs them. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

const TIME = { i64: 1_700_000_000n };

/** The events of the default program, as bytes. Amounts in base units. */
export const events = {
  initialise: (owner: string): Uint8Array =>
    encode("cbd65b05b9f8c095", [
      { pk: owner },
      { pk: vaultOf(owner).vault },
      { pk: vaultOf(owner).tokenAccount },
      TIME,
    ]),
  deposit: (owner: string, amount: bigint, total: bigint): Uint8Array =>
    encode("78f83d531f8e6b90", [{ pk: owner }, { pk: vaultOf(owner).vault }, { u64: amount }, { u64: total }, TIME]),
  withdraw: (owner: string, amount: bigint, total: bigint): Uint8Array =>
    encode("1609851aa02c47c0", [{ pk: owner }, { pk: vaultOf(owner).vault }, { u64: amount }, { u64: total }, TIME]),
  lock: (owner: string, amount: bigint, locked: bigint, available: bigint): Uint8Array =>
    encode("ea292edc58854d2f", lockFields(owner, amount, locked, available)),
  unlock: (owner: string, amount: bigint, locked: bigint, available: bigint): Uint8Array =>
    encode("18ff7e666b421137", lockFields(owner, amount, locked, available)),
  /** reason: 0 Settlement, 1 Liquidation, 2 FeeCollection, 3 InsuranceFund, 4 Other. */
  transfer: (from: string, to: string, amount: bigint, reason: number): Uint8Array =>
    encode("bf083e889cb1a582", [
      { pk: vaultOf(from).vault },
      { pk: vaultOf(to).vault },
      { u64: amount },
      { pk: key("authority") },
      { u8: reason },
      TIME,
    ]),
  pause: (paused: boolean): Uint8Array =>
    encode("4bbd78a775e59b3c", [{ u8: paused ? 1 : 0 }, { pk: key("admin") }, TIME]),
};

function lockFields(owner: string, amount: bigint, locked: bigint, available: bigint): Field[] {
  return [
    { pk: owner },
    { pk: vaultOf(owner).vault },
    { u64: amount },
    { u64: locked },
    { u64: available },
    { pk: key("authority") },
    TIME,
  ];
}

/** The log of one top-level call of the vault program that emits these events. */
export function logOf(...emitted: Uint8Array[]): string[] {
  return [
    `Program ${PROGRAM} invoke [1]`,
    "Program log: Instruction: Something",
    ...emitted.map((bytes) => `Program data: ${base64(bytes)}`),
    `Program ${PROGRAM} consumed 11260 of 200000 compute units`,
    `Program ${PROGRAM} success`,
  ];
}

/** An instruction: whose, with which bytes, on which accounts. */
export interface Instruction {
  readonly program: string;
  readonly data: Uint8Array;
  readonly accounts: readonly string[];
  /** For one under another: how deep, 2 at least. Left out where the delivery does not tell. */
  readonly height?: number;
}

/** A top-level instruction, and what it called. */
export interface Call extends Instruction {
  readonly inner?: readonly Instruction[];
}

/** What differs from a plain successful transaction. */
export interface RawOptions {
  readonly signature?: string;
  readonly slot?: number;
  readonly index?: number | null;
  readonly blockTime?: unknown;
  readonly logs?: readonly string[] | null;
  readonly err?: unknown;
  /** Instructions: data bytes and accounts by name; default one call of the vault program without arguments. */
  readonly calls?: readonly Call[];
  readonly tokenBalances?: readonly { account: string; owner: string; before: bigint; after: bigint }[];
}

/** One transaction in the raw form, with the keys of the recorded deliveries. */
export function rawTransaction(options: RawOptions): Record<string, unknown> {
  const calls = options.calls ?? [{ program: PROGRAM, data: new Uint8Array(8), accounts: [] }];
  const tokenBalances = options.tokenBalances ?? [];
  const keys = [
    ...new Set([
      key("payer"),
      ...calls.flatMap((call) => [call, ...(call.inner ?? [])]).flatMap((call) => [...call.accounts, call.program]),
      ...tokenBalances.map((b) => b.account),
    ]),
  ];
  const balances = (side: "before" | "after"): unknown[] =>
    tokenBalances.map((balance) => ({
      accountIndex: keys.indexOf(balance.account),
      mint: USDT_MINT,
      owner: balance.owner,
      programId: TOKEN_PROGRAM,
      uiTokenAmount: { amount: String(balance[side]), decimals: 6, uiAmount: 0.5, uiAmountString: "0.5" },
    }));
  const slot = options.slot ?? 301_020_408;
  const compiled = (call: Instruction): Record<string, unknown> => ({
    accounts: call.accounts.map((account) => keys.indexOf(account)),
    data: bs58.encode(call.data),
    programIdIndex: keys.indexOf(call.program),
    ...(call.height === undefined ? {} : { stackHeight: call.height }),
  });
  return {
    blockTime: "blockTime" in options ? options.blockTime : 1_716_538_480,
    ...(options.index === null ? {} : { indexWithinBlock: options.index ?? 6 }),
    meta: {
      err: options.err ?? null,
      fee: 15_000,
      innerInstructions: calls.flatMap(({ inner }, index) =>
        inner ? [{ index, instructions: inner.map(compiled) }] : []
      ),
      loadedAddresses: { readonly: [], writable: [] },
      logMessages: options.logs === undefined ? logOf() : options.logs,
      postBalances: keys.map(() => 1),
      postTokenBalances: balances("after"),
      preBalances: keys.map(() => 1),
      preTokenBalances: balances("before"),
      rewards: [],
    },
    slot,
    transaction: {
      message: {
        accountKeys: keys,
        addressTableLookups: null,
        header: { numReadonlySignedAccounts: 0, numReadonlyUnsignedAccounts: 1, numRequiredSignatures: 1 },
        instructions: calls.map(compiled),
        recentBlockhash: key("blockhash"),
      },
      signatures: [options.signature ?? signature(`slot ${slot}`)],
    },
    version: "legacy",
  };
}

/** A webhook's body. */
export function bodyOf(...transactions: unknown[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(transactions));
}
