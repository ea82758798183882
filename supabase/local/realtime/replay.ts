/**
 * Replay: the messages of a private channel that were stored while a client was away.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { Broadcast } from "./protocol.ts";

/** A stored message, marked as sent again. */
export interface ReplayedMessage {
  readonly id: string;
  readonly broadcast: Broadcast;
}

/** As many as are sent again at most, whatever the client asks for. */
const REPLAY_MESSAGES_MAX = 25;

/**
 * The newest messages of a private channel since a time, oldest first.
 *
 * @param since milliseconds since the epoch.
 * @param limit how many; 25 when absent, and at most.
 * @throws {TypeError} when either is not an integer.
 */
export async function readReplay(sql: Sql, topic: string, since: unknown, limit: unknown): Promise<ReplayedMessage[]> {
  const count = limit ?? REPLAY_MESSAGES_MAX;
  const from = since ?? 0;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count)) {
    throw new TypeError("Replay params are not valid");
  }
  const rows = await sql<{ id: string; event: string; payload: string | null; binary_payload: Uint8Array | null }[]>`
    select id, event, payload::text, binary_payload
      from realtime.messages
     where topic = ${topic} and private is true and extension = 'broadcast'
       and inserted_at >= to_timestamp(${String(from)}::text::float8 / 1000) at time zone 'utc'
       and event is not null and (payload is not null or binary_payload is not null)
     order by inserted_at desc
     limit ${Math.max(1, Math.min(Number(count), REPLAY_MESSAGES_MAX))}`;
  return rows.toReversed().map(({ id, event, payload, binary_payload }) => ({
    id,
    broadcast: { event, payload: payload ?? binary_payload ?? "{}", meta: JSON.stringify({ id, replayed: true }) },
  }));
}
