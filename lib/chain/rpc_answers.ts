/**
 * Reads what a node answers, field by field. What is not as it should be is an error and never an absence.
 *
 * @module
 */
import { isBase58Of, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./base58.ts";
import { arrayAt, countAt, type JsonObject, Malformed, objectAt, optionalCountAt, stringAt } from "./fields.ts";
import { NotReached } from "./rpc_transport.ts";

/** How sure it is that something stays on the chain. */
export const COMMITMENTS = ["processed", "confirmed", "finalized"] as const;

export type Commitment = typeof COMMITMENTS[number];

/** A transaction that names an address. */
export interface SignatureRow {
  readonly signature: string;
  readonly slot: number;
  /** True: it changed nothing but its payer's lamports. */
  readonly failed: boolean;
  /** Seconds since 1970; null where the node does not know. */
  readonly blockTime: number | null;
  /** Place in its block, from 0; null from nodes before 4.0. */
  readonly transactionIndex: number | null;
  /** What the node says; null when it does not. */
  readonly commitment: Commitment | null;
}

/** A transaction in full. */
export interface NodeTransaction {
  readonly slot: number;
  readonly transactionIndex: number | null;
  /** As `readRawTransaction` takes it. */
  readonly json: JsonObject;
}

/** An account's content. */
export interface NodeAccount {
  /** The program that owns it. */
  readonly owner: string;
  readonly data: Uint8Array;
}

/** Something that held at a slot. */
export interface AtSlot<Value> {
  readonly slot: number;
  readonly value: Value;
}

export interface SignatureStatus {
  readonly slot: number;
  readonly failed: boolean;
  readonly commitment: Commitment;
}

/** What a new transaction names, so that it cannot be run long after it was signed. */
export interface LatestBlockhash {
  /** Base58. */
  readonly blockhash: string;
  /** The height of the last block in which a transaction with it can land. */
  readonly lastValidBlockHeight: number;
}

export interface NodeBlock {
  readonly parentSlot: number;
  /** Seconds since 1970; null where the node does not know. */
  readonly blockTime: number | null;
  /** Of every transaction in it, in order: the place of one is its transaction index. */
  readonly signatures: readonly string[];
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws {NotReached} when the node's slot is before the one that is needed. @throws {Malformed} */
export function readSlot(result: unknown, needed = 0): number {
  const slot = countAt(result, "result");
  if (slot < needed) throw new NotReached(slot, needed);
  return slot;
}

/** Rows, newest first. @throws {Malformed} when there are more than `limit`, or the slots do not fall. */
export function readSignatureRows(result: unknown, limit: number): SignatureRow[] {
  const rows = arrayAt(result, "result").map(readSignatureRow);
  if (rows.length > limit) throw new Malformed("result.length", `at most ${limit}`, rows.length);
  for (const [i, { slot }] of rows.entries()) {
    const newer = rows[i - 1]?.slot ?? Infinity;
    if (slot > newer) throw new Malformed(`result[${i}].slot`, `at most ${newer}, the slot of the row before it`, slot);
  }
  return rows;
}

function readSignatureRow(value: unknown, i: number): SignatureRow {
  const path = `result[${i}]`;
  const row = objectAt(value, path);
  const { confirmationStatus = null } = row;
  return {
    signature: signatureAt(row.signature, `${path}.signature`),
    slot: countAt(row.slot, `${path}.slot`),
    failed: isErrorAt(row, path),
    blockTime: optionalCountAt(row.blockTime, `${path}.blockTime`),
    transactionIndex: optionalCountAt(row.transactionIndex, `${path}.transactionIndex`),
    commitment: confirmationStatus === null ? null : commitmentAt(confirmationStatus, `${path}.confirmationStatus`),
  };
}

/** The transaction of that signature; null when the node says that it knows none. @throws {Malformed} */
export function readTransaction(result: unknown, signature: string): NodeTransaction | null {
  if (result === null) return null;
  const json = objectAt(result, "result");
  const transaction = objectAt(json.transaction, "result.transaction");
  const path = "result.transaction.signatures";
  const told = arrayAt(transaction.signatures, path)[0];
  if (told !== signature) throw new Malformed(`${path}[0]`, signature, told);
  return {
    slot: countAt(json.slot, "result.slot"),
    transactionIndex: optionalCountAt(json.transactionIndex, "result.transactionIndex"),
    json,
  };
}

/**
 * Accounts in the order asked for; null where there is none.
 *
 * @throws {NotReached} when they are of a slot before the one that is needed. @throws {Malformed}
 */
export function readAccounts(result: unknown, count: number, needed: number): AtSlot<(NodeAccount | null)[]> {
  const { slot, value } = readContext(result, needed);
  return {
    slot,
    value: listAt(value, count).map((entry, i) => entry === null ? null : readAccount(entry, `result.value[${i}]`)),
  };
}

/** Addresses of accounts, whose data is not looked at. @throws {NotReached} as {@link readAccounts}. @throws {Malformed} */
export function readAddresses(result: unknown, needed: number): AtSlot<string[]> {
  const { slot, value } = readContext(result, needed);
  return {
    slot,
    value: arrayAt(value, "result.value").map((entry, i) => {
      const path = `result.value[${i}].pubkey`;
      const address = stringAt(objectAt(entry, `result.value[${i}]`).pubkey, path);
      if (!isBase58Of(address, PUBLIC_KEY_BYTES)) throw new Malformed(path, "a public key", address);
      return address;
    }),
  };
}

function readAccount(value: unknown, path: string): NodeAccount {
  const account = objectAt(value, path);
  const [text, encoding] = arrayAt(account.data, `${path}.data`);
  if (encoding !== "base64") throw new Malformed(`${path}.data[1]`, '"base64"', encoding);
  const base64 = stringAt(text, `${path}.data[0]`);
  if (!BASE64.test(base64)) throw new Malformed(`${path}.data[0]`, "base64", base64);
  const data = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const space = optionalCountAt(account.space, `${path}.space`) ?? data.length;
  if (space !== data.length) throw new Malformed(`${path}.space`, `${data.length}, the length of the data`, space);
  return { owner: stringAt(account.owner, `${path}.owner`), data };
}

/** A blockhash and until when it counts. @throws {Malformed} */
export function readBlockhash(result: unknown): LatestBlockhash {
  const { value } = readContext(result, 0);
  const { blockhash, lastValidBlockHeight } = objectAt(value, "result.value");
  const path = "result.value.blockhash";
  const text = stringAt(blockhash, path);
  if (!isBase58Of(text, PUBLIC_KEY_BYTES)) throw new Malformed(path, `base58 of ${PUBLIC_KEY_BYTES} bytes`, text);
  return {
    blockhash: text,
    lastValidBlockHeight: countAt(lastValidBlockHeight, "result.value.lastValidBlockHeight"),
  };
}

/** Statuses in the order asked for; null where the node knows none. @throws {Malformed} */
export function readStatuses(result: unknown, count: number): AtSlot<(SignatureStatus | null)[]> {
  const { slot, value } = readContext(result, 0);
  return {
    slot,
    value: listAt(value, count).map((entry, i) => {
      if (entry === null) return null;
      const path = `result.value[${i}]`;
      const status = objectAt(entry, path);
      return {
        slot: countAt(status.slot, `${path}.slot`),
        failed: isErrorAt(status, path),
        commitment: commitmentAt(status.confirmationStatus, `${path}.confirmationStatus`),
      };
    }),
  };
}

/** @throws {Malformed} */
export function readBlock(result: unknown): NodeBlock {
  const block = objectAt(result, "result");
  return {
    parentSlot: countAt(block.parentSlot, "result.parentSlot"),
    blockTime: optionalCountAt(block.blockTime, "result.blockTime"),
    signatures: arrayAt(block.signatures, "result.signatures").map((signature, i) =>
      signatureAt(signature, `result.signatures[${i}]`)
    ),
  };
}

/** @throws {Malformed} */
export function readVersion(result: unknown): string {
  return stringAt(objectAt(result, "result")["solana-core"], "result.solana-core");
}

function readContext(result: unknown, needed: number): AtSlot<unknown> {
  const answer = objectAt(result, "result");
  const slot = countAt(objectAt(answer.context, "result.context").slot, "result.context.slot");
  if (slot < needed) throw new NotReached(slot, needed);
  return { slot, value: answer.value };
}

function listAt(value: unknown, count: number): readonly unknown[] {
  const list = arrayAt(value, "result.value");
  if (list.length !== count) throw new Malformed("result.value.length", String(count), list.length);
  return list;
}

/** Whether a transaction failed: `err` is an object or a word then, and null otherwise. It is never left out. */
function isErrorAt(entry: JsonObject, path: string): boolean {
  const { err } = entry;
  if (err !== null && typeof err !== "object" && typeof err !== "string") {
    throw new Malformed(`${path}.err`, "null, an object or a string", err);
  }
  return err !== null;
}

function commitmentAt(value: unknown, path: string): Commitment {
  const found = COMMITMENTS.find((commitment) => commitment === value);
  if (found === undefined) throw new Malformed(path, `one of ${COMMITMENTS.join(", ")}`, value);
  return found;
}

function signatureAt(value: unknown, path: string): string {
  const text = stringAt(value, path);
  if (!isBase58Of(text, SIGNATURE_BYTES)) throw new Malformed(path, `base58 of ${SIGNATURE_BYTES} bytes`, text);
  return text;
}
