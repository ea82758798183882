/**
 * Whoever calls the functions that a schedule calls.
 *
 * @module
 */
import type { Hono } from "hono";
import { createSnapshot } from "@/functions/snapshot/app.ts";
import { readSettings } from "@/functions/snapshot/settings.ts";
import { createTvl } from "@/functions/tvl/app.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";

/** The secret that the callers below bring. */
export const CRON_SECRET = "the cron secret";

/** A caller of snapshot and tvl, each with a connection of its own. */
export interface CronCaller {
  /** Asks in any way; by default as the schedule does. */
  ask(name: "snapshot" | "tvl", init?: RequestInit & { path?: string }): Promise<Response>;
  /** Asks as the schedule does. @throws {Error} at any other answer than 200. */
  call(job: "periodic" | "daily_summary" | "tvl"): Promise<JobReport>;
  close(): Promise<void>;
}

/** @param options.now the present instant, ISO 8601; default the database's clock. */
export function openCronCaller(
  databaseUrl: string,
  { now, ...environment }: { now?: () => string | undefined; CRON_SECRET?: string } = {},
): CronCaller {
  const settings = [0, 1].map(() => readSettings({ SUPABASE_DB_URL: databaseUrl, CRON_SECRET, ...environment }));
  const rest = { log: (): void => {}, ...(now ? { now } : {}) };
  const [snapshot, tvl] = settings.map((own) => ({ ...own, ...rest }));
  if (!snapshot || !tvl) throw new Error("There are two");
  const apps: Record<string, Hono> = { snapshot: createSnapshot(snapshot), tvl: createTvl(tvl) };
  const ask: CronCaller["ask"] = async (name, { path = `/${name}`, ...init } = {}) =>
    await (apps[name] as Hono).request(path, {
      method: "POST",
      headers: { authorization: `Bearer ${CRON_SECRET}` },
      ...(name === "snapshot" ? { body: '{"type": "periodic"}' } : {}),
      ...init,
    });
  return {
    ask,
    async call(job): Promise<JobReport> {
      const response = await (job === "tvl" ? ask(job) : ask("snapshot", { body: JSON.stringify({ type: job }) }));
      const answer = await response.json();
      if (response.status !== 200) throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
      return answer;
    },
    async close(): Promise<void> {
      for (const { database } of settings) await database.close();
    },
  };
}
