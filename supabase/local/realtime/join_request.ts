/**
 * Reads what a client asks for when it joins a channel.
 *
 * @module
 */
import { asObject, isObject } from "./exact_json.ts";

/** The payload of `phx_join`, with upstream's defaults. */
export interface JoinRequest {
  /** The token to hold the channel with; null for the connection's API key. */
  readonly token: string | null;
  readonly isPrivate: boolean;
  /** Whether the client's broadcasts come back to itself. */
  readonly self: boolean;
  /** Whether each of the client's broadcasts is answered. */
  readonly ack: boolean;
  /** Stored messages to send again, newest `limit` since `since` (milliseconds since the epoch). */
  readonly replay: { since: unknown; limit: unknown } | null;
  /** Whether to say when messages from the database would arrive. */
  readonly announceReplication: boolean;
  readonly presenceEnabled: boolean;
  /** Empty: one is made up. */
  readonly presenceKey: string;
  /** The subscriptions to `postgres_changes`, as given: they are given back with an id each. */
  readonly changes: Record<string, unknown>[];
  /** Whether a subscription that cannot work refuses the join. */
  readonly waitForChanges: boolean;
}

/** Reads a join's payload. What does not have the expected form counts as absent, as upstream has it. */
export function readJoinRequest(payload: Record<string, unknown>): JoinRequest {
  const config = asObject(payload.config);
  const broadcast = asObject(config.broadcast);
  const presence = asObject(config.presence);
  const replay = broadcast.replay;
  const token = payload.user_token ?? payload.access_token;
  return {
    token: typeof token === "string" && token !== "" ? token : null,
    isPrivate: isTrue(config.private),
    self: isTrue(broadcast.self),
    ack: isTrue(broadcast.ack),
    replay: isObject(replay) ? { since: replay.since, limit: replay.limit } : null,
    announceReplication: isTrue(broadcast.replication_ready),
    presenceEnabled: presence.enabled === undefined || isTrue(presence.enabled),
    presenceKey: typeof presence.key === "string" ? presence.key : "",
    changes: Array.isArray(config.postgres_changes) ? config.postgres_changes.filter(isObject) : [],
    waitForChanges: isTrue(asObject(config.postgres_changes_options).wait),
  };
}

/** Upstream takes the word for the value. */
function isTrue(value: unknown): boolean {
  return value === true || (typeof value === "string" && value.toLowerCase() === "true");
}
