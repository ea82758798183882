/**
 * Hands what was read from a delivery to the ledger, in one call and one transaction.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { answered, repeated, unavailable } from "./attempts.ts";
import { type Database, isTransient, isUnavailable } from "./database.ts";

/** A delivery: where it came from, its bytes, and what was read from them. */
export interface Delivery {
  readonly source: "webhook" | "sweep";
  /** As received. Kept before anything else, byte for byte. */
  readonly body: Uint8Array;
  readonly transactions: readonly ChainTransaction[];
  /** True: read at finalized commitment, so each lies where it says for good. Default false. */
  readonly finalized?: boolean;
  /** Its one element that is settled, by its place; the others have been. Default all. */
  readonly only?: number;
}

/**
 * Stores a delivery and settles every transaction in it. Repeating it is harmless; committed when this returns.
 *
 * @returns one settlement per transaction, in the delivery's order.
 * @throws {VaultbookError} database_unavailable – nothing was stored; try again.
 */
export async function ingest(database: Database, delivery: Delivery): Promise<Settlement[]> {
  const items = delivery.transactions.map((transaction, position) => ({
    ...inboxItem(transaction, position),
    finalized: delivery.finalized ?? false,
  })).filter(({ position }) => position === (delivery.only ?? position));
  try {
    return await settle(database, delivery, items);
  } catch (error) {
    if (isUnavailable(error) || isTransient(error)) throw unavailable(error);
    // A mistake of ours must not lose what was delivered, nor let one transaction take the others with it.
    return await settleApart(database, delivery, items, error);
  }
}

/** One call for these items; repeated while other transactions end it. */
async function settle(database: Database, delivery: Delivery, items: readonly InboxItem[]): Promise<Settlement[]> {
  const json = JSON.stringify(items);
  return await repeated((alone) =>
    database.run(async (sql) => {
      const [row] = await sql<{ settlements: Settlement[] }[]>`
        select coalesce(jsonb_agg(to_jsonb(s)), '[]') as settlements
          from vaultbook.ingest(${delivery.source}, ${delivery.body}, ${json}::text::jsonb, ${alone}) as s`;
      return answered(row).settlements;
    })
  );
}

/** Item by item; one that fails alone too is quarantined under its signature, for the replay after the mistake is mended. */
async function settleApart(
  database: Database,
  delivery: Delivery,
  items: readonly InboxItem[],
  cause: unknown,
): Promise<Settlement[]> {
  const settlements: Settlement[] = [];
  try {
    for (const item of items) {
      const alone = items.length === 1 ? Promise.reject(cause) : settle(database, delivery, [item]);
      settlements.push(
        ...await alone.catch((error: unknown) => {
          if (isUnavailable(error) || isTransient(error)) throw error;
          return settle(database, delivery, [quarantinedItem(item, error)]);
        }),
      );
    }
  } catch (error) {
    throw unavailable(error);
  }
  return settlements;
}

function quarantinedItem(item: InboxItem, cause: unknown): InboxItem {
  const { position, signature, slot, transaction_index, block_time } = item;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return {
    position,
    signature,
    slot,
    transaction_index,
    block_time,
    outcome: "quarantined",
    code: "unexpected_error",
    reason,
  };
}

/** A row of `vaultbook.item`. */
export type InboxItem = Readonly<Record<string, unknown>> & { readonly position: number };

/** A transaction as the ledger's functions take it. */
function inboxItem(transaction: ChainTransaction, position: number): InboxItem {
  const landing = {
    position,
    signature: transaction.signature ?? null,
    slot: transaction.slot ?? null,
    transaction_index: transaction.transactionIndex ?? null,
    block_time: transaction.blockTime ?? null,
  };
  if (transaction.verdict !== "read") {
    const { verdict, code, reason } = transaction;
    // That nothing of ours happened is a content too: the same signature with an event in it would be another.
    const content = verdict === "ignored" && code !== "no_instructions" ? contentOf(false, []) : null;
    return { ...landing, outcome: verdict, code, reason, content, content_sha256: content && digest(false, []) };
  }
  const { failed, events, tokenBalances } = transaction;
  return {
    ...landing,
    outcome: "new",
    content: {
      ...contentOf(failed, events),
      token_balances: tokenBalances.map(({ account, owner, before, after }) => ({
        account,
        owner,
        before: String(before),
        after: String(after),
      })),
    },
    content_sha256: digest(failed, events),
    vaults: [...new Set(events.flatMap(vaultsOf))],
  };
}

function contentOf(failed: boolean, events: readonly LedgerEvent[]): { failed: boolean; events: unknown[] } {
  return { failed, events: events.map(eventItem) };
}

/** An event as `vaultbook.events` reads it: amounts as decimal strings. */
function eventItem(event: LedgerEvent): Record<string, unknown> {
  const placed = { ordinal: event.ordinal, kind: event.kind };
  switch (event.kind) {
    case "initialise":
      return { ...placed, owner: event.owner, vault: event.vault, token_account: event.tokenAccount, at: event.at };
    case "deposit":
    case "withdrawal":
      return {
        ...placed,
        owner: event.owner,
        vault: event.vault,
        amount: String(event.amount),
        total_after: decimal(event.totalAfter),
      };
    case "lock":
    case "unlock":
      return {
        ...placed,
        owner: event.owner,
        vault: event.vault,
        amount: String(event.amount),
        locked_after: decimal(event.lockedAfter),
        available_after: decimal(event.availableAfter),
        authority: event.authority,
      };
    case "transfer":
      return {
        ...placed,
        vault: event.vault,
        to_vault: event.toVault,
        amount: String(event.amount),
        authority: event.authority,
        reason: event.reason,
      };
    case "pause":
      return { ...placed, vault: event.vault, paused: event.paused, authority: event.authority };
    case "close":
      return { ...placed, owner: event.owner, vault: event.vault };
  }
}

function decimal(amount: bigint | null): string | null {
  return amount === null ? null : String(amount);
}

/** Digest of what a transaction does and by whom. Only of what every road tells: post-balances are told by some and not by others. */
function digest(failed: boolean, events: readonly LedgerEvent[]): string {
  const essence = events.map((event) => {
    switch (event.kind) {
      case "initialise":
        return [event.ordinal, event.kind, event.owner, event.vault, event.tokenAccount];
      case "transfer":
        return [
          event.ordinal,
          event.kind,
          event.vault,
          event.toVault,
          String(event.amount),
          event.reason,
          event.authority,
        ];
      case "pause":
        return [event.ordinal, event.kind, event.vault, event.paused, event.authority];
      case "close":
        return [event.ordinal, event.kind, event.vault];
      case "lock":
      case "unlock":
        return [event.ordinal, event.kind, event.vault, String(event.amount), event.authority];
      default:
        return [event.ordinal, event.kind, event.vault, String(event.amount), event.owner];
    }
  });
  return createHash("sha256").update(JSON.stringify([failed, essence])).digest("hex");
}

function vaultsOf(event: LedgerEvent): string[] {
  if (event.vault === null) return [];
  return event.kind === "transfer" ? [event.vault, event.toVault] : [event.vault];
}
