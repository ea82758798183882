/**
 * Where and when a transaction lies on the chain, as both forms of a delivery tell it.
 *
 * @module
 */
import type { Landing } from "@/lib/domain/chain_transaction.ts";
import { isBase58Of, SIGNATURE_BYTES } from "./base58.ts";
import { countAt, type JsonObject, Malformed, optionalCountAt, stringAt } from "./fields.ts";

/** Transactions of one block are counted in an `integer` column. */
const TRANSACTION_INDEX_MAX = 2 ** 31 - 1;

/** Seconds since 1970 up to the year 9999: what a calendar, and PostgreSQL, holds. */
export const TIMESTAMP_MAX = 253_402_300_799;

/**
 * Reads the landing of a delivery's element.
 *
 * @param signature what stands at `path`, where this form has the signature.
 * @param blockTime where this form has the block's time.
 * @throws {Malformed} naming the field.
 */
export function readLanding(item: JsonObject, signature: unknown, path: string, blockTime: unknown): Landing {
  const text = stringAt(signature, path);
  if (!isBase58Of(text, SIGNATURE_BYTES)) throw new Malformed(path, `base58 of ${SIGNATURE_BYTES} bytes`, text);
  return {
    signature: text,
    slot: countAt(item.slot, "slot"),
    // A webhook's name for it, then a node's. An enhanced webhook has neither.
    transactionIndex: optionalCountAt(item.indexWithinBlock, "indexWithinBlock", TRANSACTION_INDEX_MAX) ??
      optionalCountAt(item.transactionIndex, "transactionIndex", TRANSACTION_INDEX_MAX),
    blockTime: isTimestamp(blockTime) ? blockTime : null,
  };
}

/** A block's time decides nothing, so one that no calendar holds is as good as none. */
function isTimestamp(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= TIMESTAMP_MAX;
}
