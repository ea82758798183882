/**
 * A Realtime server on a database of its own, with supabase-js clients whose tokens are plain names.
 *
 * @module
 */
import { createClient, type RealtimeChannel, type SupabaseClient } from "@supabase/supabase-js";
import postgres, { type Sql } from "postgres";
import type { Caller } from "@/supabase/local/caller.ts";
import { openRealtime, type Realtime } from "@/supabase/local/realtime/realtime.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";

export type Version = "1.0.0" | "2.0.0";

export const VERSIONS: Version[] = ["1.0.0", "2.0.0"];

export interface RealtimeFixture {
  readonly database: TestDatabase;
  /** `postgres`, as migrations and functions are. */
  readonly owner: Sql;
  readonly realtime: Realtime;
  /** Where the server is: `http://127.0.0.1:…`. */
  readonly url: string;
  /** Callers by token. A test may change them. */
  readonly callers: Map<string, Caller>;
  readonly log: string[];
  /** A client. */
  client(token: Token, options?: { vsn?: Version; timeoutMs?: number }): Promise<SupabaseClient>;
  close(): Promise<void>;
}

/** Null: the client has the publishable key alone. A function is asked whenever the client wants to know its token. */
export type Token = string | null | (() => string);

export const PUBLISHABLE_KEY = "sb_publishable_test";
export const SECRET_KEY = "sb_secret_test";

/** Seconds since the epoch, an hour from now. */
export const IN_AN_HOUR = Math.floor(Date.now() / 1000) + 3600;

/** A user's caller whose token expires in an hour. */
export function user(sub: string, exp = IN_AN_HOUR): Caller {
  return { role: "authenticated", claims: { sub, role: "authenticated", exp } };
}

/**
 * Starts a server. Tokens: `alice`, `bob`. Channels: `room:<sub>` is its owner's to read, `lobby` every user's to read,
 * write and be present in. Tables: `notes`, of which each user sees their own, published.
 *
 * @param options.adminUrl replaces the URL that the server connects with.
 */
export async function openFixture(options: { adminUrl?: (url: string) => string } = {}): Promise<RealtimeFixture> {
  const database = await openTestDatabase({ migrated: false });
  const owner = postgres(database.url, { max: 4, onnotice: () => {} });
  await owner.unsafe(SCHEMA).simple();
  const callers = new Map<string, Caller>([
    [PUBLISHABLE_KEY, { role: "anon", claims: { role: "anon" } }],
    [SECRET_KEY, { role: "service_role", claims: { role: "service_role" } }],
    ["alice", user("alice")],
    ["bob", user("bob")],
  ]);
  const log: string[] = [];
  const realtime = await openRealtime({
    adminUrl: options.adminUrl?.(database.adminUrl) ?? database.adminUrl,
    callerOfToken: (token) => {
      const caller = callers.get(token);
      return caller ? Promise.resolve(caller) : Promise.reject(new Error("Unknown token"));
    },
    log: (line) => log.push(line),
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return new URL(request.url).pathname.includes("/api/broadcast")
      ? realtime.broadcast(request)
      : realtime.upgrade(request);
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const clients: SupabaseClient[] = [];
  return {
    database,
    owner,
    realtime,
    url,
    callers,
    log,
    async client(token, { vsn = "2.0.0", timeoutMs = 10_000 } = {}): Promise<SupabaseClient> {
      const client = createClient(url, PUBLISHABLE_KEY, {
        accessToken: () => Promise.resolve(typeof token === "function" ? token() : token),
        // realtime-js leaves bodies unread, which the sanitizer takes for leaks of ours.
        realtime: { vsn, timeout: timeoutMs, fetch: async (input, init) => await readWhole(await fetch(input, init)) },
      });
      clients.push(client);
      // Else the first join would go out before the client has asked for its token.
      await client.realtime.setAuth();
      return client;
    },
    async close(): Promise<void> {
      await Promise.all(clients.map(disconnect));
      await realtime.close();
      await server.shutdown();
      await owner.end();
      await database.close();
    },
  };
}

async function readWhole(response: Response): Promise<Response> {
  return new Response(await response.text() || null, response);
}

const SCHEMA = `
  create table public.notes (
    id bigint primary key,
    owner text not null,
    amount bigint,
    secret text
  );
  alter table public.notes enable row level security;
  revoke all on public.notes from anon, authenticated;
  grant select (id, owner, amount) on public.notes to authenticated;
  create policy "owner reads own notes" on public.notes for select to authenticated
    using (owner = (select auth.jwt() ->> 'sub'));
  create table public.unpublished (id bigint primary key);
  alter publication supabase_realtime add table public.notes;

  create policy "owner reads own room" on realtime.messages for select to authenticated
    using ((select realtime.topic()) = 'room:' || (select auth.jwt() ->> 'sub'));
  create policy "users read the lobby" on realtime.messages for select to authenticated
    using ((select realtime.topic()) = 'lobby');
  create policy "users write to the lobby" on realtime.messages for insert to authenticated
    with check ((select realtime.topic()) = 'lobby');
`;

/**
 * Closes a client's socket. `removeAllChannels()` would leave a timer of ten seconds behind, which the sanitizer takes for
 * a leak of ours, so this goes one layer deeper.
 */
export function disconnect(client: SupabaseClient): Promise<void> {
  const { socketAdapter } = client.realtime as unknown as {
    socketAdapter: { getSocket(): { disconnect(done: () => void): void } };
  };
  for (const channel of client.getChannels()) channel.teardown();
  return new Promise((resolve) => socketAdapter.getSocket().disconnect(resolve));
}

/** Subscribes, and tells how that went. */
export function subscribe(channel: RealtimeChannel): Promise<{ status: string; error: string | undefined }> {
  return new Promise((resolve) => {
    channel.subscribe((status, error) => {
      if (status !== "CLOSED") resolve({ status, error: error?.message });
    });
  });
}

export interface Received {
  type: string;
  event: string;
  // deno-lint-ignore no-explicit-any -- what users broadcast has any shape
  payload: any;
  meta?: { id: string };
}

/** Joins a channel as the token's user and collects what is broadcast in it. */
export async function listen(
  fixture: RealtimeFixture,
  token: Token,
  topic: string,
  config: Record<string, unknown>,
  vsn: Version = "2.0.0",
): Promise<{ received: Received[]; channel: RealtimeChannel; client: SupabaseClient }> {
  const client = await fixture.client(token, { vsn });
  const received: Received[] = [];
  const channel = client.channel(topic, { config })
    .on("broadcast", { event: "*" }, (message) => received.push(message as Received));
  const { status, error } = await subscribe(channel);
  if (status !== "SUBSCRIBED") throw new Error(`${token} cannot join ${topic}: ${status} ${error}`);
  return { received, channel, client };
}

/** A test with a server of its own. */
export function testRealtime(name: string, run: (fixture: RealtimeFixture) => Promise<void>): void {
  Deno.test(name, async () => {
    const fixture = await openFixture();
    try {
      await run(fixture);
    } finally {
      await fixture.close();
    }
  });
}

/** Resolves when the condition holds; rejects after `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs = 5000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Nothing came within ${timeoutMs} ms: ${condition}`);
    await pause(2);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
