/**
 * Holding a channel with a token: what the token permits, and the end of both.
 *
 * @module
 */
import { authorizeReading, authorizeWriting, type Extension } from "./authorization.ts";
import { type Channel, type Permissions, pushSystemMessage } from "./channel.ts";
import { untrackPresence } from "./presence.ts";
import type { RealtimeServer } from "./server.ts";
import { confirmToken, TokenError } from "./token.ts";

/** A token that never seems to expire is asked about again after so long. */
const CONFIRM_MS_MAX = 60 * 60 * 1000;

/** What nobody has to ask for in a public channel. */
const PUBLIC: Permissions = { readBroadcast: true, readPresence: true, writeBroadcast: true, writePresence: true };

/**
 * Asks what the channel's token permits to read; writing is asked for when it is tried.
 *
 * @throws {Error} when the database cannot be reached.
 */
export async function askPermissions(
  server: RealtimeServer,
  channel: Pick<Channel, "connection" | "name" | "request" | "held" | "presenceEnabled">,
): Promise<Permissions> {
  if (!channel.request.isPrivate) return { ...PUBLIC };
  const extensions: Extension[] = channel.presenceEnabled ? ["broadcast", "presence"] : ["broadcast"];
  const readable = await authorizeReading(server.sql, authorizationRequest(channel), extensions, server.log);
  return {
    readBroadcast: readable.has("broadcast"),
    readPresence: channel.presenceEnabled ? readable.has("presence") : null,
    writeBroadcast: null,
    writePresence: null,
  };
}

/** Whether the channel may broadcast; the answer holds until its token changes. */
export async function mayBroadcast(server: RealtimeServer, channel: Channel): Promise<boolean> {
  const { permissions } = channel;
  permissions.writeBroadcast ??= await authorizeWriting(
    server.sql,
    authorizationRequest(channel),
    "broadcast",
    server.log,
  );
  return permissions.writeBroadcast;
}

/** Whether the channel may track; asks for reading too where joining did not. */
export async function mayTrack(server: RealtimeServer, channel: Channel): Promise<boolean> {
  const { permissions } = channel;
  const request = authorizationRequest(channel);
  permissions.readPresence ??= (await authorizeReading(server.sql, request, ["presence"], server.log)).has("presence");
  permissions.writePresence ??= await authorizeWriting(server.sql, request, "presence", server.log);
  return permissions.writePresence;
}

/** Whether anything in the channel may be read. */
export function mayRead({ readBroadcast, readPresence }: Permissions): boolean {
  return readBroadcast || readPresence === true;
}

/** Closes the channel when its token expires, or is no longer good for another reason. */
export function watchExpiry(server: RealtimeServer, channel: Channel): void {
  clearTimeout(channel.expiry);
  const { expiresAt, token } = channel.held;
  if (expiresAt === null) return;
  const confirm = async (): Promise<void> => {
    if (!server.hub.has(channel) || channel.held.token !== token) return;
    try {
      channel.held = await confirmToken(token, server.callerOfToken);
      watchExpiry(server, channel);
    } catch (error) {
      shutDownChannel(server, channel, error instanceof TokenError ? error.message : String(error));
    }
  };
  const wait = Math.min(CONFIRM_MS_MAX, Math.max(0, expiresAt - Date.now()));
  channel.expiry = setTimeout(() => channel.connection.enqueue(channel.topic, confirm), wait);
}

/** Tells the client why, and closes the channel. */
export function shutDownChannel(server: RealtimeServer, channel: Channel, message: string): void {
  pushSystemMessage(channel, "system", "error", message);
  closeChannel(server, channel);
}

/** Takes the client out of the channel and tells it so. */
export function closeChannel(server: RealtimeServer, channel: Channel): void {
  forgetChannel(server, channel);
  const { connection, joinRef, topic } = channel;
  connection.push({ joinRef, ref: joinRef, topic, event: "phx_close", payload: "{}" });
}

/** Takes the client out of the channel; the other members hear that it left. */
export function forgetChannel(server: RealtimeServer, channel: Channel): void {
  clearTimeout(channel.expiry);
  server.hub.remove(channel);
  if (channel.connection.channels.get(channel.topic) === channel) channel.connection.channels.delete(channel.topic);
  untrackPresence(server, channel);
}

function authorizationRequest(
  { connection, name, held }: Pick<Channel, "connection" | "name" | "held">,
): { topic: string; caller: Channel["held"]["caller"]; headers: Record<string, string> } {
  return { topic: name, caller: held.caller, headers: connection.headers };
}
