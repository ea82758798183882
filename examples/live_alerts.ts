// Shows the own alerts as they come, and misses none: what is sent while the connection is down is read when it is up again.
//   deno run -A examples/live_alerts.ts API_URL PUBLISHABLE_KEY [WALLET]
// deno-lint-ignore-file no-console -- an example shows what it reads
import type { RealtimeChannel } from "@supabase/supabase-js";
import type { Tables } from "./database.types.ts";
import { signIn, type Vaultbook } from "./sign_in.ts";

type Alert = Tables<"alerts">;

const PAGE = 500;
/** An alert carries the time at which its transaction began, and is there when that ends. Milliseconds. */
const OVERLAP = 60_000;

/**
 * Calls `hear` once for each alert of this owner: for those that are there, then for those that come. Realtime sends each at most
 * once and the table has them all, so the table is read whenever the channel is up: from where the last reading ended – not from the
 * newest alert that was sent, for one before it may have been lost.
 */
export async function followAlerts(
  supabase: Vaultbook,
  owner: string,
  hear: (alert: Alert) => void,
): Promise<RealtimeChannel> {
  const heard = new Set<string>();
  const take = (alert: Alert): void => {
    if (!heard.has(alert.id)) hear(alert);
    heard.add(alert.id);
  };
  let from = new Date(0).toISOString();
  const readOn = async (): Promise<void> => {
    let last: Alert | undefined;
    do {
      const page = supabase.from("alerts").select().eq("vault_owner", owner)
        .order("created_at").order("id").limit(PAGE);
      const { data, error } =
        await (last
          ? page.or(`created_at.gt."${last.created_at}",and(created_at.eq."${last.created_at}",id.gt.${last.id})`)
          : page.gte("created_at", from));
      if (error) throw error;
      data.forEach(take);
      last = data.length === PAGE ? data.at(-1) : undefined;
      const newest = data.at(-1);
      if (newest) from = new Date(Date.parse(newest.created_at) - OVERLAP).toISOString();
    } while (last);
  };
  await supabase.realtime.setAuth(); // before subscribing, or the first join goes out without the token
  const channel = supabase.channel(`alerts:${owner}`, { config: { private: true } });
  const catchUp = async (): Promise<void> => {
    // Down again, it is read when the channel comes back; else in a moment.
    while (channel.state === "joined" && await readOn().then(() => false, () => true)) {
      await new Promise((resume) => setTimeout(resume, 1000));
    }
  };
  let reading = Promise.resolve();
  return channel
    .on("broadcast", { event: "alert_created" }, ({ payload }) => take(payload as Alert))
    .subscribe((status) => {
      if (status === "SUBSCRIBED") reading = reading.then(catchUp);
    });
}

if (import.meta.main) {
  const { supabase, address } = await signIn(...Deno.args);
  await followAlerts(supabase, address, ({ severity, alert_type, message }) => {
    console.log(`${severity} ${alert_type}: ${message}`);
  });
  console.log("Listening to the alerts of", address);
}
