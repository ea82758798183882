/**
 * The local stand-in for Supabase Realtime: channels over WebSockets with Broadcast (from clients, over HTTP, from the
 * database), Presence and `postgres_changes`, authorised by the policies on `realtime.messages` and on the tables.
 *
 * Delivery is at most once, as upstream: clients read the tables again after they have subscribed.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import { broadcastToMembers } from "./channel.ts";
import { deliverChange, isChangeWanted } from "./changes.ts";
import { handleMessage } from "./channel_messages.ts";
import { type Connection, openConnection } from "./connection.ts";
import { openDatabaseFeed } from "./database_feed.ts";
import type { FeedEntry, FeedMessage } from "./feed_query.ts";
import { broadcastOverHttp } from "./http_broadcast.ts";
import { createHub } from "./hub.ts";
import { leaveAllChannels } from "./join.ts";
import { protocolVersion } from "./protocol.ts";
import type { RealtimeServer } from "./server.ts";
import { type CallerOfToken, confirmToken } from "./token.ts";

export interface Realtime {
  /**
   * Answers `GET …/websocket?apikey=…&vsn=…`: 101, or 401 for a key that is none, 400 for a version that is none, 426 for
   * a request that is no WebSocket handshake.
   */
  upgrade(request: Request): Promise<Response>;
  /** Answers `POST …/api/broadcast` and `POST …/api/broadcast/:topic/events/:event`. */
  broadcast(request: Request): Promise<Response>;
  /** Closes every connection, to clients and to the database. */
  close(): Promise<void>;
}

/** A database message larger than this is not delivered; as upstream's default. */
const MESSAGE_BYTES_MAX = 3_000_000;
const CLEANING_INTERVAL_MS = 60 * 60 * 1000;

/**
 * Opens the server. What is committed after this has resolved is delivered.
 *
 * @param options.adminUrl a superuser of a database that `project/realtime.sql` has run on.
 * @param options.callerOfToken role and claims of an API key or a user's JWT; rejects when the token is neither.
 * @throws {Error} when the database cannot be reached.
 */
export async function openRealtime(
  options: { adminUrl: string; callerOfToken: CallerOfToken; log?: (line: string) => void },
): Promise<Realtime> {
  const log = options.log ?? (() => {});
  const sql = postgres(options.adminUrl, {
    max: 4,
    // The driver asks for the types of arrays on each new connection, and throws where nobody can catch it when that
    // fails. So no query here takes or gives an array.
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: "realtime" },
    // A database that was restarted is back in a moment: twenty seconds, the default, would be long to wait for it.
    backoff: (attempts) => Math.min(2 ** attempts / 20, 1),
  });
  const server: RealtimeServer = { sql, hub: createHub(), callerOfToken: options.callerOfToken, log };
  const connections = new Set<Connection>();
  const changes = createChangeQueue(server);
  const deliver = (entry: FeedEntry): void =>
    entry.kind === "message" ? deliverMessage(server, entry) : changes.add(entry);
  try {
    await installReading(sql);
    const feed = await openDatabaseFeed(sql, options.adminUrl, deliver, log);
    let cleaning = deleteOld(server);
    const cleaner = setInterval(() => cleaning = deleteOld(server), CLEANING_INTERVAL_MS);
    return {
      upgrade: (request) => upgrade(server, connections, request),
      broadcast: (request) => broadcastOverHttp(server, request),
      async close(): Promise<void> {
        clearInterval(cleaner);
        for (const connection of connections) {
          leaveAllChannels(server, connection);
          connection.close();
        }
        await feed.close();
        await changes.settled();
        await cleaning;
        await sql.end({ timeout: 1 });
      },
    };
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }
}

/** Installs the functions that this server asks about changes. Several servers may open on one database at once. */
async function installReading(sql: Sql): Promise<void> {
  const text = await Deno.readTextFile(new URL("./changes.sql", import.meta.url));
  await sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(hashtext('realtime._local_changes_for'))`;
    await transaction.unsafe(text).simple();
    await transaction`select realtime._local_record_published_tables()`;
  });
}

async function upgrade(server: RealtimeServer, connections: Set<Connection>, request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const apiKey = request.headers.get("x-api-key") ?? searchParams.get("apikey") ?? "";
  try {
    await confirmToken(apiKey, server.callerOfToken);
  } catch {
    return Response.json({ error: "Invalid API key" }, { status: 401 });
  }
  const version = protocolVersion(searchParams.get("vsn"));
  if (version === null) return Response.json({ error: "Unknown protocol version" }, { status: 400 });
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return Response.json({ error: "Upgrade Required" }, { status: 426, headers: { upgrade: "websocket" } });
  }
  // Before the upgrade: afterwards the request cannot be read.
  const client = { version, apiKey, headers: Object.fromEntries(request.headers) };
  const { socket, response } = Deno.upgradeWebSocket(request);
  const connection = openConnection(socket, client, {
    onMessage: (from, message) => handleMessage(server, from, message),
    onClose(gone): void {
      connections.delete(gone);
      leaveAllChannels(server, gone);
    },
    log: server.log,
  });
  connections.add(connection);
  return response;
}

function deliverMessage(server: RealtimeServer, message: FeedMessage): void {
  if (message.payload.length > MESSAGE_BYTES_MAX) {
    return server.log(`UnableToBroadcastChanges: message ${message.id} is too large`);
  }
  const { id, topic, isPrivate, event, payload } = message;
  broadcastToMembers(server.hub.members(topic, isPrivate), { event, payload, meta: JSON.stringify({ id }) }, id);
}

/** Delivers changes one after the other, without holding up the messages: each change asks the database first. */
function createChangeQueue(
  server: RealtimeServer,
): { add(change: Exclude<FeedEntry, FeedMessage>): void; settled(): Promise<void> } {
  let last = Promise.resolve();
  return {
    add(change): void {
      if (!isChangeWanted(server, change)) return;
      last = last.then(() => deliverChange(server, change)).catch((error) => {
        server.log(`PoolingReplicationError: ${error instanceof Error ? error.message : String(error)}`);
      });
    },
    settled: () => last,
  };
}

/** Never rejects: what is old can wait for the next time. */
async function deleteOld({ sql, log }: RealtimeServer): Promise<void> {
  try {
    await sql`select realtime._local_delete_old()`;
  } catch (error) {
    log(`Realtime did not delete old messages: ${error instanceof Error ? error.message : String(error)}`);
  }
}
