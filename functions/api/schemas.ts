/**
 * The shapes that go in and out: the one source of validation, of types and of `openapi.json`.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { bytesFromBase58, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "@/lib/chain/base58.ts";
import { type ErrorCode, ERRORS } from "@/lib/domain/errors.ts";

/** Base units: 1 USDT = 1 000 000. Text, because JSON numbers are exact to 2^53 only. */
export const Amount = z.string().regex(/^\d{1,19}$/, "must be base units as decimal text").openapi("Amount", {
  description: "Base units of USDT (1 USDT = 1 000 000) as decimal text",
  example: "20000500000",
});

/** A wallet or an account on Solana. */
export const Address = z.string()
  .refine((text) => bytesFromBase58(text)?.length === PUBLIC_KEY_BYTES, "must be an address: base58 of 32 bytes")
  .openapi("Address", { description: "Base58 of 32 bytes", example: "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU" });

// Not nullable(): of what has a name in the document that says "an address, and besides perhaps null", which null is not.
const addressOrNull = z.union([Address, z.null()]);

/** A time that the database understands. */
export const Stamp = z.iso.datetime({
  offset: true,
  error: "must be a moment as ISO 8601 has it, with Z or an offset",
})
  .refine((text) => !text.startsWith("0000"), "must be of a year that there was")
  // The database's offsets; no place on earth has more than 14 hours.
  .refine((text) => !/[+-](1[6-9]|2\d):\d\d$/.test(text), "must have an offset below 16 hours");

/** A moment. */
export const Moment = Stamp
  // Beyond that it would be no moment of the chain's.
  .refine((text) => /^20\d\d-/.test(text), "must be of this century")
  .openapi("Moment", { format: "date-time", example: "2026-11-23T12:00:00Z" });

/** Where the next page begins. */
export const Cursor = z.string().regex(/^[\w-]{1,500}$/, "must be one that an answer gave").openapi({
  description: "As `next_cursor` of the page before gave it",
});

