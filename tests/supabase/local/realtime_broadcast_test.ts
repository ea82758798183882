import { expect } from "expect";
import { listen, pause, subscribe, testRealtime, until, VERSIONS } from "./realtime_fixture.ts";
import { openRawClient } from "./realtime_raw_client.ts";

/** A broadcast that nobody acknowledges is waited for in realtime-js, and its timer must not outlive the test. */
const SOON = { timeout: 20 };

for (const vsn of VERSIONS) {
  testRealtime(`realtime.send() reaches the owner of a private channel and nobody else (${vsn})`, async (fixture) => {
    const { received } = await listen(fixture, "alice", "room:alice", { private: true }, vsn);
    const namesake = await listen(fixture, "bob", "room:alice", { private: false }, vsn);
    for (const token of ["bob", null]) {
      const client = await fixture.client(token, { vsn });
      expect(await subscribe(client.channel("room:alice", { config: { private: true } }))).toEqual({
        status: "CHANNEL_ERROR",
        error: "Unauthorized: You do not have permissions to read from this Channel topic: room:alice",
      });
    }
    await fixture.owner`
      select realtime.send('{"amount": "9223372036854775807", "text": "hello ✓", "id": "n1"}'::text::jsonb,
                           'note', 'room:alice')`;
    await until(() => received.length > 0);
    const [stored] = await fixture.owner`select id from realtime.messages`;
    expect(received).toEqual([{
      type: "broadcast",
      event: "note",
      payload: { amount: "9223372036854775807", text: "hello ✓", id: "n1" },
      meta: { id: stored?.id },
    }]);
    await pause(50);
    expect(namesake.received).toEqual([]);
  });

  testRealtime(
    `realtime.send() to a public channel reaches anyone, but not the private namesake (${vsn})`,
    async (fixture) => {
      const { received } = await listen(fixture, null, "lobby", {}, vsn);
      const inPrivate = await listen(fixture, "alice", "lobby", { private: true }, vsn);
      await fixture.owner`select realtime.send('{"tvl": "1"}'::text::jsonb, 'tvl_updated', 'lobby', false)`;
      await until(() => received.length > 0);
      expect(received[0]?.payload.tvl).toBe("1");
      await pause(50);
      expect(inPrivate.received).toEqual([]);
    },
  );

  testRealtime(
    `broadcast from a client reaches both versions, itself when it wishes, and is acknowledged (${vsn})`,
    async (fixture) => {
      const sender = await listen(
        fixture,
        "alice",
        "lobby",
        { private: true, broadcast: { self: true, ack: true } },
        vsn,
      );
      const members = [
        await listen(fixture, "bob", "lobby", { private: true }, "1.0.0"),
        await listen(fixture, "bob", "lobby", { private: true }, "2.0.0"),
      ];
      expect(await sender.channel.send({ type: "broadcast", event: "move", payload: { x: 1.5 } })).toBe("ok");
      const message = { type: "broadcast", event: "move", payload: { x: 1.5 } };
      for (const { received } of [sender, ...members]) {
        await until(() => received.length > 0);
        expect(received).toEqual([message]);
      }
    },
  );

  testRealtime(`broadcast from a client does not come back to it unasked (${vsn})`, async (fixture) => {
    const sender = await listen(fixture, "alice", "lobby", { private: true, broadcast: { ack: true } }, vsn);
    const member = await listen(fixture, "bob", "lobby", { private: true }, vsn);
    expect(await sender.channel.send({ type: "broadcast", event: "move", payload: {} })).toBe("ok");
    await until(() => member.received.length > 0);
    await pause(30);
    expect(sender.received).toEqual([]);
  });

  testRealtime(`broadcast from a client that may only read reaches nobody (${vsn})`, async (fixture) => {
    const forger = await listen(fixture, "alice", "room:alice", { private: true, broadcast: { self: true } }, vsn);
    await forger.channel.send({ type: "broadcast", event: "note", payload: { forged: true } }, SOON);
    await pause(100);
    await fixture.owner`select realtime.send('{"real": true}'::text::jsonb, 'note', 'room:alice')`;
    await until(() => forger.received.length > 0);
    expect(forger.received.map(({ payload }) => payload.real)).toEqual([true]);
  });

  testRealtime(`realtime.send() sends every digit (${vsn})`, async (fixture) => {
    const client = await openRawClient(fixture, vsn);
    expect(await client.join("room:alice", { private: true }, "alice")).toContain('"ok"');
    await fixture.owner`
      select realtime.send(
        '{"id": 0, "big": 9223372036854775807, "precise": 1.000000000000000000010, "s": "\\u0001\\"ü"}'::text::jsonb,
        'note', 'room:alice')`;
    const frame = await client.frame("precise");
    expect(frame).toContain(
      '{"s": "\\u0001\\"ü", "id": 0, "big": 9223372036854775807, "precise": 1.000000000000000000010}',
    );
    await client.close();
  });
}

