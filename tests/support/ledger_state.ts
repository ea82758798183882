/**
 * The state of the ledger as tests compare it: what stands in the tables, without what differs from run to run.
 *
 * @module
 */
import type { Sql } from "postgres";

/** A vault's balances: total, locked, available, deposited, withdrawn; decimal strings in base units. */
export async function vaultBalances(sql: Sql, owner: string): Promise<string[] | null> {
  const [row] = await sql`
    select total_balance, locked_balance, available_balance, total_deposited, total_withdrawn
      from public.vaults where owner = ${owner}`;
  return row ? Object.values(row).map(String) : null;
}

/** One vault's ledger in chain order: type, status, amount, before, after. */
export async function ledgerOf(sql: Sql, owner: string): Promise<string[]> {
  const rows = await sql`
    select transaction_type, status, amount, balance_before, balance_after
      from public.transactions where vault_owner = ${owner}
     order by slot, transaction_index, event_index, transaction_type = 'transfer_in'`;
  return rows.map((row) => Object.values(row).join(" "));
}

/** Every row that the chain gave the ledger and the vaults, in one order, without ids and the database's own times. */
export async function wholeBook(sql: Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select concat_ws(' ', vault_owner, slot, transaction_index, event_index, transaction_type, status, amount, balance_before,
                     balance_after, total_after, locked_after, signature, counterparty, note, created_at, confirmed_at) as line
      from public.transactions
     where slot is not null
    union all
    select concat_ws(' ', owner, vault_address, token_account, total_balance, locked_balance, available_balance,
                     total_deposited, total_withdrawn, status, created_at)
      from public.vaults
    order by line`;
  return rows.map(({ line }) => line);
}

/** The invariants that do not hold, with one example each; empty in a sound book. */
export async function brokenInvariants(sql: Sql): Promise<string[]> {
  const rows = await sql`select invariant, violations, example from vaultbook.verify() where violations > 0`;
  return rows.map((row) => `${row.invariant} × ${row.violations}: ${row.example}`);
}

/** The open alerts: type, subject's first letters, count. */
export async function openAlerts(sql: Sql): Promise<string[]> {
  const rows = await sql`
    select alert_type, subject, data ->> 'count' as count from public.alerts
     where not acknowledged and resolved_at is null order by alert_type, subject`;
  return rows.map((row) => `${row.alert_type} ${String(row.subject).slice(0, 8)} × ${row.count}`);
}
