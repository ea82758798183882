/**
 * Public programs that implement the vault, described by hand from what they declare, each with its source. Only names, order and types
 * of fields are taken; where a source shows no accounts of an instruction, those of the default program stand in.
 *
 * @module
 */
import type { Program } from "./idl_format.ts";

const INSTRUCTIONS = {
  initialize_vault: "user vault(pda) usdt_mint vault_token_account system_program token_program",
  deposit: "user vault(pda) user_token_account vault_token_account token_program | amount:u64",
  withdraw: "user vault(pda) user_token_account vault_token_account token_program | amount:u64",
};
const LOCKING = {
  lock_collateral: "authority vault vault_authority | amount:u64",
  unlock_collateral: "authority vault vault_authority | amount:u64",
  transfer_collateral: "authority from_vault from_token_account to_vault to_token_account vault_authority | amount:u64",
};
const VAULT = "owner:pubkey token_account:pubkey total_balance:u64 locked_balance:u64 available_balance:u64 " +
  "total_deposited:u64 total_withdrawn:u64 created_at:i64 bump:u8";

/** The programs by a name of ours. */
export const VAULT_PROGRAMS = {
  standard: {
    source: "sahilgoswami0901/GoQuant-Project, and the layout that Vaultbook takes as the default",
    seed: "vault",
    instructions: {
      ...INSTRUCTIONS,
      ...LOCKING,
      transfer_collateral: `${LOCKING.transfer_collateral} reason:TransferReason`,
      initialize_vault_authority: "admin vault_authority system_program",
      set_paused: "admin vault_authority | is_paused:bool",
    },
    events: {
      VaultInitializedEvent: "owner:pubkey vault:pubkey token_account:pubkey timestamp:i64",
      DepositEvent: "user:pubkey vault:pubkey amount:u64 new_balance:u64 timestamp:i64",
      WithdrawEvent: "user:pubkey vault:pubkey amount:u64 remaining_balance:u64 timestamp:i64",
      LockCollateralEvent:
        "user:pubkey vault:pubkey amount:u64 new_locked_balance:u64 new_available_balance:u64 locked_by:pubkey timestamp:i64",
      UnlockCollateralEvent:
        "user:pubkey vault:pubkey amount:u64 new_locked_balance:u64 new_available_balance:u64 unlocked_by:pubkey timestamp:i64",
      TransferCollateralEvent:
        "from_vault:pubkey to_vault:pubkey amount:u64 transferred_by:pubkey reason:TransferReason timestamp:i64",
      VaultPausedEvent: "is_paused:bool admin:pubkey timestamp:i64",
    },
    accounts: {
      CollateralVault: VAULT,
      VaultAuthority: "admin:pubkey authorized_programs:vec<pubkey> bump:u8 is_paused:bool last_updated:i64",
    },
    enums: { TransferReason: "Settlement Liquidation FeeCollection InsuranceFund Other" },
  },
  quant: {
    source: "satyam455/quant, programs/collateral_vault/src/events.rs and state.rs",
    seed: "vault",
    instructions: { ...INSTRUCTIONS, ...LOCKING },
    events: {
      VaultInitialized: "user:pubkey vault:pubkey amount:u64 timestamp:i64",
      DepositEvent: "user:pubkey amount:u64 new_balance:u64 timestamp:i64",
      WithdrawEvent: "user:pubkey amount:u64 new_balance:u64 timestamp:i64",
      CollateralLocked: "user:pubkey amount:u64 new_locked_balance:u64 timestamp:i64",
      CollateralUnlocked: "user:pubkey amount:u64 new_available_balance:u64 timestamp:i64",
      CollateralTransferred: "from_vault:pubkey to_vault:pubkey amount:u64 timestamp:i64",
    },
    accounts: { CollateralVault: `${VAULT} authority:pubkey` },
  },
  old: {
    source: "the IDL of before 0.30 of program G3X2RzKbyUTK3dQSHCozvbAAcs4MsdnUnbamFPnEeaW8; seeds from its Rust",
    seed: "vault_v1",
    instructions: {
      initialize_vault: "user vault(pda) vault_token_account usdt_mint token_program system_program",
      deposit: "user vault(pda) user_token_account vault_token_account token_program | amount:u64",
      withdraw: "user vault owner user_token_account vault_token_account token_program | amount:u64",
      lock_collateral: "vault | amount:u64",
      unlock_collateral: "vault | amount:u64",
      transfer_collateral: "from_owner to_owner from_vault to_vault system_program | amount:u64",
    },
    events: {
      InitializeVaultEvent: "vault:pubkey owner:pubkey token_mint:pubkey vault_token_account:pubkey timestamp:i64",
      DepositEvent: "user:pubkey amount:u64 new_balance:u64 timestamp:i64",
      WithdrawEvent: "user:pubkey amount:u64 timestamp:i64",
      LockEvent: "vault:pubkey amount:u64 timestamp:i64",
      UnlockEvent: "vault:pubkey amount:u64 timestamp:i64",
      TransferEvent: "from:pubkey to:pubkey amount:u64 timestamp:i64",
    },
    accounts: { CollateralVault: VAULT.replace("token_account", "usdt_mint:pubkey token_account") },
  },
  users: {
    source: "program Fwfy9VwuzRqhQoCh4pk9JJ3dpBdTipUMPLVByCLWp6hf, programs/collateral_vault/src/lib.rs",
    instructions: {
      ...INSTRUCTIONS,
      lock_collateral: "vault vault_authority caller_program | amount:u64",
      unlock_collateral: "vault vault_authority caller_program | amount:u64",
      transfer_collateral: "from_vault to_vault mint vault_authority caller_program token_program | amount:u64",
    },
    events: {
      VaultInitialized: "user:pubkey vault:pubkey timestamp:i64",
      DepositEvent: "user:pubkey vault:pubkey amount:u64 new_balance:u64 timestamp:i64",
      WithdrawEvent: "user:pubkey vault:pubkey amount:u64 new_balance:u64 timestamp:i64",
      LockEvent: "user:pubkey vault:pubkey amount:u64 locked_balance:u64 timestamp:i64",
      UnlockEvent: "user:pubkey vault:pubkey amount:u64 locked_balance:u64 timestamp:i64",
      TransferEvent: "from_user:pubkey to_user:pubkey from_vault:pubkey to_vault:pubkey amount:u64 timestamp:i64",
    },
    accounts: { CollateralVault: VAULT, VaultAuthority: "authorized_programs:vec<pubkey> bump:u8" },
  },
  closing: {
    source: "program G6TF8EdpP7gKwfPmNEhMLU7E34X5Fr3ujpAMdCzwHz8R, programs/collateral_vault/src/lib.rs",
    seed: "vault",
    instructions: {
      ...INSTRUCTIONS,
      lock_collateral: "signer vault vault_authority | amount:u64",
      close_vault: "user vault(pda) vault_token_account",
    },
    events: {
      VaultInitialized: "user:pubkey vault:pubkey token_mint:pubkey timestamp:i64",
      DepositEvent: "user:pubkey vault:pubkey amount:u64 new_balance:u64 timestamp:i64",
      WithdrawEvent: "user:pubkey vault:pubkey amount:u64 new_balance:u64 timestamp:i64",
      LockEvent: "vault:pubkey amount:u64 locked_balance:u64 available_balance:u64 caller:pubkey timestamp:i64",
      UnlockEvent: "vault:pubkey amount:u64 locked_balance:u64 available_balance:u64 caller:pubkey timestamp:i64",
      TransferEvent: "from_vault:pubkey to_vault:pubkey amount:u64 caller:pubkey timestamp:i64",
      VaultClosed: "user:pubkey vault:pubkey timestamp:i64",
      AuthorityInitialized: "admin:pubkey authority:pubkey authorized_programs:vec<pubkey> timestamp:i64",
      ProgramAuthorized: "admin:pubkey program:pubkey timestamp:i64",
    },
    accounts: { CollateralVault: `${VAULT} token_mint:pubkey` },
  },
  sourced: {
    source:
      "a public program whose transfers name source_vault and destination_vault, lib.rs with VaultInactive among its errors",
    instructions: INSTRUCTIONS,
    events: {
      VaultInitialized: "user:pubkey vault:pubkey token_account:pubkey timestamp:i64",
      DepositEvent: "user:pubkey vault:pubkey amount:u64 new_total_balance:u64 new_available_balance:u64 timestamp:i64",
      WithdrawEvent:
        "user:pubkey vault:pubkey amount:u64 new_total_balance:u64 new_available_balance:u64 timestamp:i64",
      CollateralLocked:
        "user:pubkey vault:pubkey amount:u64 new_available_balance:u64 new_locked_balance:u64 timestamp:i64",
      CollateralUnlocked:
        "user:pubkey vault:pubkey amount:u64 new_available_balance:u64 new_locked_balance:u64 timestamp:i64",
      CollateralTransferred:
        "source_user:pubkey destination_user:pubkey source_vault:pubkey destination_vault:pubkey amount:u64 timestamp:i64",
    },
  },
  terse: {
    source: "h-wal/collateral_vault_contract_solana, with the event structs of its indexer",
    seed: "vault",
    instructions: {
      ...INSTRUCTIONS,
      initialize_vault: "user vault(pda) mint vault_ata system_program | vault_bump:u8",
      lock_collateral: "caller_program vault vault_authority | amount:u64",
    },
    events: {
      VaultAuthorityInitialized: "admin:pubkey",
      VaultInitialized: "vault:pubkey owner:pubkey mint:pubkey timestamp:i64",
      DepositEvent: "user:pubkey amount:u64 new_balance:u64 timestamp:i64",
      CollateralWithdrawn: "vault:pubkey user:pubkey amount:u64",
      CollateralLocked: "vault:pubkey amount:u64",
      CollateralUnlocked: "vault:pubkey amount:u64",
      CollateralTransferred: "from:pubkey to:pubkey amount:u64",
    },
  },
  spelled: {
    source: "a public program with VaultInitializeEvent and UnLockEvent in src/states/events.rs",
    instructions: INSTRUCTIONS,
    events: {
      VaultInitializeEvent: "user:pubkey vault:pubkey token_account:pubkey timestamp:i64",
      DepositEvent: "user:pubkey vault:pubkey amount:u64 new_total_balance:u64 new_available_balance:u64 timestamp:i64",
      WithdrawalEvent: "user:pubkey vault:pubkey amount:u64 timestamp:i64",
      LockEvent: "vault:pubkey amount:u64 total_locked_balance:u64 total_available_balance:u64 timestamp:i64",
      UnLockEvent: "vault:pubkey amount:u64 new_locked_balance:u64 new_available_balance:u64 timestamp:i64",
      TransferEvent: "from_vault:pubkey to_vault:pubkey amount:u64 timestamp:i64",
    },
  },
  multisig: {
    source: "a public collateral vault with multisig and timelock: events of its state.rs and events.rs",
    instructions: INSTRUCTIONS,
    events: {
      VaultInitialized: "user:pubkey vault:pubkey token_account:pubkey timestamp:i64",
      DepositEvent: "user:pubkey amount:u64 new_balance:u64 timestamp:i64",
      LockEvent: "user:pubkey amount:u64 locked_balance:u64 available_balance:u64 timestamp:i64",
      WithdrawalRequested: "user:pubkey vault:pubkey amount:u64 available_at:i64 timestamp:i64",
      WithdrawalExecuted: "user:pubkey vault:pubkey amount:u64 timestamp:i64",
      MultisigInitialized: "vault:pubkey threshold:u8 signer_count:u8 timestamp:i64",
    },
  },
  school: {
    source: "zanejar1/School-of-Solana-Tasks, task3/programs/on-chain-vault/src/events.rs",
    instructions: INSTRUCTIONS,
    events: {
      InitializeVaultEvent: "vault:pubkey vault_authority:pubkey locked:bool",
      DepositEvent: "amount:u64 user:pubkey vault:pubkey",
      WithdrawEvent: "amount:u64 vault_authority:pubkey vault:pubkey",
      ToggleLockEvent: "vault:pubkey vault_authority:pubkey locked:bool",
    },
  },
} as const satisfies Record<string, Program>;
