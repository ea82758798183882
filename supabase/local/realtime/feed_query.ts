/**
 * Reads `realtime._local_feed`.
 *
 * @module
 */
import type { Sql } from "postgres";
import { soleRow } from "./sole_row.ts";

/** A message that was written to `realtime.messages`. */
export interface FeedMessage {
  readonly kind: "message";
  readonly id: string;
  readonly topic: string;
  readonly event: string;
  readonly isPrivate: boolean;
  /** JSON text as PostgreSQL writes it, or bytes. */
  readonly payload: string | Uint8Array;
}

/** A row of a published table that was inserted, updated or deleted. */
export interface FeedChange {
  readonly kind: "change";
  /** Where in the feed the rows lie. */
  readonly position: string;
  readonly schema: string;
  readonly table: string;
  readonly action: "INSERT" | "UPDATE" | "DELETE";
}

export type FeedEntry = FeedMessage | FeedChange;

interface FeedRow {
  transaction: string;
  /** Of the transaction among those asked for. */
  index: number;
  position: string;
  message_id: string | null;
  topic: string | null;
  event: string;
  private: boolean;
  payload: string | null;
  /** Base 16. */
  binary_payload: string | null;
  schema: string;
  table: string | null;
  action: FeedChange["action"];
}

/** Rows read at a time, so that a transaction of a million messages is never in memory whole. */
const PAGE_ROWS = 500;

/**
 * The transactions of the feed that are visible now and were not in the snapshot `since`, in the order of recording,
 * with the snapshot of now. With null for `since` it is only that.
 */
export async function readMissed(
  sql: Sql,
  since: string | null,
): Promise<{ snapshot: string; transactions: string[] }> {
  return soleRow(
    await sql<{ snapshot: string; transactions: string[] }[]>`
      select pg_current_snapshot()::text as snapshot,
             array_to_json(array(
               select transaction_id::text
                 from realtime._local_feed
                where transaction_id >= pg_snapshot_xmin(${since}::text::pg_snapshot)
                  and not pg_visible_in_snapshot(transaction_id, ${since}::text::pg_snapshot)
                group by transaction_id
                order by min(position)
             )) as transactions`,
  );
}

/**
 * What these transactions recorded, ordered by transaction as given and then as recorded. The entry is null when its
 * message or its table is gone by now.
 */
export async function* readFeed(
  sql: Sql,
  transactions: string[],
): AsyncGenerator<{ transaction: string; position: bigint; entry: FeedEntry | null }> {
  const list = `{${transactions.join(",")}}`;
  let [index, position] = [0, "0"];
  while (true) {
    const { page } = soleRow(
      await sql<{ page: FeedRow[] }[]>`
        select coalesce(json_agg(row_to_json(found)), '[]') as page
          from (
            select given.index, feed.position::text, feed.transaction_id::text as transaction, feed.message_id,
                   message.topic, message.event, message.private, message.payload::text,
                   encode(message.binary_payload, 'hex') as binary_payload,
                   pg_namespace.nspname as schema, pg_class.relname as table, feed.action
              from unnest(${list}::text::xid8[]) with ordinality as given (transaction_id, index)
              join realtime._local_feed as feed on feed.transaction_id = given.transaction_id
              left join realtime.messages as message on message.id = feed.message_id
              left join pg_catalog.pg_class on pg_class.oid = feed.entity
              left join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace
             where (given.index, feed.position) > (${index}, ${position})
             order by given.index, feed.position
             limit ${PAGE_ROWS}
          ) as found`,
    );
    for (const row of page) {
      yield { transaction: row.transaction, position: BigInt(row.position), entry: toEntry(row) };
      ({ index, position } = row);
    }
    if (page.length < PAGE_ROWS) return;
  }
}

function toEntry(row: FeedRow): FeedEntry | null {
  if (row.message_id !== null) {
    const payload = row.payload ?? (row.binary_payload === null ? null : decodeHex(row.binary_payload));
    if (row.topic === null || payload === null) return null;
    return {
      kind: "message",
      id: row.message_id,
      topic: row.topic,
      event: row.event,
      isPrivate: row.private,
      payload,
    };
  }
  if (row.table === null) return null;
  return { kind: "change", position: row.position, schema: row.schema, table: row.table, action: row.action };
}

function decodeHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}
