/**
 * The keys that may lock, unlock and transfer collateral: what another one signs raises `unknown_authority`.
 *
 * @module
 */
import { rowOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/**
 * Takes the configured list, which goes before whatever is learnt.
 *
 * @param authorities base58 keys, all of them; none: the list is learnt from the chain.
 * @throws {VaultbookError} database_unavailable
 */
export async function configureAuthorities(database: Database, authorities: readonly string[]): Promise<void> {
  const json = JSON.stringify(authorities);
  await rowOf(database, (sql) =>
    sql`
    select vaultbook.list_authorities('configured', array(select jsonb_array_elements_text(${json}::text::jsonb)))`);
}

/**
 * Takes the list as the chain shows it. One of an earlier slot than what is known changes nothing.
 *
 * @param seen.slot finalized.
 * @throws {VaultbookError} database_unavailable
 */
export async function learnAuthorities(
  database: Database,
  { authorities, slot }: { readonly authorities: readonly string[]; readonly slot: number },
): Promise<void> {
  const json = JSON.stringify(authorities);
  await rowOf(database, (sql) =>
    sql`
    select vaultbook.list_authorities('learnt', array(select jsonb_array_elements_text(${json}::text::jsonb)), ${slot})`);
}

/**
 * Whether the chain should be asked for the list: none is configured, and it was not learnt for ten minutes, or somebody signed who is not
 * on it and may have been added since.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function areAuthoritiesDue(database: Database): Promise<boolean> {
  const { is_due } = await rowOf(database, (sql) =>
    sql<{ is_due: boolean }[]>`
    select not exists (select from vaultbook.authority_lists as l where l.source = 'configured')
           and (
             not exists (
               select from vaultbook.authority_lists as l where l.listed_at > clock_timestamp() - interval '10 minutes'
             )
             or exists (
               select from public.alerts as a where a.alert_type = 'unknown_authority' and a.resolved_at is null
             )
           ) as is_due`);
  return is_due;
}
