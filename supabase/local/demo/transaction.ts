/**
 * Renders a record into the forms in which Helius and a Solana node show a transaction.
 *
 * @module
 */
import { accountAt } from "./accounts.ts";
import { type AddressBook, ASSOCIATED_TOKEN_PROGRAM, LOOKUP_TABLE, SYSTEM_PROGRAM, TOKEN_PROGRAM } from "./address.ts";
import { traceCalls } from "./calls.ts";
import { type Execution } from "./execute.ts";
import { draftInstructions } from "./instructions.ts";
import { innerInstructions, writeLogs } from "./logs.ts";
import { type CompiledInstruction, compileInstruction, compileMessage, keyPlaces, type Message } from "./message.ts";
import { createRandom } from "./random.ts";
import type { TransactionDraft, TransactionRecord } from "./record.ts";
import type { ChainState } from "./state.ts";
import { type TokenBalance, tokenBalances } from "./token_balance.ts";
import { readMessage } from "./wire.ts";

/** `meta.err`. */
export type TransactionError = { readonly InstructionError: readonly [number, { readonly Custom: number }] };

/** The compute budget inside a version-1 message (SIMD-0385). `priorityFee` is in lamports. */
export interface TransactionConfig {
  readonly computeUnitLimit: number | null;
  readonly heapSize: number | null;
  readonly loadedAccountsDataSizeLimit: number | null;
  readonly priorityFee: number | null;
}

/** Everything that the forms of one transaction have in common. */
export interface RenderedTransaction {
  readonly record: TransactionRecord;
  readonly message: Message;
  readonly config: TransactionConfig | null;
  readonly err: TransactionError | null;
  readonly fee: number;
  readonly inner: readonly {
    readonly index: number;
    readonly instructions: readonly (CompiledInstruction & { readonly depth: number })[];
  }[];
  readonly logs: readonly string[];
  readonly unitsConsumed: number;
  /** Lamports of each account, before and after. */
  readonly lamports: { readonly pre: readonly number[]; readonly post: readonly number[] };
  readonly tokens: { readonly pre: readonly TokenBalance[]; readonly post: readonly TokenBalance[] };
  readonly recentBlockhash: string;
}

/** The message of a draft: the one that was signed, or the one that its steps make. The lookup table of version 0 holds what the state knows of, and grows with it. */
export function draftMessage(draft: TransactionDraft, state: ChainState, book: AddressBook): Message {
  if (draft.message !== undefined) return readMessage(Uint8Array.fromBase64(draft.message));
  const table = draft.version === 0 ? { address: LOOKUP_TABLE, entries: tableEntries(state, book) } : undefined;
  return compileMessage(draftInstructions(draft, book), draft.payer, table);
}

/** Renders a transaction that ran as `execution` says. Numbers that nothing depends on follow from its signature. */
export function renderTransaction(
  record: TransactionRecord,
  execution: Execution,
  book: AddressBook,
  recentBlockhash: string,
): RenderedTransaction {
  const message = draftMessage(record, execution.before, book);
  const places = keyPlaces(message.keys);
  const calls = traceCalls(record, execution, book, createRandom(`units/${record.signatures[0]}`));
  const { lines, consumed } = writeLogs(calls, record.budget?.units ?? 200_000 * record.steps.length);
  const inner = calls.flatMap((call, index) => {
    const instructions = innerInstructions(call).map(({ instruction, depth }) => (
      { ...compileInstruction(instruction, places), depth }
    ));
    return instructions.length > 0 ? [{ index, instructions }] : [];
  });
  const { before, after, error } = execution;
  const lamports = (state: ChainState): number[] => (
    message.keys.map((key) => accountAt(state, book, key)?.lamports ?? 0)
  );
  return {
    record,
    message,
    config: record.version === 1 ? transactionConfig(record) : null,
    err: error && { InstructionError: [error.instruction, { Custom: error.code }] },
    fee: execution.fee,
    inner,
    logs: lines,
    unitsConsumed: consumed,
    lamports: { pre: lamports(before), post: lamports(after) },
    tokens: { pre: tokenBalances(before, message.keys, book), post: tokenBalances(after, message.keys, book) },
    recentBlockhash,
  };
}

/** Entries that a lookup table has room for. */
const TABLE_MAX = 256;

/** What version-0 transactions may load, in an order that never changes. */
function tableEntries(state: ChainState, book: AddressBook): string[] {
  const fixed = [
    book.authority.address,
    book.mint,
    TOKEN_PROGRAM,
    ASSOCIATED_TOKEN_PROGRAM,
    SYSTEM_PROGRAM,
    book.program,
  ];
  const entries = [...fixed];
  for (const { address, tokenAccount } of state.vaults.values()) {
    if (entries.length >= TABLE_MAX) break;
    entries.push(address, tokenAccount);
  }
  return entries.slice(0, TABLE_MAX);
}

function transactionConfig({ budget }: TransactionRecord): TransactionConfig {
  const priorityFee = budget ? Math.ceil((budget.units * budget.price) / 1_000_000) : null;
  return {
    computeUnitLimit: budget?.units ?? null,
    heapSize: null,
    loadedAccountsDataSizeLimit: 262_144,
    priorityFee,
  };
}
