/**
 * Row 41: the connection of a client that listens to its alerts ends around the moment at which one is raised.
 *
 * @module
 */
import { createClient } from "@supabase/supabase-js";
import { expect } from "expect";
import type { Sql } from "postgres";
import type { Database } from "@/examples/database.types.ts";
import { followAlerts } from "@/examples/live_alerts.ts";
import type { Vaultbook } from "@/examples/sign_in.ts";
import { newWallet, openTestPlatform } from "@/tests/support/platform.ts";
import { events, logOf, rawTransaction } from "@/tests/support/raw_delivery.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";
import { openToxicProxy } from "@/tests/support/toxic_proxy.ts";
import { disconnect } from "@/tests/supabase/local/realtime_fixture.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

/** Cuts, each with alerts raised before and after it. */
const CUTS = 60;
/** How far from a cut an alert is raised at most, and how long a slow transaction of one takes. Milliseconds. */
const AROUND = 40;
const SLOW = 150;

Deno.test("row 41: a client that reads on when it is connected again has every alert, once, however often it is cut off", async () => {
  const seed = chosenSeed();
  const random = generator(seed);
  const platform = await openTestPlatform();
  const road = openToxicProxy(platform.url);
  const sql = platform.database.admin;
  const wallet = newWallet();
  const clients = await Promise.all([0, 1].map(async () => {
    const client: Vaultbook = createClient<Database>(road.through(platform.url), platform.publishable, {
      auth: { persistSession: false, autoRefreshToken: false },
      realtime: { reconnectAfterMs: () => 20 },
    });
    await wallet.signIn(client);
    return client;
  }));
  const [client, naive] = clients as [Vaultbook, Vaultbook];
  const heard: string[] = [];
  const heardLive = new Set<string>();
  const counts = { cuts: 0, raised: 0, slow: 0 };
  const raise = async (): Promise<void> => {
    const isSlow = random() < 0.15;
    counts.raised++;
    counts.slow += isSlow ? 1 : 0;
    await raiseAlert(sql, wallet.address, `tx ${counts.raised}`, isSlow ? SLOW : 0);
  };
  try {
    await platform.deliver(rawTransaction({ slot: 1, logs: logOf(events.initialise(wallet.address)) }));
    await raise();
    await followAlerts(client, wallet.address, (alert) => heard.push(alert.id));
    await onlyListen(naive, wallet.address, heardLive);
    await eventually("the first alert, read", () => heard.length === 1);
    const raising: Promise<void>[] = [];
    for (let cut = 0; cut < CUTS; cut++) {
      road.delayMs = Math.floor(random() * 20);
      raising.push(...Array.from({ length: 1 + Math.floor(random() * 3) }, () => after(random() * 2 * AROUND, raise)));
      await pause(AROUND);
      counts.cuts += road.cut();
      // Now and then again before it has recovered.
      await pause(random() < 0.3 ? random() * AROUND : 2 * AROUND + random() * 100);
    }
    await Promise.all(raising);
    const table = (await sql<{ id: string }[]>`select id from public.alerts`).map(({ id }) => id).sort();
    await eventually("every alert", () => new Set(heard).size >= table.length, 10_000);
    // deno-lint-ignore no-console -- what was counted
    console.log(
      `SEED=${seed}: ${JSON.stringify({ ...counts, heard: heard.length, heard_without_reading: heardLive.size })}`,
    );
    expect(heard.toSorted()).toEqual(table);
    expect(table.length).toBe(counts.raised);
    // The cuts did lose something: whoever only listens lacks it.
    expect(heardLive.size).toBeLessThan(table.length - 10);
    expect([counts.cuts > CUTS, counts.slow > 5]).toEqual([true, true]);
  } finally {
    await Promise.all(clients.map(disconnect));
    await road.close();
    await platform.close();
  }
});

/** An alert of this owner; a slow one is dated by the beginning of its transaction and there at its end. */
async function raiseAlert(sql: Sql, owner: string, subject: string, takesMs: number): Promise<void> {
  await sql.begin(async (own) => {
    await own`
      select vaultbook.raise_alerts(array[row ('failed_tx', ${subject}, ${owner}, 'Failed', '{}')::vaultbook.occurrence])`;
    await own`select pg_sleep(${takesMs / 1000}::float8)`;
  });
}

/** What a client hears that does not read the table. */
async function onlyListen(client: Vaultbook, owner: string, heard: Set<string>): Promise<void> {
  await client.realtime.setAuth();
  client.channel(`alerts:${owner}`, { config: { private: true } })
    .on("broadcast", { event: "alert_created" }, ({ payload }) => heard.add(payload.id)).subscribe();
}

async function after(milliseconds: number, work: () => Promise<void>): Promise<void> {
  await pause(milliseconds);
  await work();
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}
