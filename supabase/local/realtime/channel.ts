/**
 * One client's membership in one channel.
 *
 * @module
 */
import type { ChangeSubscription } from "./changes.ts";
import type { Connection } from "./connection.ts";
import type { JoinRequest } from "./join_request.ts";
import { type Broadcast, encodeBroadcast } from "./protocol.ts";
import type { ConfirmedToken } from "./token.ts";

export interface Channel {
  readonly connection: Connection;
  /** As on the wire: `realtime:room`. */
  readonly topic: string;
  /** What policies and `realtime.send()` call the topic: `room`. */
  readonly name: string;
  readonly joinRef: string | null;
  readonly request: JoinRequest;
  /** What other members know this one by. */
  readonly presenceKey: string;
  /** Messages sent again on joining, which must not come twice. */
  readonly replayed: Set<string>;
  subscriptions: ChangeSubscription[];
  /** The token the channel is held with. */
  held: ConfirmedToken;
  permissions: Permissions;
  /** Becomes true with the first track. */
  presenceEnabled: boolean;
  /** What the client shares about itself. */
  presence: PresenceMeta | null;
  expiry: ReturnType<typeof setTimeout> | undefined;
}

/** What the client may do in the channel; null where nobody has asked yet. In a public channel: everything. */
export interface Permissions {
  readBroadcast: boolean;
  readPresence: boolean | null;
  writeBroadcast: boolean | null;
  writePresence: boolean | null;
}

/** One member's shared state, marked with a reference that changes with it. */
export interface PresenceMeta {
  readonly phx_ref: string;
  readonly [member: string]: unknown;
}

/** Sends an event of the channel's own. */
export function pushToChannel(channel: Channel, event: string, payload: unknown): void {
  const { connection, joinRef, topic } = channel;
  connection.push({ joinRef, ref: null, topic, event, payload: JSON.stringify(payload) });
}

/** Tells the client how one of Realtime's parts is doing. */
export function pushSystemMessage(
  channel: Channel,
  extension: "system" | "postgres_changes",
  status: "ok" | "error",
  message: string,
): void {
  pushToChannel(channel, "system", { extension, status, message, channel: channel.name });
}

/** Sends an event that all members get alike. */
export function pushToMember(channel: Channel, event: string, payload: string): void {
  channel.connection.push({ joinRef: null, ref: null, topic: channel.topic, event, payload });
}

/** Sends a broadcast to those members that may read it, except to one. */
export function broadcastToMembers(
  members: Iterable<Channel>,
  broadcast: Broadcast,
  id?: string,
  except?: Channel,
): void {
  // Members of one channel have the topic in common, so two encodings serve them all.
  const frames = new Map<string, ReturnType<typeof encodeBroadcast>>();
  for (const member of members) {
    if (member === except || !member.permissions.readBroadcast) continue;
    if (id !== undefined && member.replayed.has(id)) continue;
    const { version } = member.connection;
    let frame = frames.get(version);
    if (frame === undefined) {
      frame = encodeBroadcast(version, member.topic, broadcast);
      frames.set(version, frame);
    }
    if (frame !== null) member.connection.send(frame);
  }
}
