/**
 * Joining a channel.
 *
 * @module
 */
import { type ChangeSubscription, checkChangeSubscription, readChangeSubscription } from "./changes.ts";
import { type Channel, pushSystemMessage } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { askPermissions, closeChannel, forgetChannel, mayRead, watchExpiry } from "./hold.ts";
import { readJoinRequest } from "./join_request.ts";
import { syncPresence } from "./presence.ts";
import { type ClientMessage, encodeBroadcast } from "./protocol.ts";
import { readReplay, type ReplayedMessage } from "./replay.ts";
import type { RealtimeServer } from "./server.ts";
import { confirmToken, isApiKey, TokenError } from "./token.ts";

/** As upstream's default. */
const CHANNELS_PER_CONNECTION_MAX = 100;

/** Why a join is refused, in upstream's words: `Unauthorized: You do not…`. */
class JoinRefusal extends Error {}

/** Lets the client into the channel, or tells it why not. Joining again replaces the former membership. */
export async function joinChannel(
  server: RealtimeServer,
  connection: Connection,
  message: ClientMessage,
): Promise<void> {
  const former = connection.channels.get(message.topic);
  if (former) closeChannel(server, former);
  try {
    const channel = await admit(server, connection, message);
    const replayed = await prepareReplay(server, channel);
    const problem = await subscribeToChanges(server, channel);
    if (problem !== null && channel.request.waitForChanges) {
      throw new JoinRefusal(`RealtimeDisabledForConfiguration: ${problem}`);
    }
    // The client may have gone while the database was asked.
    if (!connection.isOpen()) return;
    // Joins run side by side, so counting is for the last moment.
    if (connection.channels.size >= CHANNELS_PER_CONNECTION_MAX) {
      throw new JoinRefusal("ChannelRateLimitReached: Too many channels");
    }
    connection.channels.set(channel.topic, channel);
    server.hub.add(channel);
    watchExpiry(server, channel);
    welcome(server, channel, message, replayed, problem);
  } catch (error) {
    connection.reply(message, "error", { reason: explainRefusal(server, error) });
  }
}

/** Subscribes anew, after the token has changed, and tells the client how that went. */
export async function resubscribeToChanges(server: RealtimeServer, channel: Channel): Promise<void> {
  if (channel.request.changes.length > 0) announceSubscription(channel, await subscribeToChanges(server, channel));
}

/** Leaves a channel at the client's wish. */
export function leaveChannel(server: RealtimeServer, channel: Channel, message: ClientMessage): void {
  channel.connection.reply(message, "ok");
  closeChannel(server, channel);
}

/** Takes a client that is gone out of all its channels. */
export function leaveAllChannels(server: RealtimeServer, connection: Connection): void {
  for (const channel of [...connection.channels.values()]) forgetChannel(server, channel);
}

async function admit(server: RealtimeServer, connection: Connection, message: ClientMessage): Promise<Channel> {
  const name = message.topic.slice("realtime:".length);
  if (name === "") throw new JoinRefusal("TopicNameRequired: You must provide a topic name");
  const request = readJoinRequest(message.payload);
  const token = request.token === null || isApiKey(request.token) ? connection.apiKey : request.token;
  const applicant = {
    connection,
    topic: message.topic,
    name,
    joinRef: message.joinRef,
    request,
    held: await confirmToken(token, server.callerOfToken),
    presenceEnabled: request.presenceEnabled,
  };
  const permissions = await askPermissions(server, applicant);
  if (!mayRead(permissions)) {
    throw new JoinRefusal(`Unauthorized: You do not have permissions to read from this Channel topic: ${name}`);
  }
  return {
    ...applicant,
    permissions,
    presenceKey: request.presenceKey || crypto.randomUUID(),
    presence: null,
    replayed: new Set(),
    subscriptions: [],
    expiry: undefined,
  };
}

async function prepareReplay(server: RealtimeServer, channel: Channel): Promise<ReplayedMessage[]> {
  const { replay, isPrivate } = channel.request;
  if (!replay) return [];
  if (!isPrivate) throw new JoinRefusal("UnableToReplayMessages: Replay is not allowed for public channels");
  if (!channel.permissions.readBroadcast) {
    throw new JoinRefusal(`Unauthorized: You do not have permissions to read from this Channel topic: ${channel.name}`);
  }
  try {
    const messages = await readReplay(server.sql, channel.name, replay.since, replay.limit);
    for (const { id } of messages) channel.replayed.add(id);
    return messages;
  } catch (error) {
    if (error instanceof TypeError) throw new JoinRefusal(`UnableToReplayMessages: ${error.message}`);
    throw error;
  }
}

/** Sets the channel's subscriptions; none when one of them cannot work. Returns what is wrong, or null. */
async function subscribeToChanges(server: RealtimeServer, channel: Channel): Promise<string | null> {
  channel.subscriptions = [];
  const subscriptions: ChangeSubscription[] = [];
  try {
    for (const [index, given] of channel.request.changes.entries()) {
      const subscription = readChangeSubscription(subscriptionId(index), given);
      await checkChangeSubscription(server.sql, subscription, channel.held.caller.role);
      subscriptions.push(subscription);
    }
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  channel.subscriptions = subscriptions;
  return null;
}

/** The client takes any number that differs within its channel. */
function subscriptionId(index: number): number {
  return index + 1;
}

function welcome(
  server: RealtimeServer,
  channel: Channel,
  message: ClientMessage,
  replayed: ReplayedMessage[],
  problem: string | null,
): void {
  const { connection, topic, request } = channel;
  connection.reply(message, "ok", {
    postgres_changes: request.changes.map((given, index) => ({ ...given, id: subscriptionId(index) })),
  });
  for (const { broadcast } of replayed) {
    const frame = encodeBroadcast(connection.version, topic, broadcast);
    if (frame !== null) connection.send(frame);
  }
  if (request.announceReplication) {
    pushSystemMessage(channel, "system", "ok", "Replication connection established");
  }
  if (request.changes.length > 0) announceSubscription(channel, problem);
  if (channel.presenceEnabled) syncPresence(server, channel);
}

function announceSubscription(channel: Channel, problem: string | null): void {
  if (problem === null) pushSystemMessage(channel, "postgres_changes", "ok", "Subscribed to PostgreSQL");
  else pushSystemMessage(channel, "postgres_changes", "error", problem);
}

function explainRefusal(server: RealtimeServer, error: unknown): string {
  if (error instanceof JoinRefusal) return error.message;
  if (error instanceof TokenError) return `${error.code}: ${error.message}`;
  server.log(`UnableToConnectToProject: ${error instanceof Error ? error.message : String(error)}`);
  return "UnableToConnectToProject: Realtime was unable to connect to the project database";
}
