/**
 * Thinning of old snapshots, as the rules in `retention_rules` say.
 *
 * @module
 */
import { rowOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/** What was thinned. */
export interface RetentionReport {
  /** False: it was stopped, and the next call goes on. */
  readonly isComplete: boolean;
  /** Rows that are gone, by table. */
  readonly removed: { readonly balance_snapshots: number; readonly tvl_snapshots: number };
}

/**
 * Thins old snapshots to one an hour, one a day, and none. In batches, each a short transaction of its own, so that nobody waits for it;
 * whatever ends it, the next call goes on. Never touches the ledger or the inbox.
 *
 * @param options.now an instant, ISO 8601; default the database's clock.
 * @param options.goesOn asked before each batch but the first; false stops it. Default: until nothing is left.
 * @throws {VaultbookError} database_unavailable – the batches before it are done.
 */
export async function retainSnapshots(
  database: Database,
  { now, goesOn = (): boolean => true }: { now?: string; goesOn?: () => boolean | Promise<boolean> } = {},
): Promise<RetentionReport> {
  const removed = { balance_snapshots: 0, tvl_snapshots: 0 };
  for (;;) {
    const batch = await rowOf(
      database,
      (sql) =>
        sql<{ series: string | null; removed: number; is_complete: boolean }[]>`
      select series, removed::integer, is_complete from vaultbook.retain(${now ?? null})`,
    );
    removed[batch.series === "tvl" ? "tvl_snapshots" : "balance_snapshots"] += batch.removed;
    if (batch.is_complete) return { isComplete: true, removed };
    if (!await goesOn()) return { isComplete: false, removed };
  }
}
