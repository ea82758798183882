/**
 * Who is in which channel.
 *
 * @module
 */
import type { Channel } from "./channel.ts";

export interface Hub {
  add(channel: Channel): void;
  /** Removes a channel; does nothing when it is not there. */
  remove(channel: Channel): void;
  has(channel: Channel): boolean;
  /** The members of a channel. A private channel and a public one of the same name are two. */
  members(name: string, isPrivate: boolean): Iterable<Channel>;
  all(): Iterable<Channel>;
}

/** Makes an empty hub. */
export function createHub(): Hub {
  const everyone = new Set<Channel>();
  const publicMembers = new Map<string, Set<Channel>>();
  const privateMembers = new Map<string, Set<Channel>>();
  const roomsOf = (isPrivate: boolean): Map<string, Set<Channel>> => isPrivate ? privateMembers : publicMembers;
  return {
    add(channel): void {
      const rooms = roomsOf(channel.request.isPrivate);
      const members = rooms.get(channel.name) ?? new Set();
      rooms.set(channel.name, members.add(channel));
      everyone.add(channel);
    },
    remove(channel): void {
      const rooms = roomsOf(channel.request.isPrivate);
      const members = rooms.get(channel.name);
      members?.delete(channel);
      if (members?.size === 0) rooms.delete(channel.name);
      everyone.delete(channel);
    },
    has: (channel) => everyone.has(channel),
    members: (name, isPrivate) => roomsOf(isPrivate).get(name) ?? [],
    all: () => everyone,
  };
}
