/**
 * Vaults whose own history the sweep has to look through.
 *
 * @module
 */
import { rowOf, rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/**
 * Has the next sweep look through the whole history of a vault, or of a token account. Repeating it is harmless.
 *
 * @param reason for a person.
 * @throws {VaultbookError} database_unavailable
 */
export async function wantVault(database: Database, address: string, reason: string): Promise<void> {
  await rowOf(database, (sql) => sql`select vaultbook.want_vault(${address}, ${reason})`);
}

/**
 * What is wanted, the longest first; and with it the vaults that finalized transactions wait for and nobody is known to have initialised.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function wantedVaults(database: Database, most: number): Promise<string[]> {
  await rowOf(database, (sql) => sql`select vaultbook.want_unknown_vaults()`);
  const rows = await rowsOf(database, (sql) =>
    sql<{ address: string }[]>`
    select address from vaultbook.wanted_vaults order by wanted_at, address limit ${most}`);
  return rows.map(({ address }) => address);
}

/**
 * Wants those of these vaults that nobody is known to have initialised.
 *
 * @param shown.addresses vaults that a node, from 1, has at a slot.
 * @throws {VaultbookError} database_unavailable
 */
export async function wantNewVaults(
  database: Database,
  shown: { readonly addresses: readonly string[]; readonly source: number; readonly slot: number },
): Promise<void> {
  const { source, slot } = shown;
  const json = JSON.stringify(shown.addresses);
  await rowOf(database, (sql) => sql`select vaultbook.want_new_vaults(${json}::text::jsonb, ${source}, ${slot})`);
}

/** Says that the whole history of a vault was seen. @throws {VaultbookError} database_unavailable */
export async function vaultIsSwept(database: Database, address: string): Promise<void> {
  await rowOf(database, (sql) => sql`select vaultbook.vault_is_swept(${address})`);
}
