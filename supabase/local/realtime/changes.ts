/**
 * `postgres_changes`: who subscribed to which tables, and what each may see of a change.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import { type ChangeFilter, parseChangeFilters } from "./change_filter.ts";
import { type Channel, pushToMember } from "./channel.ts";
import type { FeedChange } from "./feed_query.ts";
import type { RealtimeServer } from "./server.ts";
import { soleRow } from "./sole_row.ts";

/** A subscription that has been understood. */
export interface ChangeSubscription {
  readonly id: number;
  /** `*` stands for all three. */
  readonly event: "*" | FeedChange["action"];
  /** `*` stands for every schema. */
  readonly schema: string;
  /** `*` stands for every table. */
  readonly table: string;
  readonly filters: ChangeFilter[];
  /** The columns wanted; empty for all. */
  readonly columns: string[];
}

/**
 * Reads a subscription as the client gave it.
 *
 * @throws {TypeError} with upstream's message.
 */
export function readChangeSubscription(id: number, given: Record<string, unknown>): ChangeSubscription {
  const { schema, table, filter, select } = given;
  if (typeof select === "string") {
    throw new TypeError(
      'Error parsing `select` params: expected a list of column name strings, e.g. select: ["col1", "col2"]',
    );
  }
  const columns = Array.isArray(select) ? select.filter((column) => typeof column === "string") : [];
  const event = String(given.event ?? "*").toUpperCase();
  const subscription: ChangeSubscription = {
    id,
    event: event === "INSERT" || event === "UPDATE" || event === "DELETE" ? event : "*",
    schema: typeof schema === "string" ? schema : "public",
    table: typeof table === "string" ? table : "*",
    filters: typeof filter === "string" ? parseChangeFilters(filter) : [],
    columns,
  };
  if (schema === undefined && table === undefined) {
    throw new TypeError(
      "No subscription params provided. Please provide at least a `schema` or `table` to subscribe to: " +
        JSON.stringify(given),
    );
  }
  if (columns.length > 0 && (subscription.schema === "*" || subscription.table === "*")) {
    throw new TypeError(
      "Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.",
    );
  }
  return subscription;
}

/**
 * Checks that a subscription can receive anything at all.
 *
 * @throws {TypeError} with upstream's message, when its table is not published or a filter does not fit.
 */
export async function checkChangeSubscription(sql: Sql, subscription: ChangeSubscription, role: string): Promise<void> {
  const { event, schema, table, filters, columns } = subscription;
  const parameters = `[event: ${event}, schema: ${schema}, table: ${table}, filters: ${JSON.stringify(filters)}, ` +
    `select: ${columns.length > 0 ? JSON.stringify(columns) : "nil"}]`;
  const problem = "Unable to subscribe to changes with given parameters.";
  try {
    // A table that became part of a publication of whole schemas has no trigger yet.
    await sql`select realtime._local_record_published_tables()`;
    const { published } = soleRow(
      await sql`
        select realtime._local_check_subscription(
          ${schema}, ${table}, ${JSON.stringify(filters)}::text::jsonb, ${JSON.stringify(columns)}::text::jsonb, ${role}
        ) > 0 as published`,
    );
    if (published) return;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    throw new TypeError(
      `${problem} An exception happened so please check your connect parameters: ${parameters}. ` +
        `Exception: ERROR ${error.code} ${error.message}`,
      { cause: error },
    );
  }
  throw new TypeError(`${problem} Please check Realtime is enabled for the given connect parameters: ${parameters}`);
}

/** Whether anybody has subscribed to changes like this one, whether or not they may see it. */
export function isChangeWanted(server: RealtimeServer, change: FeedChange): boolean {
  return findSubscribers(server, change).length > 0;
}

/** Sends a change to everyone who has subscribed to it and may see it. */
export async function deliverChange(server: RealtimeServer, change: FeedChange): Promise<void> {
  const subscribers = findSubscribers(server, change);
  if (subscribers.length === 0) return;
  const questions = subscribers.map(({ channel, subscription }) => ({
    role: channel.held.caller.role,
    claims: channel.held.caller.claims,
    filters: subscription.filters,
    columns: subscription.columns,
  }));
  const { answers } = soleRow(
    await server.sql<{ answers: { subscriber: number; data: string }[] }[]>`
      select coalesce(json_agg(row_to_json(answer)), '[]') as answers
        from realtime._local_changes_for(${change.position}, ${JSON.stringify(questions)}::text::jsonb) as answer`,
  );

  // A channel with several subscriptions that see the same gets it once, with all their ids.
  const messages = new Map<Channel, Map<string, number[]>>();
  for (const { subscriber, data } of answers) {
    const found = subscribers[subscriber - 1];
    if (!found) continue;
    const ofChannel = messages.get(found.channel) ?? new Map<string, number[]>();
    messages.set(found.channel, ofChannel.set(data, [...ofChannel.get(data) ?? [], found.subscription.id]));
  }
  for (const [channel, ofChannel] of messages) {
    if (!server.hub.has(channel)) continue;
    for (const [data, ids] of ofChannel) {
      pushToMember(channel, "postgres_changes", `{"ids":${JSON.stringify(ids)},"data":${data}}`);
    }
  }
}

function findSubscribers(
  server: RealtimeServer,
  change: FeedChange,
): { channel: Channel; subscription: ChangeSubscription }[] {
  const found = [];
  for (const channel of server.hub.all()) {
    for (const subscription of channel.subscriptions) {
      const { event, schema, table } = subscription;
      const matches = (event === "*" || event === change.action) && (schema === "*" || schema === change.schema) &&
        (table === "*" || table === change.table);
      if (matches) found.push({ channel, subscription });
    }
  }
  return found;
}
