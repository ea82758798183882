/**
 * Which callers are limited in what costs.
 *
 * @module
 */
import type { Caller } from "@/lib/domain/caller.ts";
import { type Activity, takeAllowance } from "@/lib/ledger/allowances.ts";
import type { Database } from "@/lib/ledger/database.ts";

/**
 * Takes one use of an activity for whoever signed in. The exchange's own servers are not limited: they ask for everybody.
 *
 * @throws {VaultbookError} rate_limited, database_unavailable
 */
export async function limit(database: Database, caller: Caller, activity: Activity): Promise<void> {
  if (caller.kind === "service") return;
  await takeAllowance(database, activity, caller.wallet ?? String(caller.claims.sub));
}
