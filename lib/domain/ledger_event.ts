/**
 * What the chain can tell the ledger: the events of a vault program, whatever that program calls them.
 *
 * @module
 */

/** Why collateral moved between two vaults. The names are the ledger's, and those of the default program. */
export const TRANSFER_REASONS = ["Settlement", "Liquidation", "FeeCollection", "InsuranceFund", "Other"] as const;

/** One of {@link TRANSFER_REASONS}. */
export type TransferReason = (typeof TRANSFER_REASONS)[number];

interface Placed {
  /** Place of the event among its Solana transaction's events, from 0. With the signature it is the event's identity. */
  readonly ordinal: number;
}

/** A vault came to be. */
export interface Initialise extends Placed {
  readonly kind: "initialise";
  readonly owner: string;
  readonly vault: string;
  readonly tokenAccount: string;
  /** The event's own time, seconds since 1970; null where it is none that a calendar holds. */
  readonly at: number | null;
}

/** Tokens came in or went out. Amounts in base units. */
export interface Movement extends Placed {
  readonly kind: "deposit" | "withdrawal";
  readonly owner: string;
  readonly vault: string;
  readonly amount: bigint;
  /** The vault's total after it, as the program says; null where it does not. A check, never a source. */
  readonly totalAfter: bigint | null;
}

/** Collateral was set aside for a position, or freed. Amounts in base units. */
export interface Lock extends Placed {
  readonly kind: "lock" | "unlock";
  /** Null where only an instruction told of it. */
  readonly owner: string | null;
  readonly vault: string;
  readonly amount: bigint;
  readonly lockedAfter: bigint | null;
  readonly availableAfter: bigint | null;
  /** The key that signed; null where the program does not tell it. */
  readonly authority: string | null;
}

/** Collateral moved between two vaults: from the source's locked part first, into the destination's available part. */
export interface Transfer extends Placed {
  readonly kind: "transfer";
  readonly vault: string;
  readonly toVault: string;
  readonly amount: bigint;
  /** As in {@link Lock}. */
  readonly authority: string | null;
  readonly reason: TransferReason;
}

/** The whole protocol, or one vault, was paused or resumed. */
export interface Pause extends Placed {
  readonly kind: "pause";
  /** Null: the whole protocol. */
  readonly vault: string | null;
  readonly paused: boolean;
  /** As in {@link Lock}. */
  readonly authority: string | null;
}

/** A vault was closed. Its address may be opened again, even by another owner. */
export interface Close extends Placed {
  readonly kind: "close";
  /** Null where the program does not say whose it was. */
  readonly owner: string | null;
  readonly vault: string;
}

/** Any of them. Keys are base58 strings of 32 bytes. */
export type LedgerEvent = Initialise | Movement | Lock | Transfer | Pause | Close;

/** The kinds of {@link LedgerEvent}. */
export type LedgerEventKind = LedgerEvent["kind"];
