/**
 * Presence: what the members of a channel share about themselves, and how the others hear of it.
 *
 * @module
 */
import { type Channel, type PresenceMeta, pushToChannel, pushToMember } from "./channel.ts";
import type { RealtimeServer } from "./server.ts";

/** Members' states by their keys; a key that several connections use has several. */
type PresenceState = Record<string, { metas: PresenceMeta[] }>;

/** Shares a state, or replaces it. */
export function trackPresence(server: RealtimeServer, channel: Channel, payload: Record<string, unknown>): void {
  const previous = channel.presence;
  if (previous && sameState(previous, payload)) return;
  channel.presence = {
    ...payload,
    phx_ref: crypto.randomUUID().slice(0, 13),
    ...(previous ? { phx_ref_prev: previous.phx_ref } : {}),
  };
  tellMembers(server, channel, [channel.presence], previous ? [previous] : []);
}

/** Takes back what was shared. */
export function untrackPresence(server: RealtimeServer, channel: Channel): void {
  const previous = channel.presence;
  if (!previous) return;
  channel.presence = null;
  tellMembers(server, channel, [], [previous]);
}

/** Sends the channel the state of all members, if it may know it. */
export function syncPresence(server: RealtimeServer, channel: Channel): void {
  if (!channel.permissions.readPresence) return;
  const state: PresenceState = {};
  for (const member of server.hub.members(channel.name, channel.request.isPrivate)) {
    if (!member.presence) continue;
    const metas = state[member.presenceKey]?.metas ?? [];
    state[member.presenceKey] = { metas: [...metas, member.presence] };
  }
  pushToChannel(channel, "presence_state", state);
}

function tellMembers(server: RealtimeServer, channel: Channel, joins: PresenceMeta[], leaves: PresenceMeta[]): void {
  const group = (metas: PresenceMeta[]): PresenceState => metas.length > 0 ? { [channel.presenceKey]: { metas } } : {};
  const diff = JSON.stringify({ joins: group(joins), leaves: group(leaves) });
  for (const member of server.hub.members(channel.name, channel.request.isPrivate)) {
    if (member.permissions.readPresence) pushToMember(member, "presence_diff", diff);
  }
}

function sameState(meta: PresenceMeta, payload: Record<string, unknown>): boolean {
  const { phx_ref: _ref, phx_ref_prev: _previous, ...shared } = meta;
  return JSON.stringify(shared) === JSON.stringify(payload);
}
