/**
 * How far the chain's finalized history was seen, and what was seen of it: the sweep's memory.
 *
 * @module
 */
import { rowOf, rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/** A transaction as a node lists it. */
export interface HistoryRow {
  /** Base58. */
  readonly signature: string;
  readonly slot: number;
  readonly failed: boolean;
  /** Seconds since 1970; null where the node does not know. */
  readonly blockTime: number | null;
  /** Place in its block, from 0; null where the node does not know. */
  readonly transactionIndex: number | null;
}

/** A walk over the history of an address, from the newest transaction back to what is known. */
export interface Scan {
  readonly id: string;
  /** Everything up to this slot was seen when it is proven. */
  readonly tipSlot: number;
  /** It goes back until it is past this slot; null: to the very first transaction. */
  readonly floorSlot: number | null;
  /** The next page holds what is older than this signature; null: the newest page. */
  readonly nextBefore: string | null;
  readonly lowestSlot: number | null;
  /** So many pages in a row did not continue the one before. */
  readonly brokenPages: number;
  readonly outcome: "proven" | "abandoned" | null;
}

/** Up to where everything finalized was seen. */
export interface Watermark {
  readonly slot: number;
  /** When that slot was the newest. Milliseconds since 1970. */
  readonly seenAt: number;
}

interface ScanRow {
  readonly id: string;
  readonly tip_slot: string;
  readonly floor_slot: string | null;
  readonly next_before: string | null;
  readonly lowest_slot: string | null;
  readonly broken_pages: number;
  readonly outcome: "proven" | "abandoned" | null;
}

/** The watermark of an address by a node; null before the first scan was proven. @throws {VaultbookError} database_unavailable */
export async function watermarkOf(database: Database, address: string, source: number): Promise<Watermark | null> {
  const [mark] = await rowsOf(database, (sql) =>
    sql<{ slot: string; seen_at: Date }[]>`
    select slot, seen_at from vaultbook.watermarks where address = ${address} and source = ${source}`);
  // not an amount: a slot
  return mark ? { slot: Number(mark.slot), seenAt: mark.seen_at.getTime() } : null;
}

/**
 * Whether a scan is still under way that an earlier run began; one over the whole history, which takes its time, an hour ago.
 *
 * @param runStartedAt when this run began, by the database's clock.
 * @throws {VaultbookError} database_unavailable
 */
export async function isLongScan(
  database: Database,
  scope: { readonly address: string; readonly source: number },
  runStartedAt: string,
): Promise<boolean> {
  const rows = await rowsOf(database, (sql) =>
    sql`
    select from vaultbook.scans as s
     where s.address = ${scope.address} and s.source = ${scope.source}
       and s.finished_at is null
       and s.started_at < ${runStartedAt}::timestamptz - case when s.floor_slot is null then interval '1 hour' else '0' end`);
  return rows.length > 0;
}

/**
 * The vaults whose own history was not seen up to a slot by a node: first those that are half seen, then those whose turn was the longest
 * ago, whatever came of it.
 *
 * @param others addresses to be seen with them.
 * @throws {VaultbookError} database_unavailable
 */
export async function vaultsToScan(
  database: Database,
  scope: { readonly source: number; readonly slot: number; readonly others: readonly string[]; readonly most: number },
): Promise<string[]> {
  const { source, slot, most } = scope;
  const others = JSON.stringify(scope.others);
  const rows = await rowsOf(database, (sql) =>
    sql<{ address: string }[]>`
    select a.address
      from (
        select v.vault_address as address from public.vaults as v
        union
        select jsonb_array_elements_text(${others}::text::jsonb)
      ) as a
      left join vaultbook.watermarks as w on w.address = a.address and w.source = ${source}
      left join lateral (
        select s.id, s.finished_at is null as is_open from vaultbook.scans as s
         where s.address = a.address and s.source = ${source}
         order by s.id desc limit 1
      ) as latest on true
     where coalesce(w.slot, -1) < ${slot}
     order by latest.is_open desc nulls last, latest.id nulls first, a.address
     limit ${most}`);
  return rows.map(({ address }) => address);
}

/**
 * Goes on with the scan of an address by a node, or begins one at the node's newest finalized slot.
 *
 * @param scope.fromSlot goes back at least to this slot; default: as far as is due.
 * @throws {VaultbookError} database_unavailable
 */
export async function beginScan(
  database: Database,
  scope: { readonly address: string; readonly source: number; readonly tipSlot: number; readonly fromSlot?: number },
): Promise<Scan> {
  const { address, source, tipSlot, fromSlot = null } = scope;
  return scanOf(
    await rowOf(database, (sql) =>
      sql<ScanRow[]>`
      select * from vaultbook.begin_scan(${address}, ${source}, ${tipSlot}, ${fromSlot})`),
  );
}

/**
 * Keeps what a page shows, newest first, together with how far the scan has come by it.
 *
 * @returns null: another job walked over the same address, and has ended the scan. Nothing of the page was kept.
 * @throws {VaultbookError} database_unavailable – nothing of it was kept.
 */
export async function notePage(database: Database, scan: Scan, rows: readonly HistoryRow[]): Promise<Scan | null> {
  const json = JSON.stringify(rows.map(rowItem));
  try {
    return scanOf(
      await rowOf(
        database,
        (sql) => sql<ScanRow[]>`select * from vaultbook.note_page(${scan.id}, ${json}::text::jsonb)`,
      ),
    );
  } catch (error) {
    if ((error as { code?: unknown }).code === SCAN_IS_OVER) return null;
    throw error;
  }
}

const SCAN_IS_OVER = "VB501";

/** A row as `vaultbook.history_row` has it. */
export function rowItem(row: Partial<HistoryRow>, place: number): Record<string, unknown> {
  return {
    signature: row.signature,
    slot: row.slot,
    failed: row.failed,
    block_time: row.blockTime,
    transaction_index: row.transactionIndex,
    place,
  };
}

function scanOf(row: ScanRow): Scan {
  return {
    id: row.id,
    // not an amount: a slot
    tipSlot: Number(row.tip_slot),
    floorSlot: slotOf(row.floor_slot),
    nextBefore: row.next_before,
    lowestSlot: slotOf(row.lowest_slot),
    brokenPages: row.broken_pages,
    outcome: row.outcome,
  };
}

function slotOf(text: string | null): number | null {
  // not an amount: a slot
  return text === null ? null : Number(text);
}
