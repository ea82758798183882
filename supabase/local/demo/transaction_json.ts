/**
 * A rendered transaction as JSON: Helius' raw item and a node's `getTransaction` answer. The key sets differ, and each is kept.
 *
 * @module
 */
import type { CompiledInstruction, MessageHeader, TableLookup } from "./message.ts";
import { type TokenBalanceJson, tokenBalanceJson } from "./token_balance.ts";
import type { RenderedTransaction, TransactionConfig, TransactionError } from "./transaction.ts";

/** One entry of a raw webhook delivery. Keys are in Helius' order, which is alphabetical. */
export interface RawItem {
  readonly blockTime: number;
  readonly indexWithinBlock: number;
  readonly meta: {
    readonly err: TransactionError | null;
    readonly fee: number;
    readonly innerInstructions: readonly {
      readonly index: number;
      readonly instructions: readonly CompiledInstruction[];
    }[];
    readonly loadedAddresses: { readonly readonly: readonly string[]; readonly writable: readonly string[] };
    readonly logMessages: readonly string[];
    readonly postBalances: readonly number[];
    readonly postTokenBalances: readonly TokenBalanceJson[];
    readonly preBalances: readonly number[];
    readonly preTokenBalances: readonly TokenBalanceJson[];
    readonly rewards: readonly never[];
  };
  readonly slot: number;
  readonly transaction: {
    readonly message: {
      readonly accountKeys: readonly string[];
      /** Null unless the version is 0. */
      readonly addressTableLookups: readonly TableLookup[] | null;
      readonly header: MessageHeader;
      readonly instructions: readonly CompiledInstruction[];
      readonly recentBlockhash: string;
      /** Present in version 1 only. */
      readonly transactionConfig?: TransactionConfig;
    };
    readonly signatures: readonly string[];
  };
  readonly version: "legacy" | 0 | 1;
}

/** The transaction as one entry of a raw webhook delivery. */
export function rawItem(rendered: RenderedTransaction): RawItem {
  const { record, message, config, lamports, tokens } = rendered;
  const single = { single: true };
  return {
    blockTime: record.time,
    indexWithinBlock: record.index,
    meta: {
      err: rendered.err,
      fee: rendered.fee,
      innerInstructions: rendered.inner.map(({ index, instructions }) => ({
        index,
        instructions: instructions.map(({ accounts, data, programIdIndex }) => ({ accounts, data, programIdIndex })),
      })),
      loadedAddresses: message.loaded,
      logMessages: rendered.logs,
      postBalances: lamports.post,
      postTokenBalances: tokens.post.map((balance) => tokenBalanceJson(balance, single)),
      preBalances: lamports.pre,
      preTokenBalances: tokens.pre.map((balance) => tokenBalanceJson(balance, single)),
      rewards: [],
    },
    slot: record.slot,
    transaction: {
      message: {
        accountKeys: message.accountKeys,
        addressTableLookups: record.version === 0 ? message.lookups : null,
        header: message.header,
        instructions: message.instructions,
        recentBlockhash: rendered.recentBlockhash,
        ...(config ? { transactionConfig: config } : {}),
      },
      signatures: record.signatures,
    },
    version: record.version,
  };
}

/**
 * The transaction as a node answers `getTransaction` with encoding `json`.
 *
 * @param versioned false when the request named no maxSupportedTransactionVersion: `version` and `loadedAddresses` are then left out.
 */
export function nodeTransaction(rendered: RenderedTransaction, versioned: boolean): Record<string, unknown> {
  const { record, message, config, lamports, tokens, err } = rendered;
  const single = { single: false };
  return {
    blockTime: record.time,
    meta: {
      computeUnitsConsumed: rendered.unitsConsumed,
      err,
      fee: rendered.fee,
      innerInstructions: rendered.inner.map(({ index, instructions }) => ({
        index,
        instructions: instructions.map(({ depth, ...instruction }) => ({ ...instruction, stackHeight: depth })),
      })),
      ...(versioned ? { loadedAddresses: message.loaded } : {}),
      logMessages: rendered.logs,
      postBalances: lamports.post,
      postTokenBalances: tokens.post.map((balance) => tokenBalanceJson(balance, single)),
      preBalances: lamports.pre,
      preTokenBalances: tokens.pre.map((balance) => tokenBalanceJson(balance, single)),
      rewards: [],
      status: err ? { Err: err } : { Ok: null },
    },
    slot: record.slot,
    transaction: {
      message: {
        accountKeys: message.accountKeys,
        ...(record.version === 0 ? { addressTableLookups: message.lookups } : {}),
        header: message.header,
        instructions: message.instructions.map((instruction) => ({ ...instruction, stackHeight: 1 })),
        recentBlockhash: rendered.recentBlockhash,
        ...(config ? { transactionConfig: config } : {}),
      },
      signatures: record.signatures,
    },
    transactionIndex: record.index,
    ...(versioned ? { version: record.version } : {}),
  };
}
