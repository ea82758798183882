import { expect } from "expect";
import { pause, subscribe, testRealtime, until, user, VERSIONS } from "./realtime_fixture.ts";
import { openRawClient } from "./realtime_raw_client.ts";

const seconds = (): number => Math.floor(Date.now() / 1000);

/** A JWT whose signature nobody checks here: it is what the server reads the reason of a refusal from. */
function unsigned(claims: Record<string, unknown>): string {
  return ["{}", JSON.stringify(claims), "x"].map((part) => btoa(part).replaceAll("=", "")).join(".");
}

for (const vsn of VERSIONS) {
  testRealtime(`a channel closes when its token expires (${vsn})`, async (fixture) => {
    fixture.callers.set("soon", user("alice", seconds() + 2));
    const client = await openRawClient(fixture, vsn);
    expect(await client.join("room:alice", { private: true }, "soon")).toContain('"ok"');
    const reason = await client.frame("Token has expired");
    expect(reason).toContain(
      '{"extension":"system","status":"error","message":"Token has expired 0 seconds ago","channel":"room:alice"}',
    );
    expect(await client.frame("phx_close")).toContain('"realtime:room:alice"');
    await fixture.owner`select realtime.send('{"late": 1}'::text::jsonb, 'note', 'room:alice')`;
    await pause(50);
    expect(client.frames.at(-1)).toContain("phx_close");
    await client.close();
  });

  testRealtime(`a new token that permits no reading closes the channel (${vsn})`, async (fixture) => {
    const client = await openRawClient(fixture, vsn);
    await client.join("room:alice", { private: true }, "alice");
    const payload = { access_token: "bob" };
    const topic = "realtime:room:alice";
    client.send(
      vsn === "2.0.0"
        ? ["1", "2", topic, "access_token", payload]
        : { topic, event: "access_token", payload, ref: "2" },
    );
    expect(await client.frame("system")).toContain(
      "You do not have permissions to read from this Channel topic: room:alice",
    );
    await client.frame("phx_close");
    await client.close();
  });
}

testRealtime("a new token of supabase-js keeps the channel beyond the old one's expiry", async (fixture) => {
  fixture.callers.set("soon", user("alice", seconds() + 2));
  let token = "soon";
  // Nobody answers a token, and realtime-js's timer for the answer must not outlive the test.
  const client = await fixture.client(() => token, { timeoutMs: 2000 });
  const received: unknown[] = [];
  const channel = client.channel("room:alice", { config: { private: true } })
    .on("broadcast", { event: "*" }, (message) => received.push(message));
  await subscribe(channel);
  token = "alice";
  await client.realtime.setAuth();
  await pause(2500);
  await fixture.owner`select realtime.send('{"n": 1}'::text::jsonb, 'note', 'room:alice')`;
  await until(() => received.length === 1);
});

testRealtime("a new token that expires sooner closes the channel sooner", async (fixture) => {
  fixture.callers.set("soon", user("alice", seconds() + 2));
  const client = await openRawClient(fixture);
  await client.join("room:alice", { private: true }, "alice");
  client.send(["1", "2", "realtime:room:alice", "access_token", { access_token: "soon" }]);
  expect(await client.frame("system")).toContain("Token has expired");
  await client.close();
});

testRealtime("an API key, the same token, or none at all change nothing", async (fixture) => {
  const client = await openRawClient(fixture);
  await client.join("room:alice", { private: true }, "alice");
  for (const token of ["sb_publishable_other", "alice", null]) {
    client.send(["1", "2", "realtime:room:alice", "access_token", { access_token: token }]);
  }
  await fixture.owner`select realtime.send('{"still": "here"}'::text::jsonb, 'note', 'room:alice')`;
  await client.frame("still");
  expect(client.frames.filter((frame) => frame.includes("system"))).toEqual([]);
  await client.close();
});

testRealtime("a token that is none closes the channel, or refuses the join, with upstream's words", async (fixture) => {
  const refusals: [string, RegExp][] = [
    ["nonsense", /"reason":"MalformedJWT: The token provided is not a valid JWT"/],
    [unsigned({ exp: seconds() - 5 }), /"reason":"InvalidJWTToken: Token has expired [56] seconds ago"/],
    [unsigned({ exp: seconds() + 60 }), /"reason":"JwtSignatureError: Failed to validate JWT signature"/],
  ];
  for (const [token, reason] of refusals) {
    const client = await openRawClient(fixture);
    expect(await client.join("room:alice", { private: true }, token)).toMatch(reason);
    await client.close();
  }
  fixture.callers.set("no-exp", { role: "authenticated", claims: { sub: "alice" } });
  const client = await openRawClient(fixture);
  expect(await client.join("a", {}, "no-exp")).toContain(
    "InvalidJWTToken: Fields `role` and `exp` are required in JWT",
  );
  await client.join("room:alice", { private: true }, "alice");
  client.send(["1", "2", "realtime:room:alice", "access_token", { access_token: "" }]);
  expect(await client.frame("system")).toContain('"message":"The token provided is not a valid JWT"');
  await client.close();
});

testRealtime("a join with an API key for a token falls back to the connection's key", async (fixture) => {
  const client = await openRawClient(fixture);
  expect(await client.join("tvl", {}, "sb_publishable_other")).toContain('"ok"');
  await client.close();
});

testRealtime("upgrade() refuses a wrong key, a wrong version and a plain request with JSON", async (fixture) => {
  const answers = [];
  for (
    const query of [
      "?apikey=sb_publishable_wrong",
      "",
      "?apikey=sb_publishable_test&vsn=9.9.9",
      "?apikey=sb_publishable_test",
    ]
  ) {
    const response = await fetch(`${fixture.url}/realtime/v1/websocket${query}`);
    answers.push([response.status, await response.json()]);
  }
  expect(answers).toEqual([
    [401, { error: "Invalid API key" }],
    [401, { error: "Invalid API key" }],
    [400, { error: "Unknown protocol version" }],
    [426, { error: "Upgrade Required" }],
  ]);
});
