import { expect } from "expect";
import { derivedDiscriminator } from "@/lib/chain/idl/discriminator.ts";
import { effectOfName, isAmountName, isHarmlessName } from "@/lib/chain/idl/names.ts";
import { pascalCase, snakeCase, wordsOf } from "@/lib/chain/idl/words.ts";
import { anchorKey, camelCase } from "@/tests/support/idl_format.ts";

/** The whole family of names, in Pascal case as events have them; instructions have the same in snake and camel case. */
const NAMES: Record<string, string> = {
  initialise:
    "VaultInitializedEvent VaultInitialized VaultInitializeEvent InitializeVaultEvent VaultCreated InitVault InitializeUserVault CreateVault OpenVault",
  deposit:
    "DepositEvent Deposit Deposited CollateralDeposited VaultDepositEvent DepositCollateral FundsDeposited UserDeposited",
  withdrawal:
    "WithdrawEvent WithdrawalEvent Withdrawal Withdrawn CollateralWithdrawn WithdrawCollateral FundsWithdrawn Withdraw",
  lock: "LockCollateralEvent LockEvent CollateralLocked Lock VaultLocked LockFunds",
  unlock: "UnlockCollateralEvent UnlockEvent UnLockEvent CollateralUnlocked UnlockFunds UnLockCollateral UnLock",
  transfer: "TransferCollateralEvent TransferEvent CollateralTransferred Transfer VaultTransferEvent",
  fee: "FeeEvent FeeCollected FeeCollectionEvent FeesCollected FeeTransferred CollectFees",
  pause: "VaultPausedEvent VaultPaused SetPaused PauseEvent ProtocolPaused Pause",
  close: "VaultClosed CloseVault VaultClosedEvent",
};

/** Names that are close to the family's and mean something else, or leave open what they mean. */
const STRANGERS =
  "VaultAuthorityInitialized AuthorityInitialized Initialize Initialized ProgramAuthorized AuthorizedProgramAdded " +
  "WithdrawalRequested WithdrawalExecuted MultisigInitialized ToggleLockEvent DepositAndLock LockAndTransfer VaultFrozen Close " +
  "AccountClosed TransferAuthority AdminTransferProposed FeeUpdated SetFee VaultUnpaused Unpause DepositLimitSet Locker Event Vault " +
  "PositionClosed CloseAccount UpdateFee ReLock Un UnDeposit EmergencyWithdraw";

Deno.test("effectOfName() knows the whole family in Pascal, snake and camel case", () => {
  for (const [effect, names] of Object.entries(NAMES)) {
    for (const name of names.split(" ")) {
      for (const spelled of [name, snakeCase(name), camelCase(snakeCase(name))]) {
        expect([spelled, effectOfName(spelled)]).toEqual([spelled, effect]);
      }
    }
  }
});

Deno.test("effectOfName() knows nothing of names that mean something else", () => {
  for (const name of STRANGERS.split(" ")) {
    for (const spelled of [name, snakeCase(name)]) expect([spelled, effectOfName(spelled)]).toEqual([spelled, null]);
  }
});

Deno.test("wordsOf() takes every spelling apart alike", () => {
  for (
    const name of [
      "newTotalBalance",
      "new_total_balance",
      "NewTotalBalance",
      "_new__total_balance_",
      "NEW_TOTAL_BALANCE",
    ]
  ) {
    expect([name, wordsOf(name)]).toEqual([name, ["new", "total", "balance"]]);
  }
  expect(wordsOf("USDTVault")).toEqual(["usdt", "vault"]);
  expect(wordsOf("vaultPDA")).toEqual(["vault", "pda"]);
  expect(wordsOf("amount2Out")).toEqual(["amount2", "out"]);
  expect(wordsOf("UnLockEvent")).toEqual(["unlock", "event"]);
  expect(wordsOf("Un")).toEqual(["un"]);
  expect(wordsOf("")).toEqual([]);
});

Deno.test("derivedDiscriminator() hashes names as Rust has them", () => {
  expect(derivedDiscriminator("instruction", "lockCollateral")).toBe("a1d8877a0c68d365");
  expect(derivedDiscriminator("instruction", "initializeVaultV2")).toBe(anchorKey("global:initialize_vault_v2"));
  expect(derivedDiscriminator("instruction", "setUSDTMint")).toBe(anchorKey("global:set_usdt_mint"));
  expect(derivedDiscriminator("event", "DepositEvent")).toBe("78f83d531f8e6b90");
  expect(derivedDiscriminator("account", "collateralVault")).toBe("13bd5f9b64099f91");
  expect(pascalCase("vault")).toBe("Vault");
});

Deno.test("isAmountName() and isHarmlessName() never both say yes", () => {
  for (const name of ["amount", "usdt_amount", "total_amount", "value", "qty", "quantity", "amountBefore"]) {
    expect([name, isAmountName(name), isHarmlessName(name)]).toEqual([name, true, false]);
  }
  for (const name of ["new_balance", "timestamp", "slot", "total_deposited", "created_at", "nonce", "seq"]) {
    expect([name, isAmountName(name), isHarmlessName(name)]).toEqual([name, false, true]);
  }
  for (const name of ["fee", "total_fee", "tax", "shares", "interest", "yield", "lamports", "delta", "collateral"]) {
    expect([name, isAmountName(name), isHarmlessName(name)]).toEqual([name, false, false]);
  }
});
