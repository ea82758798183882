/**
 * What the events of the public programs mean, read from their Rust by hand.
 *
 * @module
 */
import type { VAULT_PROGRAMS } from "@/tests/support/vault_programs.ts";

/** Why an event with a name of its own is not understood. */
const NOTHING = "? its name says nothing that the ledger knows";

/** What each event means: its effect and parts as `part=field`, or `effect? why not`. */
export const MEANINGS: Record<keyof typeof VAULT_PROGRAMS, Record<string, string>> = {
  standard: {
    VaultInitializedEvent: "initialise at=timestamp owner token_account vault",
    DepositEvent: "deposit amount at=timestamp owner=user total_after=new_balance vault",
    WithdrawEvent: "withdrawal amount at=timestamp owner=user total_after=remaining_balance vault",
    LockCollateralEvent:
      "lock amount at=timestamp authority=locked_by available_after=new_available_balance locked_after=new_locked_balance owner=user vault",
    UnlockCollateralEvent:
      "unlock amount at=timestamp authority=unlocked_by available_after=new_available_balance locked_after=new_locked_balance owner=user vault",
    TransferCollateralEvent: "transfer amount at=timestamp authority=transferred_by reason to_vault vault=from_vault",
    VaultPausedEvent: "pause at=timestamp authority=admin paused=is_paused",
  },
  quant: {
    VaultInitialized: "initialise? amount could be money, and has no part in it",
    DepositEvent: "deposit amount at=timestamp owner=user total_after=new_balance",
    WithdrawEvent: "withdrawal amount at=timestamp owner=user total_after=new_balance",
    CollateralLocked: "lock amount at=timestamp locked_after=new_locked_balance owner=user",
    CollateralUnlocked: "unlock amount at=timestamp available_after=new_available_balance owner=user",
    CollateralTransferred: "transfer amount at=timestamp to_vault vault=from_vault",
  },
  old: {
    InitializeVaultEvent: "initialise at=timestamp owner token_account=vault_token_account vault",
    DepositEvent: "deposit amount at=timestamp owner=user total_after=new_balance",
    WithdrawEvent: "withdrawal amount at=timestamp owner=user",
    LockEvent: "lock amount at=timestamp vault",
    UnlockEvent: "unlock amount at=timestamp vault",
    TransferEvent: "transfer amount at=timestamp to_vault=to vault=from",
  },
  users: {
    VaultInitialized: "initialise at=timestamp owner=user vault",
    DepositEvent: "deposit amount at=timestamp owner=user total_after=new_balance vault",
    WithdrawEvent: "withdrawal amount at=timestamp owner=user total_after=new_balance vault",
    LockEvent: "lock amount at=timestamp locked_after=locked_balance owner=user vault",
    UnlockEvent: "unlock amount at=timestamp locked_after=locked_balance owner=user vault",
    TransferEvent: "transfer amount at=timestamp to_vault vault=from_vault",
  },
  closing: {
    VaultInitialized: "initialise at=timestamp owner=user vault",
    DepositEvent: "deposit amount at=timestamp owner=user total_after=new_balance vault",
    WithdrawEvent: "withdrawal amount at=timestamp owner=user total_after=new_balance vault",
    LockEvent:
      "lock amount at=timestamp authority=caller available_after=available_balance locked_after=locked_balance vault",
    UnlockEvent:
      "unlock amount at=timestamp authority=caller available_after=available_balance locked_after=locked_balance vault",
    TransferEvent: "transfer amount at=timestamp authority=caller to_vault vault=from_vault",
    VaultClosed: "close at=timestamp owner=user vault",
    AuthorityInitialized: NOTHING,
    ProgramAuthorized: NOTHING,
  },
  sourced: {
    VaultInitialized: "initialise at=timestamp owner=user token_account vault",
    DepositEvent: "deposit amount at=timestamp owner=user total_after=new_total_balance vault",
    WithdrawEvent: "withdrawal amount at=timestamp owner=user total_after=new_total_balance vault",
    CollateralLocked:
      "lock amount at=timestamp available_after=new_available_balance locked_after=new_locked_balance owner=user vault",
    CollateralUnlocked:
      "unlock amount at=timestamp available_after=new_available_balance locked_after=new_locked_balance owner=user vault",
    CollateralTransferred: "transfer amount at=timestamp to_vault=destination_vault vault=source_vault",
  },
  terse: {
    VaultAuthorityInitialized: NOTHING,
    VaultInitialized: "initialise at=timestamp owner vault",
    DepositEvent: "deposit amount at=timestamp owner=user total_after=new_balance",
    CollateralWithdrawn: "withdrawal amount owner=user vault",
    CollateralLocked: "lock amount vault",
    CollateralUnlocked: "unlock amount vault",
    CollateralTransferred: "transfer amount to_vault=to vault=from",
  },
  spelled: {
    VaultInitializeEvent: "initialise at=timestamp owner=user token_account vault",
    DepositEvent: "deposit amount at=timestamp owner=user total_after=new_total_balance vault",
    WithdrawalEvent: "withdrawal amount at=timestamp owner=user vault",
    LockEvent:
      "lock amount at=timestamp available_after=total_available_balance locked_after=total_locked_balance vault",
    UnLockEvent:
      "unlock amount at=timestamp available_after=new_available_balance locked_after=new_locked_balance vault",
    TransferEvent: "transfer amount at=timestamp to_vault vault=from_vault",
  },
  multisig: {
    VaultInitialized: "initialise at=timestamp owner=user token_account vault",
    DepositEvent: "deposit? nothing is named as vault",
    LockEvent: "lock? nothing is named as vault",
    WithdrawalRequested: NOTHING,
    WithdrawalExecuted: NOTHING,
    MultisigInitialized: NOTHING,
  },
  school: {
    InitializeVaultEvent: "initialise? nothing is named as owner",
    DepositEvent: "deposit amount owner=user vault",
    WithdrawEvent: "withdrawal? nothing is named as owner",
    ToggleLockEvent: NOTHING,
  },
};
