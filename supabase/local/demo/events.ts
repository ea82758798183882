/**
 * The vault program's events and their bytes, by the table in CHAIN.md.
 *
 * @module
 */
import { borsh, type BorshValue, discriminator } from "./borsh.ts";
import { TRANSFER_REASONS, type TransferReason } from "./record.ts";

/** An event. Keys are base58, amounts base units of USDT, timestamps Unix seconds. */
export type VaultEvent =
  | { name: "VaultInitializedEvent"; owner: string; vault: string; tokenAccount: string; timestamp: number }
  | { name: "DepositEvent"; user: string; vault: string; amount: bigint; newBalance: bigint; timestamp: number }
  | { name: "WithdrawEvent"; user: string; vault: string; amount: bigint; remainingBalance: bigint; timestamp: number }
  | {
    name: "LockCollateralEvent" | "UnlockCollateralEvent";
    user: string;
    vault: string;
    amount: bigint;
    newLockedBalance: bigint;
    newAvailableBalance: bigint;
    /** `locked_by` or `unlocked_by`. */
    by: string;
    timestamp: number;
  }
  | {
    name: "TransferCollateralEvent";
    fromVault: string;
    toVault: string;
    amount: bigint;
    transferredBy: string;
    reason: TransferReason;
    timestamp: number;
  }
  | { name: "VaultPausedEvent"; isPaused: boolean; admin: string; timestamp: number };

/** The bytes that `emit!` logs: discriminator and borsh fields. */
export function encodeEvent(event: VaultEvent): Uint8Array {
  return borsh({ bytes: discriminator("event", event.name) }, ...fields(event), { i64: event.timestamp });
}

/** The fields between the discriminator and the timestamp, in the order of CHAIN.md. */
function fields(event: VaultEvent): BorshValue[] {
  switch (event.name) {
    case "VaultInitializedEvent":
      return [{ key: event.owner }, { key: event.vault }, { key: event.tokenAccount }];
    case "DepositEvent":
      return [{ key: event.user }, { key: event.vault }, { u64: event.amount }, { u64: event.newBalance }];
    case "WithdrawEvent":
      return [{ key: event.user }, { key: event.vault }, { u64: event.amount }, { u64: event.remainingBalance }];
    case "LockCollateralEvent":
    case "UnlockCollateralEvent":
      return [
        { key: event.user },
        { key: event.vault },
        { u64: event.amount },
        { u64: event.newLockedBalance },
        { u64: event.newAvailableBalance },
        { key: event.by },
      ];
    case "TransferCollateralEvent":
      return [
        { key: event.fromVault },
        { key: event.toVault },
        { u64: event.amount },
        { key: event.transferredBy },
        { u8: TRANSFER_REASONS.indexOf(event.reason) },
      ];
    case "VaultPausedEvent":
      return [{ bool: event.isPaused }, { key: event.admin }];
  }
}