/** How many rows a page holds at most. */
export function limitOf(most: number, usual: number, least = 1): z.ZodType<number> {
  return z.coerce.number({ error: "must be a number" }).int("must be whole").min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`).default(usual)
    .openapi({ type: "integer", minimum: least, maximum: most, default: usual });
}

/** What every error looks like. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.enum([...Object.keys(ERRORS), "internal_error"]).openapi({ description: "Stable: for programs to go by" }),
    message: z.string().openapi({ description: "For people" }),
    details: z.record(z.string(), z.union([z.string(), z.number()])),
    request_id: z.string(),
  }),
}).openapi("Error");

/** What these errors look like: no other code comes with their status. */
export function refusalOf(codes: readonly ErrorCode[]): typeof ErrorBody {
  return ErrorBody.openapi({ properties: { error: { properties: { code: { enum: [...codes] } } } } });
}

/** A vault. */
export const Vault = z.object({
  owner: Address,
  vault_address: Address,
  token_account: Address,
  status: z.enum(["active", "paused", "closed"]),
  total_balance: Amount,
  locked_balance: Amount,
  available_balance: Amount,
  total_deposited: Amount,
  total_withdrawn: Amount,
  created_at: z.string().openapi({ format: "date-time" }),
  updated_at: z.string().openapi({ format: "date-time" }),
}).openapi("Vault");

/** The types of ledger rows. */
export const TransactionType = z.enum([
  "deposit",
  "withdrawal",
  "lock",
  "unlock",
  "transfer_in",
  "transfer_out",
  "fee",
]);

/** The states of ledger rows. */
export const TransactionStatus = z.enum(["pending", "confirmed", "failed"]);

const time = z.string().openapi({ format: "date-time" });

/** A row of the ledger. */
export const LedgerEntry = z.object({
  id: z.uuid(),
  vault_owner: Address,
  transaction_type: TransactionType,
  amount: Amount,
  signature: z.string().nullable().openapi({ description: "Base58; null while the chain does not have it" }),
  status: TransactionStatus,
  balance_before: Amount.openapi({
    description: "The available balance for lock and unlock, the total for all others",
  }),
  balance_after: Amount,
  counterparty: addressOrNull.openapi({ description: "For transfers: the other vault's owner" }),
  note: z.string().nullable(),
  created_at: time.openapi({ description: "The time of the block; for what was announced, when it was" }),
  updated_at: time,
  confirmed_at: time.nullable(),
  slot: z.number().int().nullable(),
  transaction_index: z.number().int().nullable(),
  event_index: z.number().int().nullable(),
  finalized_at: time.nullable(),
  submitted_signature: z.string().nullable(),
  expires_at: time.nullable(),
  rolled_back_at: time.nullable().openapi({ description: "The chain took it back then: it counts no more" }),
}).openapi("LedgerEntry");

/** A page of the ledger. */
export const LedgerPage = z.object({
  transactions: z.array(LedgerEntry),
  next_cursor: z.string().nullable().openapi({ description: "Null at the end" }),
}).openapi("LedgerPage");

/** What an owner begins. */
export const Beginning = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("initialize") }),
  z.strictObject({ type: z.literal("deposit"), amount: Amount }),
  z.strictObject({ type: z.literal("withdrawal"), amount: Amount }),
], { error: "must be initialize, deposit or withdrawal" }).openapi("Beginning");

/** The client's own name for a request. */
export const IdempotencyKey = z.string({ error: "is required" }).regex(
  /^[\x21-\x7e]{1,255}$/,
  "must be 1 to 255 printable characters without blanks",
).openapi({
  description: "The same one again repeats the request and begins nothing new",
  example: "2f0c9c1e-deposit",
});

/** By which the chain knows a transaction. */
export const Signature = z.string()
  .refine((text) => bytesFromBase58(text)?.length === SIGNATURE_BYTES, "must be a signature: base58 of 64 bytes")
  .openapi("Signature", { description: "Base58 of 64 bytes" });

/** What an owner announced, and what has become of it. */
export const Announced = LedgerEntry.pick({
  id: true,
  vault_owner: true,
  amount: true,
  status: true,
  signature: true,
  submitted_signature: true,
  expires_at: true,
}).extend({ transaction_type: z.enum(["deposit", "withdrawal"]) }).openapi("Announced");

/** What was begun. */
export const StartedTransaction = z.object({
  announced: Announced.nullable().openapi({ description: "Null for initialize" }),
  transaction: z.base64().nullable().openapi({
    description: "The transaction to sign, in its wire form; null once the announced row awaits no signature any more",
  }),
  last_valid_block_height: z.number().int().nullable().openapi({
    description: "The height of the last block in which the transaction can land",
  }),
}).openapi("StartedTransaction");

/** How bad an alert is. */
export const Severity = z.enum(["info", "warning", "critical"]);

/** An alert. */
export const Alert = z.object({
  id: z.uuid(),
  severity: Severity,
  alert_type: z.string(),
  vault_owner: addressOrNull.openapi({ description: "Null: it concerns the whole system" }),
  message: z.string(),
  data: z.unknown().openapi({ description: "Everything that a tool needs, amounts as decimal text" }),
  acknowledged: z.boolean(),
  created_at: time,
  acknowledged_at: time.nullable(),
  subject: z.string(),
  resolved_at: time.nullable(),
  acknowledged_by: z.string().nullable(),
}).openapi("Alert");

/** A page of alerts. */
export const AlertPage = z.object({
  alerts: z.array(Alert),
  next_cursor: z.string().nullable().openapi({ description: "Null at the end" }),
}).openapi("AlertPage");

/** What an operator decided about an item in quarantine. */
export const Resolution = z.object({
  id: z.string().openapi({ description: "Of the item" }),
  decision: z.enum(["resolved", "replayed"]),
  reason: z.string(),
  decided_by: z.string(),
  decided_at: time,
  outcome: z.string().openapi({ description: "What the item was after it" }),
  code: z.string().nullable(),
}).openapi("Resolution");

/** How far apart the points of a series are. */
export const Interval = z.enum(["raw", "hour", "day"]).default("hour").openapi({
  description: "raw: all snapshots that are left; hour, day: of each (UTC) the last",
});

/** What all vaults hold. */
export const Tvl = z.object({
  total_value_locked: Amount,
  total_locked: Amount,
  total_available: Amount,
  active_vaults: z.number().int().openapi({
    description: "Those that are not closed, and closed ones that hold something",
  }),
}).openapi("Tvl");

/** The TVL over time. */
export const TvlHistory = z.object({
  points: z.array(Tvl.extend({ timestamp: time })).openapi({ description: "The oldest first" }),
  next_from: z.string().nullable().openapi({ description: "Where to ask on from; null at the end" }),
}).openapi("TvlHistory");

/** The type of a snapshot. */
export const SnapshotType = z.enum(["periodic", "event", "daily_summary"]);

/** A vault over time. */
export const SnapshotHistory = z.object({
  points: z.array(z.object({
    timestamp: time,
    snapshot_type: SnapshotType,
    total_balance: Amount,
    locked_balance: Amount,
    available_balance: Amount,
  })).openapi({ description: "The oldest first" }),
  next_from: z.string().nullable().openapi({ description: "Where to ask on from; null at the end" }),
}).openapi("SnapshotHistory");

/** What a vault held at a time. */
export const Balance = z.object({
  owner: Address,
  at: time,
  total_balance: Amount,
  locked_balance: Amount,
  available_balance: Amount,
  slot: z.number().int().nullable().openapi({
    description: "Of the last transaction that counts; null before the first",
  }),
}).openapi("Balance");