testRealtime("realtime.send() five hundred times in a transaction arrives in order and once", async (fixture) => {
  const { received } = await listen(fixture, "alice", "room:alice", { private: true });
  await fixture.owner`
    select realtime.send(jsonb_build_object('i', i), 'note', 'room:alice') from generate_series(1, 500) as i`;
  await until(() => received.length >= 500);
  await pause(50);
  expect(received.map(({ payload }) => payload.i)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
});

testRealtime("realtime.send() arrives in the order of commits, not of sends", async (fixture) => {
  const { received } = await listen(fixture, "alice", "room:alice", { private: true });
  await fixture.owner.begin(async (first) => {
    await first`select realtime.send('{"n": "sent first"}'::text::jsonb, 'note', 'room:alice')`;
    await fixture.owner`select realtime.send('{"n": "committed first"}'::text::jsonb, 'note', 'room:alice')`;
    await until(() => received.length === 1);
  });
  await until(() => received.length === 2);
  expect(received.map(({ payload }) => payload.n)).toEqual(["committed first", "sent first"]);
});

testRealtime("realtime.send() in a transaction that is rolled back delivers nothing", async (fixture) => {
  const { received } = await listen(fixture, "alice", "room:alice", { private: true });
  await expect(fixture.owner.begin(async (sql) => {
    await sql`select realtime.send('{"n": "undone"}'::text::jsonb, 'note', 'room:alice')`;
    throw new Error("undo");
  })).rejects.toThrow("undo");
  await fixture.owner`select realtime.send('{"n": "done"}'::text::jsonb, 'note', 'room:alice')`;
  await until(() => received.length > 0);
  await pause(50);
  expect(received.map(({ payload }) => payload.n)).toEqual(["done"]);
});

testRealtime("realtime.send_binary() and binary broadcasts reach version 2.0.0 as bytes", async (fixture) => {
  const member = await listen(fixture, "bob", "lobby", { private: true });
  const old = await listen(fixture, "bob", "lobby", { private: true }, "1.0.0");
  const sender = await listen(fixture, "alice", "lobby", { private: true });
  await fixture.owner`select realtime.send_binary('\\x00ff10'::bytea, 'blob', 'lobby')`;
  await until(() => member.received.length === 1);
  await sender.channel.send({ type: "broadcast", event: "blob", payload: Uint8Array.of(1, 254).buffer }, SOON);
  await until(() => member.received.length === 2);
  const bytes = member.received.map(({ payload }) => [...new Uint8Array(payload)]);
  expect(bytes).toEqual([[0, 255, 16], [1, 254]]);
  await pause(30);
  expect(old.received).toEqual([]);
});

testRealtime("replay sends the newest stored messages again, marked and once", async (fixture) => {
  await fixture.owner`
    select realtime.send(jsonb_build_object('i', i), 'note', 'room:alice') from generate_series(1, 3) as i`;
  await fixture
    .owner`update realtime.messages set inserted_at = inserted_at + (payload ->> 'i')::int * interval '1 ms'`;
  const replay = { since: Date.now() - 60_000, limit: 2 };
  const { received } = await listen(fixture, "alice", "room:alice", { private: true, broadcast: { replay } });
  await until(() => received.length >= 2);
  await pause(50);
  expect(received.map(({ payload, meta }) => [payload.i, meta])).toEqual([
    [2, { id: received[0]?.meta?.id, replayed: true }],
    [3, { id: received[1]?.meta?.id, replayed: true }],
  ]);
});

testRealtime("replay and the feed together send a message once, whichever is first", async (fixture) => {
  const client = await openRawClient(fixture);
  const rounds = 60;
  for (let round = 0; round < rounds; round++) {
    const sent = fixture.owner`select realtime.send(jsonb_build_object('n', ${round}::int), 'note', 'room:alice')`
      .execute();
    client.send(["1", "1", "realtime:room:alice", "phx_join", {
      config: { private: true, broadcast: { replay: { since: Date.now() - 60_000, limit: 1 } } },
      access_token: "alice",
    }]);
    await Promise.all([sent, until(() => client.frames.filter((frame) => frame.includes("phx_reply")).length > round)]);
  }
  await pause(100);
  const counts = new Map<string, number>();
  for (const [, membership, id] of collectIds(client.frames)) {
    counts.set(`${membership} ${id}`, (counts.get(`${membership} ${id}`) ?? 0) + 1);
  }
  expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
  await client.close();
});

testRealtime("httpSend() broadcasts over HTTP, in private only what the sender may write", async (fixture) => {
  const listener = await listen(fixture, "bob", "lobby", { private: true });
  const owner = await listen(fixture, "alice", "room:alice", { private: true });
  const alice = await fixture.client("alice");
  const lobby = alice.channel("lobby", { config: { private: true } });
  expect(await lobby.httpSend("move", { x: 1 })).toEqual({ success: true });
  await until(() => listener.received.length === 1);
  expect(listener.received[0]).toEqual({ type: "broadcast", event: "move", payload: { x: 1 } });

  const room = alice.channel("room:alice", { config: { private: true } });
  await expect(room.httpSend("note", { forged: true })).rejects.toThrow("Unauthorized");
  await pause(30);
  expect(owner.received).toEqual([]);
});

testRealtime(
  "broadcast() over HTTP sends a batch, passes over what is forbidden, and refuses what is malformed",
  async (fixture) => {
    const { received } = await listen(fixture, "bob", "lobby", { private: true });
    const owner = await listen(fixture, "alice", "room:alice", { private: true });
    const post = (body: unknown, token = "alice"): Promise<Response> =>
      fetch(`${fixture.url}/realtime/v1/api/broadcast`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    const message = { event: "e", payload: { n: 1 }, private: true };
    const sent = await post({ messages: [{ ...message, topic: "room:alice" }, { ...message, topic: "lobby" }] });
    expect([sent.status, await sent.text()]).toEqual([202, ""]);
    await until(() => received.length === 1);
    await pause(30);
    expect(owner.received).toEqual([]);

    const statuses = [];
    for (const body of [{}, { messages: [{ topic: "lobby" }] }, "nonsense"]) {
      const response = await post(body);
      statuses.push([response.status, await response.json()]);
    }
    expect(statuses).toEqual([
      [422, { errors: { messages: ["can't be blank"] } }],
      [422, { errors: { messages: [{ event: ["can't be blank"], payload: ["can't be blank"] }] } }],
      [400, { message: "Bad Request" }],
    ]);
    const stranger = await post({ messages: [] }, "stranger");
    expect([stranger.status, await stranger.json()]).toEqual([401, { message: "Unauthorized" }]);
  },
);

/** The ids of the messages received, with the number of the join that each came after. */
function collectIds(frames: string[]): [string, number, string][] {
  let joins = 0;
  const found: [string, number, string][] = [];
  for (const frame of frames) {
    if (frame.includes("phx_reply")) joins++;
    const id = /\{"id":"([0-9a-f-]{36})"(,"replayed":true)?\}/.exec(frame)?.[1];
    if (id) found.push([frame, joins, id]);
  }
  return found;
}
