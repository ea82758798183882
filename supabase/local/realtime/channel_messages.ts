/**
 * What clients send over a connection, once it is open.
 *
 * @module
 */
import { broadcastToMembers, type Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { asObject, isObject } from "./exact_json.ts";
import { askPermissions, mayBroadcast, mayRead, mayTrack, shutDownChannel, watchExpiry } from "./hold.ts";
import { joinChannel, leaveChannel, resubscribeToChanges } from "./join.ts";
import { syncPresence, trackPresence, untrackPresence } from "./presence.ts";
import type { Broadcast, ClientMessage } from "./protocol.ts";
import type { RealtimeServer } from "./server.ts";
import { confirmToken, isApiKey, TokenError } from "./token.ts";

/** Answers one frame. What goes wrong with the database ends in an answer or a log line, as upstream has it. */
export async function handleMessage(
  server: RealtimeServer,
  connection: Connection,
  message: ClientMessage,
): Promise<void> {
  const { topic, event, payload } = message;
  if (topic === "phoenix" && event === "heartbeat") return connection.reply(message, "ok");
  if (event === "phx_join" && topic.startsWith("realtime:")) return await joinChannel(server, connection, message);

  const channel = connection.channels.get(topic);
  if (!channel) return connection.reply(message, "error", { reason: "unmatched topic" });
  switch (event) {
    case "phx_leave":
      return leaveChannel(server, channel, message);
    case "access_token":
      return await changeToken(server, channel, payload.access_token);
    case "broadcast":
      return message.broadcast && await broadcastFromClient(server, channel, message, message.broadcast);
    case "presence":
      return await changePresence(server, channel, message);
    default:
      server.log(`Unexpected message from client of type \`${event}\``);
  }
}

/** A forbidden broadcast is passed over in silence, acknowledged or not. */
async function broadcastFromClient(
  server: RealtimeServer,
  channel: Channel,
  message: ClientMessage,
  broadcast: Broadcast,
): Promise<void> {
  const { self, ack, isPrivate } = channel.request;
  try {
    if (!await mayBroadcast(server, channel)) return;
  } catch (error) {
    return server.log(`UnableToHandleBroadcast: ${error instanceof Error ? error.message : String(error)}`);
  }
  broadcastToMembers(server.hub.members(channel.name, isPrivate), broadcast, undefined, self ? undefined : channel);
  if (ack) channel.connection.reply(message, "ok");
}

async function changePresence(server: RealtimeServer, channel: Channel, message: ClientMessage): Promise<void> {
  const { connection } = channel;
  const event = String(message.payload.event).toLowerCase();
  if (event === "untrack") {
    untrackPresence(server, channel);
    return connection.reply(message, "ok");
  }
  const state = message.payload.payload ?? {};
  if (event !== "track") return connection.reply(message, "error");
  if (!isObject(state)) {
    return connection.reply(message, "error", { reason: "Presence track payload must be a map" });
  }
  try {
    if (!await mayTrack(server, channel)) return connection.reply(message, "error");
  } catch (error) {
    server.log(`UnableToHandlePresence: ${error instanceof Error ? error.message : String(error)}`);
    return connection.reply(message, "error");
  }
  trackPresence(server, channel, asObject(state));
  connection.reply(message, "ok");
  if (channel.presenceEnabled) return;
  // The first track is what enables presence; who was there before would stay unknown otherwise.
  channel.presenceEnabled = true;
  syncPresence(server, channel);
}

/** Holds the channel with a new token from now on, or closes it when that does not permit it. */
async function changeToken(server: RealtimeServer, channel: Channel, token: unknown): Promise<void> {
  if (typeof token !== "string" || isApiKey(token) || token === channel.held.token) return;
  const { name } = channel;
  const former = channel.permissions;
  try {
    channel.held = await confirmToken(token, server.callerOfToken);
    const permissions = await askPermissions(server, channel);
    channel.permissions = permissions;
    if (!mayRead(permissions)) {
      const reason = `You do not have permissions to read from this Channel topic: ${name}`;
      return shutDownChannel(server, channel, reason);
    }
    const isLess = former.readBroadcast && !permissions.readBroadcast ||
      former.readPresence === true && permissions.readPresence === false;
    if (isLess) {
      const reason = `You no longer have permission to read from this Channel topic: ${name}`;
      return shutDownChannel(server, channel, reason);
    }
    watchExpiry(server, channel);
    await resubscribeToChanges(server, channel);
  } catch (error) {
    if (error instanceof TokenError) return shutDownChannel(server, channel, error.message);
    server.log(`UnableToConnectToProject: ${error instanceof Error ? error.message : String(error)}`);
    shutDownChannel(server, channel, "Realtime was unable to connect to the project database");
  }
}
