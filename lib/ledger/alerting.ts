/**
 * What becomes of alerts that last, that come too fast, or that cannot be raised at all.
 *
 * @module
 */
import { rowOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/**
 * Makes louder what nobody saw to for longer than its rule allows, and sends it again.
 *
 * @returns how many; what is left is for the next call.
 * @throws {VaultbookError} database_unavailable
 */
export async function escalateAlerts(database: Database): Promise<number> {
  const { escalated } = await rowOf(database, (sql) =>
    sql<{ escalated: number }[]>`
    select vaultbook.escalate_alerts()::integer as escalated`);
  return escalated;
}

/**
 * Tells operators how many alerts came too fast to be told one by one.
 *
 * @returns how many.
 * @throws {VaultbookError} database_unavailable
 */
export async function tellUntold(database: Database): Promise<number> {
  const { untold } = await rowOf(database, (sql) =>
    sql<{ untold: number }[]>`
    select vaultbook.tell_untold()::integer as untold`);
  return untold;
}

/**
 * Whether an alert can be raised. One is, and taken back before anybody sees it; why not is noted in `vaultbook.alert_failures`.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function proveAlerting(database: Database): Promise<boolean> {
  const { is_alive } = await rowOf(database, (sql) =>
    sql<{ is_alive: boolean }[]>`
    select vaultbook.prove_alerting() as is_alive`);
  return is_alive;
}
