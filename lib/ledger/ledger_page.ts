/**
 * Pages of one vault's ledger.
 *
 * @module
 */
import type { Caller } from "@/lib/domain/caller.ts";
import { rowsFor } from "./as_caller.ts";
import type { Database } from "./database.ts";
import { type Statement, statement } from "./statement.ts";

/** A row of `public.vault_ledger`; amounts are decimal strings in base units, times as ISO 8601. */
export interface LedgerRow {
  readonly id: string;
  readonly vault_owner: string;
  readonly transaction_type: string;
  readonly amount: string;
  readonly signature: string | null;
  readonly status: "pending" | "confirmed" | "failed";
  readonly balance_before: string;
  readonly balance_after: string;
  readonly counterparty: string | null;
  readonly note: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly confirmed_at: string | null;
  readonly slot: number | null;
  readonly transaction_index: number | null;
  readonly event_index: number | null;
  readonly finalized_at: string | null;
  readonly submitted_signature: string | null;
  readonly expires_at: string | null;
  readonly rolled_back_at: string | null;
}

/**
 * The place of a row: first what is pending, the newest first; then the chain, from its tip down; last what never got there.
 * New rows come in before, between or after others, and move none: no page shows a row twice, nor leaves one out.
 */
export type LedgerPosition =
  | { readonly at: "pending" | "expired"; readonly createdAt: string; readonly id: string }
  | {
    readonly at: "chain";
    readonly slot: number;
    readonly place: readonly [number, number, boolean];
    readonly id: string;
  };

/** What is asked for. */
export interface LedgerQuestion {
  readonly owner: string;
  /** Only these types; default all. */
  readonly types?: readonly string[] | undefined;
  readonly status?: "pending" | "confirmed" | "failed" | undefined;
  /** Initiated then or later; for rows of the chain the time of the block. ISO 8601. */
  readonly from?: string | undefined;
  /** Initiated before then. */
  readonly to?: string | undefined;
  /** Null: from the first row on. */
  readonly after: LedgerPosition | null;
  /** Rows at most. */
  readonly limit: number;
}

/**
 * One page.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function readLedgerPage(
  database: Database,
  caller: Caller,
  question: LedgerQuestion,
): Promise<{ rows: LedgerRow[]; next: LedgerPosition | null }> {
  const { owner, types, status, from, to, after, limit } = question;
  const segment = after === null ? 0 : SEGMENTS.indexOf(after.at);
  const nothing = statement``;
  const asked = statement`
      l.vault_owner = ${owner}
      ${types ? statement`and l.transaction_type = any (string_to_array(${types.join()}, ','))` : nothing}
      ${status ? statement`and l.status = ${status}` : nothing}
      ${from ? statement`and l.created_at >= ${from}::text::timestamptz` : nothing}
      ${to ? statement`and l.created_at < ${to}::text::timestamptz` : nothing}`;
  const offChain = (is: "pending" | "failed", name: "pending" | "expired"): Statement => {
    const here = after?.at === name ? after : null;
    return statement`(
        select ${
      SEGMENTS.indexOf(name)
    }::integer as segment, l.created_at, null::integer as position, to_jsonb(l) as row
          from public.vault_ledger as l
         where ${asked} and l.slot is null and l.status = ${is}
           ${
      here ? statement`and (l.created_at, l.id) < (${here.createdAt}::text::timestamptz, ${here.id}::uuid)` : nothing
    }
         order by l.created_at desc, l.id desc
         limit ${limit + 1}
      )`;
  };
  const behind = (position: LedgerPosition & { at: "chain" }): Statement => {
    const [index, event, isIn] = position.place;
    return statement`
                   and (l.slot, l.transaction_index, l.event_index, l.transaction_type = 'transfer_in', l.id)
                     < (${position.slot}::bigint, ${index}::integer, ${event}::integer, ${isIn}::boolean, ${position.id}::uuid)`;
  };
  const onChain = statement`(
        select 1 as segment, l.created_at,
               row_number() over (
                 order by l.slot desc, l.transaction_index desc, l.event_index desc, (l.transaction_type = 'transfer_in') desc, l.id desc
               )::integer as position,
               to_jsonb(l) as row
          from (
            -- In the order of the index, so that no more is read than shown; the few that share a place are told apart above.
            select * from public.vault_ledger as l
             where ${asked} and l.slot is not null ${after?.at === "chain" ? behind(after) : nothing}
             order by l.slot desc, l.transaction_index desc, l.event_index desc
             fetch first (${limit + 1}) rows with ties
          ) as l
      )`;
  // What lies before the page is not asked for: what is not asked need not be planned either.
  const parts = [offChain("pending", "pending"), onChain, offChain("failed", "expired")].slice(segment);
  const query = statement`
      select p.row
        from (${parts.slice(1).reduce((all, part) => statement`${all} union all ${part}`, parts[0] ?? nothing)}) as p
       order by p.segment, p.position, p.created_at desc, p.row ->> 'id' desc
       limit ${limit + 1}`;
  const found = await rowsFor<{ row: LedgerRow }>(database, caller, query);
  const rows = found.slice(0, limit).map(({ row }) => row);
  const last = rows.at(-1);
  return { rows, next: found.length > limit && last ? positionOf(last) : null };
}

const SEGMENTS = ["pending", "chain", "expired"] as const;

function positionOf(row: LedgerRow): LedgerPosition {
  const { id, slot, transaction_index: index, event_index: event } = row;
  if (slot === null || index === null || event === null) {
    return { at: row.status === "pending" ? "pending" : "expired", createdAt: row.created_at, id };
  }
  return { at: "chain", slot, place: [index, event, row.transaction_type === "transfer_in"], id };
}
