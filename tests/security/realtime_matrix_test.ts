/**
 * The same question to Realtime: everybody × every private topic, postgres_changes of every event, and words put into the
 * database's mouth.
 *
 * @module
 */
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { callersOf } from "@/tests/support/isolation/callers.ts";
import { openDoorToRealtime, type RealtimeDoor } from "@/tests/support/isolation/realtime_door.ts";
import { foreignTo, leaksIn, plantTenants, type Tenants } from "@/tests/support/isolation/tenants.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";
import { events, key, logOf, rawTransaction } from "@/tests/support/raw_delivery.ts";

async function onPlantedPlatform(work: (platform: TestPlatform, tenants: Tenants) => Promise<void>): Promise<void> {
  const platform = await openTestPlatform();
  try {
    await work(platform, await plantTenants(platform));
  } finally {
    await platform.close();
  }
}

/** Topics that are somebody's, or that a careless policy would take for somebody's. */
function topicsOf({ alice, bob }: Tenants): string[] {
  const own = [alice.address, bob.address, key("nobody")].flatMap((owner) => [`alerts:${owner}`, `vault:${owner}`]);
  return [
    ...own,
    ...[
      "alerts:ops",
      "alerts:",
      "vault:",
      "alerts:%",
      "vault:%",
      "%",
      "*",
      "alerts",
      "vault",
      "",
      "alerts:null",
      "realtime:alerts:ops",
      "tvl",
    ],
    ...[
      `ALERTS:${alice.address}`,
      `vault:${alice.address} `,
      ` vault:${alice.address}`,
      `vault:${alice.address},vault:${bob.address}`,
    ],
    ...[
      `vault:${alice.address.toLowerCase()}`,
      `vault:${alice.address}%`,
      `vault:${alice.address}\u0000`,
      `vault:'${alice.address}'`,
    ],
  ];
}

Deno.test("row 46: Realtime joins nobody to a private topic of anybody else's", () =>
  onPlantedPlatform(async (platform, tenants) => {
    const topics = topicsOf(tenants);
    const wrong: string[] = [];
    let cells = 0;
    const callers = (await callersOf(platform, tenants)).filter(({ isRefused, token }) =>
      !isRefused || token !== undefined
    );
    // A refusal is told late, so all of them are waited for at once.
    await Promise.all(callers.map(async ({ name, token, sees, isRefused }) => {
      await using door = await openDoorToRealtime(platform);
      await Promise.all((isRefused ? topics.slice(0, 3) : topics).map(async (topic) => {
        cells += 1;
        const reply = await door.join(topic, { private: true }, token);
        const isOwn = sees.some((tenant) =>
          tenant !== "system" &&
          [`alerts:${tenants[tenant].address}`, `vault:${tenants[tenant].address}`].includes(topic)
        );
        const mayJoin = !isRefused &&
          (isOwn || topic === "tvl" || (name === "operator" && /^(alerts|vault):[^\0]*$/.test(topic)));
        const isJoined = reply.includes('"status":"ok"');
        if (reply === "" || isJoined !== mayJoin) wrong.push(`${name}: ${JSON.stringify(topic)} ${reply}`);
      }));
    }));
    showFigure(`${cells} joins`);
    expect(wrong).toEqual([]);
    expect(cells).toBeGreaterThanOrEqual(300);
  }));

/** A door that listens to all changes of every table there may be. */
async function listening(platform: TestPlatform, token: string | undefined): Promise<RealtimeDoor> {
  const door = await openDoorToRealtime(platform);
  const changes = [
    ...["INSERT", "UPDATE", "DELETE", "*"].map((event) => ({ event, schema: "public", table: "alerts" })),
    { event: "*", schema: "public" },
    { event: "*", schema: "vaultbook" },
    { event: "*", schema: "auth", table: "users" },
  ];
  for (const [index, change] of changes.entries()) {
    await door.join(`changes ${index}`, { private: false, postgres_changes: [change] }, token);
  }
  return door;
}

