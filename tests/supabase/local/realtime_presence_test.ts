import type { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js";
import { expect } from "expect";
import {
  disconnect,
  pause,
  type RealtimeFixture,
  subscribe,
  testRealtime,
  until,
  type Version,
  VERSIONS,
} from "./realtime_fixture.ts";
import { openRawClient } from "./realtime_raw_client.ts";

interface Member {
  client: SupabaseClient;
  channel: RealtimeChannel;
  events: string[];
}

/** Joins with a presence key, as everybody in the tests does. */
async function join(
  fixture: RealtimeFixture,
  token: string,
  key: string,
  topic: string,
  vsn: Version,
  isPrivate = false,
): Promise<Member> {
  const client = await fixture.client(token, { vsn });
  const events: string[] = [];
  const channel = client.channel(topic, { config: { private: isPrivate, presence: { key } } })
    .on("presence", { event: "join" }, ({ key, newPresences }) => events.push(`join ${key} ${newPresences.length}`))
    .on(
      "presence",
      { event: "leave" },
      ({ key, leftPresences }) => events.push(`leave ${key} ${leftPresences.length}`),
    );
  expect(await subscribe(channel)).toEqual({ status: "SUBSCRIBED", error: undefined });
  return { client, channel, events };
}

for (const vsn of VERSIONS) {
  testRealtime(`presence tells members who is there, what changes and who leaves (${vsn})`, async (fixture) => {
    const first = await join(fixture, "alice", "a", "table", vsn);
    await first.channel.track({ n: 1 });
    const second = await join(fixture, "bob", "b", "table", vsn);
    await until(() => second.channel.presenceState().a !== undefined);
    await second.channel.track({ mood: "good" });
    await until(() => first.channel.presenceState().b !== undefined);
    await first.channel.track({ n: 2 });
    await until(() => JSON.stringify(second.channel.presenceState().a).includes('"n":2'));
    const seen = Object.entries(second.channel.presenceState())
      .map(([key, metas]) => [key, metas.map(({ presence_ref: _ref, ...shared }) => shared)]);
    expect(Object.fromEntries(seen)).toEqual({ a: [{ n: 2 }], b: [{ mood: "good" }] });

    await second.channel.untrack();
    await until(() => first.channel.presenceState().b === undefined);
    await second.channel.track({});
    await until(() => first.channel.presenceState().b !== undefined);
    await disconnect(second.client);
    await until(() => first.channel.presenceState().b === undefined);
    expect(first.events.filter((event) => event.includes(" b "))).toEqual([
      "join b 1",
      "leave b 1",
      "join b 1",
      "leave b 1",
    ]);
  });
}

testRealtime("presence in a private channel is for those whom the policies let write and read it", async (fixture) => {
  const owner = await join(fixture, "alice", "a", "room:alice", "2.0.0", true);
  expect(await owner.channel.track({ n: 1 })).toBe("error");
  const lobby = await join(fixture, "alice", "a", "lobby", "2.0.0", true);
  expect(await lobby.channel.track({ n: 1 })).toBe("ok");
  await until(() => lobby.channel.presenceState().a !== undefined);
  const publicNamesake = await join(fixture, "bob", "b", "lobby", "2.0.0");
  await pause(50);
  expect(publicNamesake.channel.presenceState()).toEqual({});
});

testRealtime("presence starts with the first track where joining did not ask for it", async (fixture) => {
  const before = await join(fixture, "alice", "a", "table", "2.0.0");
  await before.channel.track({ here: "before" });
  const client = await openRawClient(fixture);
  await client.join("table");
  await pause(30);
  expect(client.frames.some((frame) => frame.includes("presence_state"))).toBe(false);
  client.send(["1", "2", "realtime:table", "presence", {
    type: "presence",
    event: "track",
    payload: { n: 9007199254740993 },
  }]);
  expect(await client.frame("presence_state")).toContain('"here":"before"');
  expect(await client.frame('"n":')).toContain("9007199254740993".slice(0, 14));
  client.send(["1", "3", "realtime:table", "presence", { type: "presence", event: "track", payload: "no map" }]);
  expect(await client.frame("must be a map")).toContain('"status":"error"');
  await client.close();
});
