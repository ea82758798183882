/**
 * Compiles instructions into a Solana message: one list of accounts, everything else by its place in that list.
 *
 * @module
 */
import bs58 from "bs58";
import type { Instruction } from "./instructions.ts";

/** How many of the accounts sign and how many are read only; as on the wire. */
export interface MessageHeader {
  readonly numReadonlySignedAccounts: number;
  readonly numReadonlyUnsignedAccounts: number;
  readonly numRequiredSignatures: number;
}

/** A compiled instruction: places in the list of accounts, data as base58. */
export interface CompiledInstruction {
  readonly accounts: readonly number[];
  readonly data: string;
  readonly programIdIndex: number;
}

/** Which entries of a lookup table a message loads. */
export interface TableLookup {
  readonly accountKey: string;
  readonly readonlyIndexes: readonly number[];
  readonly writableIndexes: readonly number[];
}

/** A compiled message. The list of accounts is static ++ loaded writable ++ loaded readonly. */
export interface Message {
  readonly header: MessageHeader;
  readonly accountKeys: readonly string[];
  readonly loaded: { readonly readonly: readonly string[]; readonly writable: readonly string[] };
  readonly lookups: readonly TableLookup[];
  readonly instructions: readonly CompiledInstruction[];
  /** All accounts in order. */
  readonly keys: readonly string[];
}

/** A lookup table: its address and its entries. */
export interface LookupTable {
  readonly address: string;
  readonly entries: readonly string[];
}

/**
 * Compiles the instructions. Accounts stand in Solana's order: writable signers (the payer first), read-only signers, writable,
 * read-only. With a table, accounts that neither sign nor are called at the top are loaded from it where it has them.
 */
export function compileMessage(instructions: readonly Instruction[], payer: string, table?: LookupTable): Message {
  const roles = accountRoles(instructions, payer);
  const called = new Set(instructions.map(({ program }) => program));
  const placeInTable = (address: string): number => called.has(address) ? -1 : table?.entries.indexOf(address) ?? -1;
  const all = [...roles].map(([address, role]) => ({
    address,
    ...role,
    loaded: !role.signer && placeInTable(address) >= 0,
  }));
  const select = (signer: boolean, writable: boolean, loaded: boolean): string[] => (
    all.filter((entry) => entry.signer === signer && entry.writable === writable && entry.loaded === loaded)
      .map(({ address }) => address)
  );
  const [signersWritable, signersReadonly] = [select(true, true, false), select(true, false, false)];
  const [staticWritable, staticReadonly] = [select(false, true, false), select(false, false, false)];
  const loaded = { readonly: select(false, false, true), writable: select(false, true, true) };
  const accountKeys = [...signersWritable, ...signersReadonly, ...staticWritable, ...staticReadonly];
  const keys = [...accountKeys, ...loaded.writable, ...loaded.readonly];
  const places = keyPlaces(keys);
  return {
    header: {
      numReadonlySignedAccounts: signersReadonly.length,
      numReadonlyUnsignedAccounts: staticReadonly.length,
      numRequiredSignatures: signersWritable.length + signersReadonly.length,
    },
    accountKeys,
    loaded,
    lookups: table && keys.length > accountKeys.length
      ? [{
        accountKey: table.address,
        readonlyIndexes: loaded.readonly.map(placeInTable),
        writableIndexes: loaded.writable.map(placeInTable),
      }]
      : [],
    instructions: instructions.map((instruction) => compileInstruction(instruction, places)),
    keys,
  };
}

/** The place of each account in a message's list. */
export function keyPlaces(keys: readonly string[]): ReadonlyMap<string, number> {
  return new Map(keys.map((key, place) => [key, place]));
}

/** One instruction by places. @throws {Error} when the message does not hold one of its accounts. */
export function compileInstruction(
  { program, accounts, data }: Instruction,
  places: ReadonlyMap<string, number>,
): CompiledInstruction {
  const place = (address: string): number => {
    const found = places.get(address);
    if (found === undefined) throw new Error(`Cannot compile instruction of ${program}: no account ${address}`);
    return found;
  };
  return {
    accounts: accounts.map(({ address }) => place(address)),
    data: bs58.encode(data),
    programIdIndex: place(program),
  };
}

/** Every account once, with the strongest role that any instruction gives it; the payer first. */
function accountRoles(
  instructions: readonly Instruction[],
  payer: string,
): Map<string, { signer: boolean; writable: boolean }> {
  const roles = new Map([[payer, { signer: true, writable: true }]]);
  const named = instructions.flatMap(({ accounts }) => accounts);
  const called = instructions.map(({ program }) => ({ address: program, signer: false, writable: false }));
  for (const { address, signer, writable } of [...named, ...called]) {
    const role = roles.get(address) ?? { signer: false, writable: false };
    roles.set(address, { signer: role.signer || signer, writable: role.writable || writable });
  }
  return roles;
}
