/**
 * Calls of the webhook that were refused: `webhook_unauthorized`.
 *
 * @module
 */
import { rowOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/**
 * Raises `webhook_unauthorized`, or adds to the one that is open. Callers bound how often.
 *
 * @param refused.isSecretSet false: everybody is refused, because nobody set a secret.
 * @throws {VaultbookError} database_unavailable
 */
export async function noteRefusals(
  database: Database,
  { count, isSecretSet }: { readonly count: number; readonly isSecretSet: boolean },
): Promise<void> {
  await rowOf(database, (sql) => sql`select vaultbook.note_refusals(${count}, ${isSecretSet})`);
}

/** Resolves `webhook_unauthorized` once nobody was refused for an hour. @throws {VaultbookError} database_unavailable */
export async function settleRefusals(database: Database): Promise<void> {
  await rowOf(database, (sql) => sql`select vaultbook.settle_refusals()`);
}
