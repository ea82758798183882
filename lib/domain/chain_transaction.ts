/**
 * A Solana transaction as it was read from a delivery, before the ledger has decided what becomes of it.
 *
 * @module
 */
import type { LedgerEvent } from "./ledger_event.ts";

/** Why a transaction has no effect by itself. Stable: operators and alerts go by them. */
export const READING_CODES = {
  // ignored: nothing of ours
  other_program: "The vault program did not run in it",
  no_vault_event: "The vault program ran, but nothing that the ledger records happened",
  no_instructions: "A test delivery: it names no instructions, so no program ran in it",
  // parked: the sweep has to fetch it
  logs_missing: "The vault program ran, but the delivery carries no logs",
  log_truncated: "The log was cut at Solana's limit, so events may be missing",
  log_inconsistent: "The log's invocations do not nest, so its events cannot be attributed",
  accounts_missing: "The delivery does not carry the accounts that the transaction took from address tables",
  calls_missing: "The delivery does not carry the calls between programs, and the vault program may be among them",
  event_missing: "An instruction that moves balances ran, but no event tells what it did",
  position_unknown: "The delivery does not say where in its block the transaction lies",
  enhanced_form: "An enhanced delivery carries no logs, and its instructions do not prove what happened",
  // quarantined: somebody has to look
  not_json: "The body is not JSON",
  not_utf8: "The body is not UTF-8",
  too_deep: "The body nests deeper than 10 000 arrays and objects",
  too_many_parts: "The body holds more than 500 000 arrays and objects",
  not_an_array: "The body is not an array of transactions",
  too_many_transactions: "The body holds more than 1000 transactions",
  malformed: "A field that must be there is missing or of the wrong kind",
  undecodable_event: "The vault program logged data that is no event of its IDL",
  vault_not_of_owner: "A vault is not at the address that follows from its owner",
  amount_out_of_range: "An amount is larger than 2^63 − 1 base units",
  unexpected_error: "Reading or storing it failed in a way that nobody foresaw",
} as const;

/** One of {@link READING_CODES}. */
export type ReadingCode = keyof typeof READING_CODES;

/** The tokens on one account before and after a transaction, in base units. */
export interface TokenBalanceChange {
  /** Address of the token account. */
  readonly account: string;
  /** Owner of the token account: for a vault's, the vault. */
  readonly owner: string;
  readonly before: bigint;
  readonly after: bigint;
}

/** Where and when a transaction lies on the chain. */
export interface Landing {
  /** First signature of the transaction, base58 of 64 bytes. */
  readonly signature: string;
  readonly slot: number;
  /** Place in its block, from 0; null where the delivery does not say. */
  readonly transactionIndex: number | null;
  /** Seconds since 1970; null where the delivery does not say. Never used for order. */
  readonly blockTime: number | null;
}

/** It ran the vault program, and this is what it did: in order, nothing left out. */
export interface ReadTransaction extends Landing {
  readonly verdict: "read";
  /** True: Solana undid it. The events are what its instructions asked for, and move nothing. */
  readonly failed: boolean;
  readonly events: readonly LedgerEvent[];
  /** Token balances of the vaults in `events`, as far as the delivery carries them. */
  readonly tokenBalances: readonly TokenBalanceChange[];
}

/** It concerns nobody here, must be fetched again, or could not be read. */
export interface UnreadTransaction extends Partial<Landing> {
  readonly verdict: "ignored" | "parked" | "quarantined";
  readonly code: ReadingCode;
  /** What exactly, with the field's name. */
  readonly reason: string;
}

/** One element of a delivery. */
export type ChainTransaction = ReadTransaction | UnreadTransaction;
