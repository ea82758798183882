/**
 * What must be true of every reading of a delivery, whatever was delivered.
 *
 * @module
 */
import bs58 from "bs58";
import type { ChainTransaction, ReadTransaction, UnreadTransaction } from "@/lib/domain/chain_transaction.ts";

const AMOUNT_MAX = 2n ** 63n - 1n;
const TRANSACTIONS_MAX = 1000;
const DEPTH_MAX = 10_000;

/** Which codes go with which verdict. */
const CODES: Readonly<Record<UnreadTransaction["verdict"], readonly string[]>> = {
  ignored: ["other_program", "no_vault_event", "no_instructions"],
  parked: [
    ...["logs_missing", "log_truncated", "log_inconsistent", "event_missing", "position_unknown", "enhanced_form"],
    ...["accounts_missing", "calls_missing"],
  ],
  quarantined: [
    ...["not_json", "not_utf8", "too_deep", "too_many_parts", "not_an_array", "too_many_transactions"],
    ...["malformed", "undecodable_event", "vault_not_of_owner", "amount_out_of_range"],
  ],
};

const KEYS = ["owner", "vault", "toVault", "tokenAccount", "authority"];
const AMOUNTS = ["amount", "totalAfter", "lockedAfter", "availableAfter"];

/** How many elements a body must come to. */
export function elementsOf(body: Uint8Array): number {
  try {
    const items: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    const isRead = Array.isArray(items) && items.length <= TRANSACTIONS_MAX &&
      (body.length <= DEPTH_MAX || depthOf(items) <= DEPTH_MAX);
    return isRead ? items.length : 1;
  } catch {
    return 1;
  }
}

/** How many arrays and objects stand within each other, this one included. */
export function depthOf(value: unknown): number {
  let depth = 0;
  for (let level = [value].filter(isParent); level.length > 0; depth++) {
    level = level.flatMap((parent) => Object.values(parent)).filter(isParent);
  }
  return depth;
}

function isParent(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What is wrong with a reading; null where nothing is. */
export function complaint(body: Uint8Array, found: readonly ChainTransaction[]): string | null {
  const elements = elementsOf(body);
  if (found.length !== elements) return `${elements} elements came to ${found.length} verdicts`;
  return found.map((one) => one.verdict === "read" ? ofRead(one) : ofUnread(one)).find((wrong) => wrong !== null) ??
    null;
}

function ofUnread({ verdict, code, reason, signature, slot, transactionIndex }: UnreadTransaction): string | null {
  if (!CODES[verdict]?.includes(code)) return `${verdict} with code ${code}`;
  // Else PostgreSQL refuses it, and what was stored would not be what was said.
  if (typeof reason !== "string" || !reason.isWellFormed() || reason.includes("\0")) {
    return "A reason that cannot be stored";
  }
  if (signature !== undefined && !isSignature(signature)) return "A signature that is none";
  if (slot !== undefined && !isCount(slot, Number.MAX_SAFE_INTEGER)) return `Slot ${slot}`;
  return isCount(transactionIndex ?? 0, 2 ** 31 - 1) ? null : `Index ${transactionIndex}`;
}

function ofRead(
  { signature, slot, transactionIndex, blockTime, failed, events, tokenBalances }: ReadTransaction,
): string | null {
  if (!isSignature(signature)) return "A signature that is none";
  if (!isCount(slot, Number.MAX_SAFE_INTEGER)) return `Slot ${slot}`;
  if (transactionIndex === null || !isCount(transactionIndex, 2 ** 31 - 1)) return `Index ${transactionIndex}`;
  if (blockTime !== null && !isCount(blockTime, 253_402_300_799)) return `Time ${blockTime}`;
  if (events.length === 0 && !failed) return "Read, and nothing in it";
  for (const [number, event] of events.entries()) {
    // The instructions of a failed one keep their numbers, also where those between them say nothing.
    const before = events[number - 1]?.ordinal ?? -1;
    if (failed ? event.ordinal <= before : event.ordinal !== number) return `Ordinal ${event.ordinal} at ${number}`;
    const parts = event as unknown as Record<string, unknown>;
    for (const name of KEYS) if (!isAbsent(parts[name]) && !isKey(parts[name])) return `${name} ${parts[name]}`;
    for (const name of AMOUNTS) if (!isAbsent(parts[name]) && !isAmount(parts[name])) return `${name} ${parts[name]}`;
  }
  // A token account holds up to a u64, and its balance is only a check.
  return tokenBalances.every(({ before, after }) => before >= 0n && after >= 0n) ? null : "A negative balance";
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isAmount(value: unknown): boolean {
  return typeof value === "bigint" && value >= 0n && value <= AMOUNT_MAX;
}

function isCount(value: unknown, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function isKey(value: unknown): boolean {
  return bytesOf(value) === 32;
}

function isSignature(value: unknown): boolean {
  return bytesOf(value) === 64;
}

/** How many bytes base58 comes to; -1 where it is none. The same keys come again and again, so what was found is kept for a while. */
function bytesOf(text: unknown): number {
  if (typeof text !== "string") return -1;
  const known = lengths.get(text);
  if (known !== undefined) return known;
  if (lengths.size > 50_000) lengths.clear();
  const length = bs58.decodeUnsafe(text)?.length ?? -1;
  lengths.set(text, length);
  return length;
}
const lengths = new Map<string, number>();
