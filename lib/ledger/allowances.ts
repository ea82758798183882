/**
 * How often one caller may ask for what costs.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import { rowOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/** What is limited, as the rules in `rate_limits` name it. */
export type Activity = "transactions" | "history";

/**
 * Takes one use of an activity. It is counted in the database, which the request needs anyway: while that is away, nothing is allowed.
 *
 * @param caller the same text for the same caller.
 * @throws {VaultbookError} rate_limited – with the seconds after which it is allowed; database_unavailable.
 */
export async function takeAllowance(database: Database, activity: Activity, caller: string): Promise<void> {
  const { wait } = await rowOf(
    database,
    (sql) => sql<{ wait: number }[]>`select vaultbook.take_allowance(${activity}, ${caller}) as wait`,
  );
  if (wait > 0) throw new VaultbookError("rate_limited", { retry_after_seconds: wait });
}

/**
 * Forgets who has used nothing that still counts.
 *
 * @returns how many.
 * @throws {VaultbookError} database_unavailable
 */
export async function forgetAllowances(database: Database): Promise<number> {
  const { forgotten } = await rowOf(
    database,
    (sql) => sql<{ forgotten: number }[]>`select vaultbook.forget_allowances()::integer as forgotten`,
  );
  return forgotten;
}
