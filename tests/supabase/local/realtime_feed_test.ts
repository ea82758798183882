import { expect } from "expect";
import postgres from "postgres";
import { openDatabaseFeed } from "@/supabase/local/realtime/database_feed.ts";
import type { FeedEntry } from "@/supabase/local/realtime/feed_query.ts";
import { snapshotSees } from "@/supabase/local/realtime/snapshot.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { listen, openFixture, pause, testRealtime, until } from "./realtime_fixture.ts";

/** A TCP relay in front of the database that can be cut, as a database is that restarts. */
function openRelay(
  target: { hostname: string; port: number },
): { port: number; cut(): void; mend(): void; close(): void } {
  const links = new Set<Deno.Conn>();
  let listener: Deno.TcpListener | undefined;
  let port = 0;
  const drop = (link: Deno.Conn): void => {
    links.delete(link);
    try {
      link.close();
    } catch {
      // Its other end was faster.
    }
  };
  const relay = async (client: Deno.Conn): Promise<void> => {
    const database = await Deno.connect(target);
    for (const link of [client, database]) links.add(link);
    const pump = (from: Deno.Conn, to: Deno.Conn): Promise<void> =>
      from.readable.pipeTo(to.writable, { preventClose: true, preventCancel: true }).catch(() => {});
    await Promise.race([pump(client, database), pump(database, client)]);
    for (const link of [client, database]) drop(link);
  };
  const accept = async (): Promise<void> => {
    listener = Deno.listen({ hostname: "127.0.0.1", port });
    port = listener.addr.port;
    for await (const client of listener) relay(client).catch(() => drop(client));
  };
  const cut = (): void => {
    listener?.close();
    listener = undefined;
    for (const link of [...links]) drop(link);
  };
  accept();
  return {
    get port() {
      return port;
    },
    cut,
    mend: () => void accept(),
    close: cut,
  };
}

testRealtime("what is committed while the listening connection is lost follows, once and in order", async (fixture) => {
  const { received } = await listen(fixture, "alice", "room:alice", { private: true });
  const send = (n: number): Promise<unknown> =>
    fixture.owner`select realtime.send(jsonb_build_object('n', ${n}::int), 'note', 'room:alice')`;
  for (let round = 0; round < 5; round++) {
    await send(3 * round);
    // All of the server's connections, so that the reading one is lost in mid-flight now and then.
    const [killed] = await fixture.database.admin`
      select count(pg_terminate_backend(pid))::int as n
        from pg_stat_activity
       where datname = current_database() and application_name = 'realtime'`;
    expect(killed?.n).toBeGreaterThan(0);
    await send(3 * round + 1);
    await send(3 * round + 2);
    await until(() => received.length >= 3 * (round + 1), 10_000);
  }
  await pause(100);
  expect(received.map(({ payload }) => payload.n)).toEqual(Array.from({ length: 15 }, (_, n) => n));
});

Deno.test("what is committed while the database is out of reach follows once it is back", async () => {
  let relay: ReturnType<typeof openRelay> | undefined;
  const fixture = await openFixture({
    adminUrl: (text) => {
      const url = new URL(text);
      relay = openRelay({ hostname: url.hostname, port: Number(url.port) });
      url.port = String(relay.port);
      return url.href;
    },
  });
  try {
    const { received } = await listen(fixture, "alice", "room:alice", { private: true });
    relay?.cut();
    await fixture.owner`select realtime.send('{"n": 1}'::text::jsonb, 'note', 'room:alice')`;
    await pause(1500);
    await fixture.owner`select realtime.send('{"n": 2}'::text::jsonb, 'note', 'room:alice')`;
    expect(received).toEqual([]);
    // Nobody is let in or out while the policies cannot be asked, but nothing breaks.
    await expect(listen(fixture, "bob", "lobby", { private: true })).rejects.toThrow(
      "UnableToConnectToProject: Realtime was unable to connect to the project database",
    );
    relay?.mend();
    await until(() => received.length === 2, 10_000);
    await fixture.owner`select realtime.send('{"n": 3}'::text::jsonb, 'note', 'room:alice')`;
    await until(() => received.length === 3, 10_000);
    expect(received.map(({ payload }) => payload.n)).toEqual([1, 2, 3]);
  } finally {
    await fixture.close();
    relay?.close();
  }
});

