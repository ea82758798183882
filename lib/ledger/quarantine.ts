/**
 * What operators decide about items in quarantine: that nothing is to be done, or that they are read again.
 *
 * @module
 */
import type { Sql } from "postgres";
import { type Caller, seesAll } from "@/lib/domain/caller.ts";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { rowOf } from "./attempts.ts";
import { codeOf, type Database } from "./database.ts";
import { ingest } from "./ingest.ts";
import { REFUSALS } from "./refusals.ts";

/** What was decided about an item. */
export interface Resolution {
  /** Of the item. */
  readonly id: string;
  /** resolved: nothing is to be done; replayed: its bytes were read again. */
  readonly decision: "resolved" | "replayed";
  readonly reason: string;
  readonly decided_by: string;
  /** ISO 8601. */
  readonly decided_at: string;
  /** What the item was after it, and why. */
  readonly outcome: string;
  readonly code: string | null;
}

/** Which item, and why something is done about it, in the words of whoever does it. */
export interface Decision {
  readonly id: string;
  readonly reason: string;
}

/**
 * Notes that somebody looked at an item and that nothing is to be done. Its outcome and its bytes stay as they are; its alerts are over
 * where nothing else is in quarantine. Repeating it is harmless, and the first one stays on record.
 *
 * @throws {VaultbookError} operators_only, item_unknown, item_settled; database_unavailable – try again.
 */
export async function resolveItem(database: Database, caller: Caller, { id, reason }: Decision): Promise<Resolution> {
  const by = operatorOf(caller);
  const { resolution } = await decided<{ resolution: Resolution }>(
    database,
    id,
    (sql) => sql`select ${shown(sql)} as resolution from vaultbook.resolve_item(${id}::bigint, ${by}, ${reason}) as r`,
  );
  return resolution;
}

/**
 * Reads the bytes of an item's delivery again and hands them to the ledger as if they came once more: what can be read now takes effect, at
 * its place on the chain and once.
 *
 * @param read the decoder as it is now.
 * @returns what the item is now; still quarantined where it still cannot be read.
 * @throws {VaultbookError} operators_only, item_unknown, item_settled; database_unavailable – try again.
 */
export async function replayItem(
  database: Database,
  caller: Caller,
  { id, reason }: Decision,
  read: (body: Uint8Array) => ChainTransaction[],
): Promise<Resolution> {
  const by = operatorOf(caller);
  const kept = await decided<KeptDelivery>(
    database,
    id,
    (sql) => sql`select * from vaultbook.item_to_replay(${id}::bigint)`,
  );
  const { source, body, finalized, signature, delivery_position: position } = kept;
  const transactions = read(body);
  // What had no signature can be a whole body that was not understood.
  await ingest(database, { source, body, transactions, finalized, ...(signature !== null && { only: position }) });
  const named = signature ?? transactions[position]?.signature ?? null;
  const { resolution } = await decided<{ resolution: Resolution }>(database, id, (sql) =>
    sql`
    select ${shown(sql)} as resolution from vaultbook.note_replay(${id}::bigint, ${named}, ${by}, ${reason}) as r`);
  return resolution;
}

/** The delivery that brought an item, and where the item lies in it. */
interface KeptDelivery {
  readonly source: "webhook" | "sweep";
  readonly body: Uint8Array;
  readonly finalized: boolean;
  readonly delivery_position: number;
  readonly signature: string | null;
}

/** @throws {VaultbookError} operators_only */
function operatorOf(caller: Caller): string {
  if (!seesAll(caller)) throw new VaultbookError("operators_only");
  return caller.kind === "service" ? "service" : String(caller.claims.sub);
}

/** A row of `vaultbook.resolutions` as clients see it, as part of a query. */
function shown(sql: Sql): ReturnType<Sql> {
  return sql`
    jsonb_build_object(
      'id', r.inbox_id::text, 'decision', r.decision, 'reason', r.reason, 'decided_by', r.decided_by, 'decided_at', r.decided_at,
      'outcome', r.outcome, 'code', r.code
    )`;
}

/** The one row that the ledger answers, or its refusal. */
async function decided<Row>(
  database: Database,
  id: string,
  query: (sql: Sql) => PromiseLike<readonly unknown[]>,
): Promise<Row> {
  try {
    return await rowOf<Row>(database, query as (sql: Sql) => PromiseLike<readonly Row[]>);
  } catch (error) {
    const code = REFUSALS[codeOf(error)];
    throw code ? new VaultbookError(code, { id }, error) : error;
  }
}

/**
 * Resolves the alerts of quarantine and conflicts of which nothing is left to look at, also where a later delivery brought
 * it so that it can be read.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function closeQuarantineAlerts(database: Database): Promise<void> {
  await rowOf(database, (sql) => sql`select vaultbook.close_quarantine_alerts()`);
}
