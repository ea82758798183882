/**
 * The ways in which an instruction of the vault program fails, and the log line that each leaves.
 *
 * @module
 */

/** Why an instruction failed. The transaction then changes nothing but its payer's lamports. */
export interface Refusal {
  /** The custom error number that ends up in `meta.err`. */
  readonly code: number;
  /** True when not the program itself failed but the first program that it called. */
  readonly inCall: boolean;
  /** The `Program log:` text of whoever failed. */
  readonly log: string;
}

/** The program's own errors; Anchor numbers them from 6000 in this order. */
const ERRORS = [
  ["InvalidAmount", "The amount must be greater than zero"],
  ["InsufficientBalance", "The available balance is too small"],
  ["InsufficientLockedBalance", "The locked balance is too small"],
  ["Unauthorized", "The signer is not an authorized program authority"],
  ["Paused", "The vault program is paused"],
  ["MathOverflow", "A balance would overflow"],
  ["SameVault", "Source and destination are the same vault"],
  ["TooManyPrograms", "The list of authorized programs is full"],
] as const;

export type VaultErrorName = typeof ERRORS[number][0];

/** A failure by one of the program's own errors. */
export function vaultError(name: VaultErrorName): Refusal {
  const place = ERRORS.findIndex(([known]) => known === name);
  const message = ERRORS[place]?.[1] ?? "";
  const line = 61 + 17 * place;
  return {
    code: 6000 + place,
    inCall: false,
    log: `AnchorError thrown in programs/collateral_vault/src/lib.rs:${line}. Error Code: ${name}. ` +
      `Error Number: ${6000 + place}. Error Message: ${message}.`,
  };
}

/** Anchor's own error for an account that its program has not made yet. */
export function notInitialized(account: "vault" | "from_vault" | "to_vault" | "vault_authority"): Refusal {
  return {
    code: 3012,
    inCall: false,
    log: `AnchorError caused by account: ${account}. Error Code: AccountNotInitialized. Error Number: 3012. ` +
      "Error Message: The program expected this account to be already initialized.",
  };
}

/** The token program's answer to a transfer of more than there is. */
export const INSUFFICIENT_FUNDS: Refusal = { code: 1, inCall: true, log: "Error: insufficient funds" };

/** The system program's answer to making an account twice. */
export function alreadyInUse(address: string): Refusal {
  return { code: 0, inCall: true, log: `Allocate: account Address { address: ${address}, base: None } already in use` };
}
