/**
 * Vaults as clients see them.
 *
 * @module
 */
import type { Caller } from "@/lib/domain/caller.ts";
import { rowsFor } from "./as_caller.ts";
import type { Database } from "./database.ts";
import { statement } from "./statement.ts";

/** A row of `public.vault_balances`; amounts are decimal strings in base units, times as ISO 8601. */
export interface VaultBalances {
  readonly owner: string;
  readonly vault_address: string;
  readonly token_account: string;
  readonly status: "active" | "paused" | "closed";
  readonly total_balance: string;
  readonly locked_balance: string;
  readonly available_balance: string;
  readonly total_deposited: string;
  readonly total_withdrawn: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/**
 * The vault of this owner; null where there is none that the caller may see.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function readVault(database: Database, caller: Caller, owner: string): Promise<VaultBalances | null> {
  const query = statement`select to_jsonb(v) as vault from public.vault_balances as v where v.owner = ${owner}`;
  const rows = await rowsFor<{ vault: VaultBalances }>(database, caller, query);
  return rows[0]?.vault ?? null;
}
