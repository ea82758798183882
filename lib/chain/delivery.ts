/**
 * Reads a webhook's body: a JSON array of transactions, raw and enhanced mixed. Nothing is lost over what is wrong: each element, and a
 * body that is no array at all, comes back with what became of it.
 *
 * @module
 */
import { type ChainTransaction, READING_CODES, type ReadingCode } from "@/lib/domain/chain_transaction.ts";
import { isBase58Of, SIGNATURE_BYTES } from "./base58.ts";
import { isEnhanced, readEnhancedTransaction } from "./enhanced_transaction.ts";
import { Malformed, objectAt } from "./fields.ts";
import { exceededBound } from "./json_shape.ts";
import type { VaultProgram } from "./program.ts";
import { readRawTransaction } from "./raw_transaction.ts";

/** Most transactions of one delivery. */
export const TRANSACTIONS_MAX = 1000;

/** Deepest that a delivery may nest. A transaction takes some ten; PostgreSQL and `JSON.stringify` give out somewhere above this. */
export const DEPTH_MAX = 10_000;

/**
 * Most arrays and objects of a delivery: three times what 10 MiB of transactions have. A body of nothing else would take more memory than
 * a function has.
 */
export const PARTS_MAX = 500_000;

/** Not lenient: U+FFFD in place of what was sent would be a third content beside the two that are true. */
const UTF8 = new TextDecoder("utf-8", { fatal: true });
/** Several times as quick, and the same where it puts no U+FFFD. */
const LENIENT_UTF8 = new TextDecoder();

/**
 * Reads a delivery.
 *
 * @param body the bytes as received; need not be UTF-8, need not be JSON.
 * @returns one entry per element, in its order; a single quarantined entry without signature when the body is no array of at most
 * {@link TRANSACTIONS_MAX}, nests deeper than {@link DEPTH_MAX}, or
 * has more than {@link PARTS_MAX} parts. Never throws for what the body holds.
 */
export function readDelivery(body: Uint8Array, program: VaultProgram): ChainTransaction[] {
  let text: string;
  try {
    text = LENIENT_UTF8.decode(body);
    if (text.includes("\uFFFD")) text = UTF8.decode(body);
  } catch {
    return [quarantined("not_utf8")];
  }
  const exceeded = exceededBound(text, { depth: DEPTH_MAX, parts: PARTS_MAX });
  if (exceeded) return [quarantined(exceeded === "depth" ? "too_deep" : "too_many_parts")];
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch (error) {
    return [quarantined("not_json", error instanceof Error ? error.message : undefined)];
  }
  if (!Array.isArray(items)) return [quarantined("not_an_array")];
  if (items.length > TRANSACTIONS_MAX) return [quarantined("too_many_transactions", `It holds ${items.length}`)];
  return items.map((item) => readItem(item, program));
}

function readItem(item: unknown, program: VaultProgram): ChainTransaction {
  try {
    const transaction = objectAt(item, "transaction");
    return isEnhanced(transaction)
      ? readEnhancedTransaction(transaction, program)
      : readRawTransaction(transaction, program);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const signature = signatureOf(item);
    return { ...quarantined("malformed", error.message), ...(signature && { signature }) };
  }
}

/** The signature of an element that is otherwise not readable, so that it is known when it comes again. */
function signatureOf(item: unknown): string | null {
  const { signature, transaction } = (item ?? {}) as { signature?: unknown; transaction?: { signatures?: unknown } };
  const signatures = transaction?.signatures;
  const candidate = signature ?? (Array.isArray(signatures) ? signatures[0] : undefined);
  return typeof candidate === "string" && isBase58Of(candidate, SIGNATURE_BYTES) ? candidate : null;
}

function quarantined(
  code: ReadingCode,
  reason: string = READING_CODES[code],
): ChainTransaction & { verdict: "quarantined" } {
  return { verdict: "quarantined", code, reason: withoutUnstorable(reason) };
}

/** PostgreSQL's text holds neither NUL nor half a surrogate pair; a reason quotes what was sent. */
function withoutUnstorable(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "␀");
}
