/**
 * The compact form of one transaction: one line of the demo chain's log. Everything else about it is computed anew.
 *
 * @module
 */

/** TransferCollateral's reasons; the number on the chain is the place in this list. */
export const TRANSFER_REASONS = ["Settlement", "Liquidation", "FeeCollection", "InsuranceFund", "Other"] as const;

export type TransferReason = typeof TRANSFER_REASONS[number];

/** An instruction of the vault program. People are named by their wallet; amounts are base units of USDT. */
export type VaultStep =
  & (
    | { readonly kind: "initialize_vault_authority"; readonly admin: string }
    | {
      readonly kind: "add_authorized_program" | "remove_authorized_program";
      readonly admin: string;
      readonly target: string;
    }
    | { readonly kind: "set_paused"; readonly admin: string; readonly paused: boolean }
    | { readonly kind: "initialize_vault"; readonly user: string }
    | { readonly kind: "deposit" | "withdraw"; readonly user: string; readonly amount: bigint }
    | {
      readonly kind: "lock_collateral" | "unlock_collateral";
      readonly authority: string;
      readonly owner: string;
      readonly amount: bigint;
    }
    | {
      readonly kind: "transfer_collateral";
      readonly authority: string;
      readonly from: string;
      readonly to: string;
      readonly amount: bigint;
      readonly reason: TransferReason;
    }
  )
  & {
    /** The program that calls the vault program; absent when the transaction calls it itself. */
    readonly through?: string;
  };

/** An instruction of another program. */
export type ForeignStep =
  | { readonly kind: "memo"; readonly signer: string; readonly text: string }
  /** SPL TransferChecked from a wallet's associated token account to any USDT account. */
  | { readonly kind: "token_transfer"; readonly from: string; readonly to: string; readonly amount: bigint }
  | { readonly kind: "lamports_transfer"; readonly from: string; readonly to: string; readonly lamports: number }
  /** Any other program that reads accounts and may log bytes (base64) as an event of its own. */
  | {
    readonly kind: "other_program";
    readonly program: string;
    readonly signer: string;
    readonly reads: readonly string[];
    readonly log: string | null;
  };

export type Step = VaultStep | ForeignStep;

/** What a transaction is made of before it has a place on the chain. */
export interface TransactionDraft {
  /** The fee payer and first signer. */
  readonly payer: string;
  readonly version: "legacy" | 0 | 1;
  /** Compute units asked for, and micro-lamports paid for each; absent means the default of 200 000 an instruction. */
  readonly budget?: { readonly units: number; readonly price: number };
  readonly steps: readonly Step[];
  /** The message as a wallet signed it, base64; absent for what the demo itself makes, whose message follows from its steps. */
  readonly message?: string;
}

/** A transaction on the chain. */
export interface TransactionRecord extends TransactionDraft {
  readonly slot: number;
  /** Its place in the block. */
  readonly index: number;
  /** The block's time in Unix seconds. */
  readonly time: number;
  /** One for each signer, base58. Those of what the demo itself makes are 64 seeded bytes, and verify against nothing. */
  readonly signatures: readonly string[];
}

/** What a record was before it had its place: landing it again gives it another. */
export function draftOf({ payer, version, budget, steps, message }: TransactionRecord): TransactionDraft {
  return { payer, version, ...(budget ? { budget } : {}), steps, ...(message === undefined ? {} : { message }) };
}

/** True when the step calls the vault program. */
export function isVaultStep(step: Step): step is VaultStep {
  return !["memo", "token_transfer", "lamports_transfer", "other_program"].includes(step.kind);
}

/** The record as one line of JSON without a line end. Amounts become decimal strings. */
export function recordLine(record: TransactionRecord): string {
  return JSON.stringify(record, (_key, value) => typeof value === "bigint" ? value.toString() : value);
}

/** The record of a line. @throws {SyntaxError} when the line is no JSON. */
export function parseRecord(line: string): TransactionRecord {
  return JSON.parse(line, (key, value) => key === "amount" ? BigInt(value) : value);
}

/** A line that says that the chain left a fork: nothing of what came before it in slots above this one holds any more. */
export function forkLine(lastSlot: number): string {
  return JSON.stringify({ dropped_above: lastSlot });
}

/** The last slot that holds, when the line is one of {@link forkLine}; else null. */
export function parseForkLine(line: string): number | null {
  return line.startsWith('{"dropped_above":') ? JSON.parse(line).dropped_above : null;
}