Deno.test("rows 42 and 46: postgres_changes and broadcasts of another tenant reach nobody: INSERT, UPDATE and DELETE", () =>
  onPlantedPlatform(async (platform, tenants) => {
    const { alice, bob } = tenants;
    const { admin } = platform.database;
    const callers = (await callersOf(platform, tenants)).filter(({ isRefused }) => !isRefused);
    const doors = await Promise.all(
      callers.map(async (caller) => ({ caller, door: await listening(platform, caller.token) })),
    );
    await Promise.all(doors.map(async ({ caller, door }) => {
      for (const topic of topicsOf(tenants).slice(0, 7)) await door.join(topic, { private: true }, caller.token);
      for (const topic of topicsOf(tenants).slice(0, 7)) await door.join(`${topic}`, { private: false }, caller.token);
    }));

    const heardBy = (name: string): string =>
      doors.find(({ caller }) => caller.name === name)?.door.heard.join("\n") ?? "";
    const hears = async (name: string, word: string): Promise<void> => {
      for (
        const deadline = performance.now() + 10_000;
        !heardBy(name).includes(word) && performance.now() < deadline;
      ) {
        await new Promise((resume) => setTimeout(resume, 20));
      }
    };
    await platform.deliver(
      rawTransaction({ slot: 20, logs: logOf(events.deposit(bob.address, 12_000_000_000n, 9_456_455_556_666n)) }),
      rawTransaction({ slot: 21, logs: logOf(events.deposit(alice.address, 13_000_000_000n, 8_124_122_223_333n)) }),
    );
    await admin`update public.alerts set message = 'canary-bob again', acknowledged = true, acknowledged_at = now() where vault_owner = ${bob.address}`;
    await admin`update public.alerts set message = 'canary-alice again' where vault_owner = ${alice.address}`;
    await hears("bob", "canary-bob again");
    await hears("alice", "canary-alice again");
    // Nothing in Vaultbook deletes alerts; a superuser can.
    const gone = await admin<{ id: string }[]>`
      delete from public.alerts where vault_owner = ${bob.address} returning id::text`;
    await admin`
      insert into public.alerts (severity, alert_type, message, vault_owner, subject)
      select 'info', 'large_tx', 'last word to ' || owner, owner, 'last word' || owner from public.vaults`;
    await hears("alice", "last word to");
    await hears("bob", "last word to");
    await new Promise((resume) => setTimeout(resume, 300));

    const own = [...gone.map(({ id }) => id)];
    for (const { caller, door } of doors) {
      // Somebody's frames repeat the topics that they asked for themselves; of a deleted row Realtime tells the key alone.
      const told = door.heard.filter((frame) =>
        !frame.includes('"phx_reply"') && !frame.includes('"extension":"system"')
      ).join("\n");
      const foreign = foreignTo(tenants, ...caller.sees).filter((canary) => !own.includes(canary));
      expect([caller.name, leaksIn(told, "", foreign)]).toEqual([caller.name, []]);
      await door[Symbol.asyncDispose]();
    }
    expect(heardBy("alice")).toContain("canary-alice again");
    expect(heardBy("bob")).toContain("canary-bob again");
    expect(heardBy("operator")).toContain("canary-bob again");
  }));

Deno.test("row 46: no client says anything on the channels that the database speaks on", () =>
  onPlantedPlatform(async (platform, tenants) => {
    const { alice, bob } = tenants;
    const callers = (await callersOf(platform, tenants)).filter(({ isRefused }) => !isRefused);
    const tokenOf = (name: string): string | undefined => callers.find((caller) => caller.name === name)?.token;
    await using victim = await openDoorToRealtime(platform);
    const topics = [`vault:${alice.address}`, `alerts:${alice.address}`, "tvl"];
    for (const topic of topics) {
      expect(await victim.join(topic, { private: true }, tokenOf("alice"))).toContain('"status":"ok"');
    }
    for (const { token } of callers) {
      await using forger = await openDoorToRealtime(platform);
      for (const topic of topics) {
        await forger.join(topic, { private: true, broadcast: { ack: true, self: true } }, token);
        const message = {
          type: "broadcast",
          event: "vault_updated",
          payload: { owner: alice.address, total_balance: "forged" },
        };
        forger.send(topic, "broadcast", message);
        await forger.join(topic, { private: false }, token);
        forger.send(topic, "broadcast", message);
        for (const isPrivate of [true, false]) {
          const sent = await fetch(`${platform.url}/realtime/v1/api/broadcast`, {
            method: "POST",
            headers: {
              apikey: platform.publishable,
              "content-type": "application/json",
              ...(token ? { authorization: `Bearer ${token}` } : {}),
            },
            body: JSON.stringify({
              messages: [{ topic, event: "vault_updated", payload: { total_balance: "forged" }, private: isPrivate }],
            }),
          });
          await sent.body?.cancel();
        }
      }
    }
    // What the database says comes after whatever was said before.
    await platform.deliver(
      rawTransaction({ slot: 30, logs: logOf(events.deposit(alice.address, 5n, 8_111_122_223_338n)) }),
      rawTransaction({ slot: 31, logs: logOf(events.deposit(bob.address, 5n, 9_444_455_556_671n)) }),
    );
    const deadline = performance.now() + 5_000;
    while (performance.now() < deadline && !victim.heard.some((frame) => frame.includes("8111122223338"))) {
      await new Promise((resume) => setTimeout(resume, 20));
    }
    expect(victim.heard.join("\n")).toContain("8111122223338");
    expect(victim.heard.filter((frame) => frame.includes("forged"))).toEqual([]);
  }));
