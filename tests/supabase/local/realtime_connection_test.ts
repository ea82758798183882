import { expect } from "expect";
import { listen, PUBLISHABLE_KEY, testRealtime, until } from "./realtime_fixture.ts";
import { openRawClient } from "./realtime_raw_client.ts";

testRealtime("frames that are none are passed over, and the connection goes on", async (fixture) => {
  for (const vsn of ["1.0.0", "2.0.0"] as const) {
    const client = await openRawClient(fixture, vsn);
    await client.join("lobby", { private: true, broadcast: { self: true } }, "alice");
    const wrong = ["", "nonsense", "{}", "[]", '["1","2","realtime:lobby","broadcast"]', "[".repeat(100_000), "\0"];
    for (const frame of wrong) client.socket.send(frame);
    for (const bytes of [[], [3], [3, 255, 255, 255, 255, 255, 1], [0, 1, 2, 3], [3, 0, 0, 14, 1, 0, 1, 0xff]]) {
      client.socket.send(Uint8Array.from(bytes));
    }
    const odd = [null, "x", 5, [], { config: null }, { config: { broadcast: 5, postgres_changes: "x", presence: [] } }];
    for (const [index, payload] of odd.entries()) {
      const topic = `realtime:odd${index}`;
      const frame = { topic, event: "phx_join", payload, ref: "9", join_ref: "9" };
      client.send(vsn === "2.0.0" ? ["9", "9", topic, "phx_join", payload] : frame);
    }
    client.send(
      vsn === "2.0.0"
        ? [null, "77", "phoenix", "heartbeat", {}]
        : { topic: "phoenix", event: "heartbeat", payload: {}, ref: "77" },
    );
    await client.frame('"77"');
    await until(() =>
      client.frames.filter((frame) => frame.includes("realtime:odd") && frame.includes('"ok"')).length === odd.length
    );
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    await client.close();
  }
});

testRealtime(
  "answers are those of Phoenix: heartbeat, unknown topics, leaving, joining again, no name",
  async (fixture) => {
    const client = await openRawClient(fixture);
    const exchange = async (frame: unknown[], count = 1): Promise<string[]> => {
      const from = client.frames.length;
      client.send(frame);
      await until(() => client.frames.length >= from + count);
      return client.frames.slice(from);
    };
    const config = { config: { presence: { enabled: false } } };
    expect(await exchange([null, "7", "phoenix", "heartbeat", {}])).toEqual([
      '[null,"7","phoenix","phx_reply",{"status":"ok","response":{}}]',
    ]);
    expect(await exchange(["1", "8", "realtime:nowhere", "broadcast", {}])).toEqual([
      '["1","8","realtime:nowhere","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}]',
    ]);
    expect(await exchange(["1", "9", "elsewhere", "phx_join", {}])).toEqual([
      '["1","9","elsewhere","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}]',
    ]);
    expect(await exchange(["1", "9", "realtime:", "phx_join", {}])).toEqual([
      '["1","9","realtime:","phx_reply",' +
      '{"status":"error","response":{"reason":"TopicNameRequired: You must provide a topic name"}}]',
    ]);
    expect(await exchange(["1", "10", "realtime:a", "phx_join", config])).toEqual([
      '["1","10","realtime:a","phx_reply",{"status":"ok","response":{"postgres_changes":[]}}]',
    ]);
    expect(await exchange(["2", "11", "realtime:a", "phx_join", config], 2)).toEqual([
      '["1","1","realtime:a","phx_close",{}]',
      '["2","11","realtime:a","phx_reply",{"status":"ok","response":{"postgres_changes":[]}}]',
    ]);
    expect(await exchange(["2", "12", "realtime:a", "phx_leave", {}], 2)).toEqual([
      '["2","12","realtime:a","phx_reply",{"status":"ok","response":{}}]',
      '["2","2","realtime:a","phx_close",{}]',
    ]);
    await client.close();
  },
);

testRealtime("a connection may join a hundred channels and no more", async (fixture) => {
  const client = await openRawClient(fixture);
  for (let i = 0; i <= 100; i++) client.send(["1", "1", `realtime:c${i}`, "phx_join", {}]);
  await client.frame("ChannelRateLimitReached: Too many channels");
  expect(client.frames.filter((frame) => frame.includes('"status":"ok"')).length).toBe(100);
  await client.close();
});

testRealtime("close() closes the clients' connections, and may be called again", async (fixture) => {
  const client = await openRawClient(fixture);
  await client.join("a");
  const closed = new Promise<number>((resolve) => client.socket.onclose = ({ code }) => resolve(code));
  await fixture.realtime.close();
  expect(await closed).toBe(1001);
  await fixture.realtime.close();
});

testRealtime("a client that does not read is closed, and the others are served", async (fixture) => {
  const { received } = await listen(fixture, "bob", "flood", {});
  const { hostname, port } = new URL(fixture.url);
  const stuck = await Deno.connect({ hostname, port: Number(port) });
  const handshake = [
    `GET /realtime/v1/websocket?apikey=${PUBLISHABLE_KEY}&vsn=2.0.0 HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  await stuck.write(new TextEncoder().encode(`${handshake.join("\r\n")}\r\n\r\n`));
  const join = new TextEncoder().encode('["1","1","realtime:flood","phx_join",{}]');
  await stuck.write(Uint8Array.of(0x81, 0x80 | join.length, 0, 0, 0, 0, ...join));
  const heard = new Uint8Array(4000);
  for (let text = ""; !text.includes("phx_reply");) {
    const length = await stuck.read(heard);
    text += new TextDecoder().decode(heard.subarray(0, length ?? 0));
  }

  // Bob is given time to read each before the next is sent: on a busy machine 40 MB at once would make him one who does not read, too.
  for (let sent = 1; sent <= 40; sent++) {
    await fixture.owner`select realtime.send(jsonb_build_object('x', repeat('x', 1000000)), 'flood', 'flood', false)`;
    await until(() => received.length === sent, 30_000);
  }
  await until(() => fixture.log.some((line) => line.includes("the client does not read")));
  stuck.close();
});
