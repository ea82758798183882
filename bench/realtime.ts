/**
 * From the INSERT of an alert to the callback of its owner's client, by Broadcast and by postgres_changes, through the embedded platform;
 * beside what PostgreSQL itself takes from a NOTIFY to whoever listens. Both are clocked from before the statement is sent.
 *
 * @module
 */
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { newWallet, openTestPlatform } from "@/tests/support/platform.ts";
import { events, logOf, rawTransaction } from "@/tests/support/raw_delivery.ts";
import { isWanted, median, onDatabase, quantile, report, tell } from "./measure.ts";

const ROUNDS = 300;
const WARM_UP = 20;
const WAYS = ["realtime/broadcast", "realtime/postgres_changes"] as const;

/** Waits for what is told by an id. */
class Bell {
  readonly #waiting = new Map<string, (at: number) => void>();

  ring(id: string): void {
    this.#waiting.get(id)?.(performance.now());
    this.#waiting.delete(id);
  }

  heard(id: string): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}

async function bench(server: string): Promise<void> {
  Deno.env.set("VAULTBOOK_TEST_ADMIN_URL", server);
  const platform = await openTestPlatform();
  const listener = postgres(platform.database.adminUrl, { max: 1, onnotice: () => {} });
  const sql = platform.database.admin;
  const wallet = newWallet();
  const client: Parameters<typeof wallet.signIn>[0] = createClient(platform.url, platform.publishable, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const bells = { [WAYS[0]]: new Bell(), [WAYS[1]]: new Bell(), notify: new Bell() };
  const times: Record<keyof typeof bells, number[]> = { [WAYS[0]]: [], [WAYS[1]]: [], notify: [] };
  try {
    await platform.deliver(rawTransaction({ slot: 1, logs: logOf(events.initialise(wallet.address)) }));
    await wallet.signIn(client);
    await listener.listen("bench", (id) => bells.notify.ring(id));
    await new Promise<void>((resolve) => {
      client.channel(`alerts:${wallet.address}`, { config: { private: true } })
        .on("broadcast", { event: "alert_created" }, ({ payload }) => bells[WAYS[0]].ring(payload.id))
        .on(
          "postgres_changes",
          { event: "INSERT", schema: "public", table: "alerts" },
          (change) => bells[WAYS[1]].ring(change.new.id),
        )
        .subscribe((status) => status === "SUBSCRIBED" && resolve());
    });
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const [id, note] = [crypto.randomUUID(), crypto.randomUUID()];
      const heard = [bells[WAYS[0]].heard(id), bells[WAYS[1]].heard(id)] as const;
      const began = performance.now();
      await sql`insert into public.alerts (id, severity, alert_type, subject, vault_owner, message)
                values (${id}, 'info', 'large_tx', ${id}, ${wallet.address}, 'Bench')`;
      const [broadcast, changed] = await Promise.all(heard);
      const told = bells.notify.heard(note);
      const noted = performance.now();
      await sql`select pg_notify('bench', ${note})`;
      const notified = await told;
      if (round < 0) continue;
      times[WAYS[0]].push(broadcast - began);
      times[WAYS[1]].push(changed - began);
      times.notify.push(notified - noted);
    }
  } finally {
    await client.removeAllChannels();
    await listener.end();
    await platform.close();
  }
  for (const way of WAYS) {
    if (!isWanted(way)) continue;
    tell(`${way}: p99 ${quantile(times[way], 0.99).toFixed(1)} ms`);
    report({
      name: way,
      unit: "ms",
      ours: median(times[way]),
      ceiling: median(times.notify),
      ceiling_name: "NOTIFY to LISTEN",
    });
  }
}

if (WAYS.some(isWanted)) await onDatabase((_sql, _url, server) => bench(server));
