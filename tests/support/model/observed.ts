/**
 * What the database shows, in the words of the model.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { Outcome } from "@/lib/domain/settlement.ts";
import type { Model } from "./model.ts";
import { inWords, type LedgerState, type Row, type VaultState } from "./state.ts";
import type { Status, StatusChange } from "./status.ts";

/** How often each content of each signature came: `signature outcome-kind count`, in one order. */
export type Counts = readonly string[];

/** What the database shows. */
export interface Observation extends LedgerState {
  readonly counts: Counts;
  readonly takenBack: readonly TakenBack[];
}

/** A row that was taken back. */
export interface TakenBack {
  readonly owner: string;
  readonly row: Row;
  /** How many compensations it has. */
  readonly compensations: number;
}

/** Reads the whole ledger. */
export async function observed(sql: Sql): Promise<Observation> {
  const [vaults, rows, inbox, changes] = await Promise.all([
    sql`select owner, vault_address, token_account, status, total_balance, locked_balance, available_balance,
               total_deposited, total_withdrawn
          from public.vaults`,
    readRows(sql),
    sql<{ signature: string; outcome: Outcome; code: string | null; times_seen: number }[]>`
        select signature, outcome, code, times_seen from vaultbook.inbox where signature is not null`,
    readChanges(sql),
  ]);
  const rowsOf = Map.groupBy(rows.live, ({ owner }) => owner);
  const states = vaults.map((vault): VaultState => ({
    owner: String(vault.owner),
    address: String(vault.vault_address),
    tokenAccount: String(vault.token_account),
    status: vault.status as Status,
    balances: {
      total: BigInt(vault.total_balance),
      locked: BigInt(vault.locked_balance),
      available: BigInt(vault.available_balance),
      deposited: BigInt(vault.total_deposited),
      withdrawn: BigInt(vault.total_withdrawn),
    },
    rows: (rowsOf.get(String(vault.owner)) ?? []).map(({ row }) => row),
  }));
  const outcomes = inbox.filter(({ outcome }) => outcome !== "conflict")
    .map((entry) => [entry.signature, inWords(entry)] as const);
  return {
    vaults: states.sort((a, b) => a.owner < b.owner ? -1 : 1),
    outcomes: new Map(outcomes),
    changes,
    takenBack: rows.takenBack,
    counts: inbox.map(({ signature, outcome, times_seen }) => countLine(signature, outcome === "conflict", times_seen))
      .sort(),
  };
}

async function readRows(sql: Sql): Promise<{ live: readonly TakenBack[]; takenBack: readonly TakenBack[] }> {
  const found = await sql`
    select t.vault_owner, t.signature, t.slot, t.transaction_index, t.event_index, t.transaction_type, t.status, t.amount,
           t.balance_before, t.balance_after, t.counterparty, t.note, t.rolled_back_at is not null as is_taken_back,
           (select count(*) from vaultbook.compensations as c where c.transaction_id = t.id) as compensations
      from public.transactions as t
     where t.signature is not null
     order by t.slot, t.transaction_index, t.signature collate "C", t.event_index, t.transaction_type = 'transfer_in'`;
  const rows = Map.groupBy(found, (row) => Boolean(row.is_taken_back));
  const [live, takenBack] = [false, true].map((isTakenBack) =>
    (rows.get(isTakenBack) ?? []).map((row): TakenBack => ({
      owner: String(row.vault_owner),
      row: rowOf(row),
      compensations: Number(row.compensations),
    }))
  );
  return { live: live ?? [], takenBack: takenBack ?? [] };
}

function rowOf(row: Record<string, unknown>): Row {
  return {
    signature: String(row.signature),
    slot: Number(row.slot),
    transactionIndex: Number(row.transaction_index),
    ordinal: Number(row.event_index),
    type: row.transaction_type as Row["type"],
    status: row.status as Row["status"],
    amount: BigInt(String(row.amount)),
    before: BigInt(String(row.balance_before)),
    after: BigInt(String(row.balance_after)),
    counterparty: row.counterparty as string | null,
    note: row.note as string | null,
  };
}

async function readChanges(sql: Sql): Promise<StatusChange[]> {
  const rows = await sql`
    select vault_address, owner, change, slot, transaction_index, event_index, signature, authority
      from vaultbook.status_changes where rolled_back_at is null`;
  return rows.map((row) => ({
    address: row.vault_address as string | null,
    owner: row.owner as string | null,
    change: row.change as StatusChange["change"],
    slot: Number(row.slot),
    transactionIndex: Number(row.transaction_index),
    signature: String(row.signature),
    ordinal: Number(row.event_index),
    authority: row.authority as string | null,
  }));
}

/** The counts of a model. */
export function countsOf({ entries, conflicts }: Model): Counts {
  return [
    ...[...entries].map(([signature, { seen }]) => countLine(signature, false, seen)),
    ...conflicts.map(({ transaction, seen }) => countLine(transaction.signature, true, seen)),
  ].sort();
}

function countLine(signature: string, isConflict: boolean, seen: number): string {
  return `${signature} ${isConflict ? "conflict" : "held"} × ${seen}`;
}