Deno.test("openDatabaseFeed() delivers each of 2500 concurrent transactions once, past its checkpoints", async () => {
  const database = await openTestDatabase({ migrated: false });
  const sql = postgres(database.adminUrl, { max: 4, fetch_types: false, onnotice: () => {} });
  const writers = postgres(database.url, { max: 8, onnotice: () => {} });
  const delivered: string[] = [];
  const feed = await openDatabaseFeed(sql, database.adminUrl, (entry: FeedEntry) => {
    if (entry.kind === "message") delivered.push(String(entry.payload));
  }, () => {});
  try {
    const send = (i: number): Promise<unknown> =>
      writers`select realtime.send(jsonb_build_object('id', ${i}::int), 'e', 't')`;
    await Promise.all(Array.from({ length: 2500 }, (_, i) => send(i)));
    await until(() => delivered.length >= 2500, 20_000);
    await pause(100);
    const ids = delivered.map((payload) => JSON.parse(payload).id).sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: 2500 }, (_, i) => i));
  } finally {
    await feed.close();
    await writers.end();
    await sql.end({ timeout: 1 });
    await database.close();
  }
});

Deno.test("openDatabaseFeed() keeps the order while its connections are cut again and again", async () => {
  const database = await openTestDatabase({ migrated: false });
  const backoff = (): number => 0.02;
  const sql = postgres(database.adminUrl, {
    max: 2,
    fetch_types: false,
    onnotice: () => {},
    backoff,
    connection: { application_name: "realtime" },
  });
  const delivered: number[] = [];
  const losses: string[] = [];
  const feed = await openDatabaseFeed(sql, database.adminUrl, (entry: FeedEntry) => {
    if (entry.kind === "message") delivered.push(JSON.parse(String(entry.payload)).id);
  }, (line) => losses.push(line));
  try {
    let sent = 0;
    const end = performance.now() + 2500;
    const write = async (): Promise<void> => {
      while (performance.now() < end) {
        const count = 1 + sent % 600;
        await database.admin`
          select realtime.send(jsonb_build_object('id', ${sent}::int + i), 'e', 't')
            from generate_series(0, ${count - 1}::int) as i`;
        sent += count;
      }
    };
    const cut = async (): Promise<void> => {
      while (performance.now() < end) {
        await pause(80);
        await database.admin`
          select pg_terminate_backend(pid)
            from pg_stat_activity
           where datname = current_database() and application_name = 'realtime' and random() < 0.7`;
      }
    };
    await Promise.all([write(), cut()]);
    await until(() => delivered.length >= sent, 20_000);
    await pause(50);
    expect(delivered.length).toBe(sent);
    expect(delivered.findIndex((id, index) => id !== index)).toBe(-1);
    // The fault really happened.
    expect(losses.length).toBeGreaterThan(0);
  } finally {
    await feed.close();
    await sql.end({ timeout: 1 });
    await database.close();
  }
});

Deno.test("snapshotSees() agrees with pg_visible_in_snapshot()", async () => {
  const database = await openTestDatabase({ migrated: false });
  try {
    const snapshots = ["10:10:", "10:20:10,15,19", "4294967300:4294967310:4294967305"];
    const ids = ["3", "9", "10", "11", "15", "19", "20", "21", "4294967299", "4294967304", "4294967305", "4294967310"];
    for (const snapshot of snapshots) {
      for (const id of ids) {
        const [row] = await database.admin`
          select pg_visible_in_snapshot(${id}::text::xid8, ${snapshot}::text::pg_snapshot) as sees`;
        expect([snapshot, id, snapshotSees(snapshot, id)]).toEqual([snapshot, id, row?.sees]);
      }
    }
  } finally {
    await database.close();
  }
});
