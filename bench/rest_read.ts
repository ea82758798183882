/**
 * `GET /vaults/:owner` by its owner's token, beside a route of the same server that asks the same pool for `select 1`: requests a second
 * over HTTP, with as many of them under way as a small app has.
 *
 * @module
 */
import { Hono } from "hono";
import type { Sql } from "postgres";
import { createApi } from "@/functions/api/app.ts";
import { ownerOf, settingsOf } from "@/tests/support/api.ts";
import { fillVaults, isWanted, median, onDatabase, report, sizeOf, timeOf } from "./measure.ts";

const vaults = sizeOf("vaults", 100_000);

/** Requests of a turn, how many of them are under way at once, and turns of each side. */
const REQUESTS = 1_000;
const CLIENTS = 8;
const ROUNDS = 15;
/** Turns before those that count. */
const WARM_UP = 3;
/** Whose vaults are asked for, in turn. */
const OWNERS = 500;

async function bench(sql: Sql, url: string): Promise<void> {
  await fillVaults(sql, vaults);
  const owners = await sql<{ owner: string }[]>`select owner from public.vaults order by owner limit ${OWNERS}`;
  // Signed in once, as apps are.
  const callers = await Promise.all(owners.map(async ({ owner }) => ({ owner, headers: await ownerOf(owner) })));
  const settings = { ...await settingsOf(url), log: () => {} };
  const app = new Hono().route("/", createApi(settings));
  app.get("/one", async (c) => c.json(await settings.database.run(async (own) => [...await own`select 1 as one`])));
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
  const get = async (path: string, headers: Headers): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${server.addr.port}${path}`, { headers });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  };
  const turn = async (pathOf: (owner: string) => string): Promise<number> => {
    let next = 0;
    const client = async (): Promise<void> => {
      while (next < REQUESTS) {
        const { owner, headers } = callers[next++ % callers.length] ?? { owner: "", headers: new Headers() };
        await get(pathOf(owner), headers);
      }
    };
    const time = await timeOf(() => Promise.all(Array.from({ length: CLIENTS }, client)));
    return REQUESTS * 1000 / time;
  };
  const rates = { ours: [] as number[], one: [] as number[] };
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const ours = await turn((owner) => `/api/vaults/${owner}`);
    const one = await turn(() => "/one");
    if (round < 0) continue;
    rates.ours.push(ours);
    rates.one.push(one);
  }
  await server.shutdown();
  await settings.database.close();
  report({
    ...{ name: "rest/read", unit: "requests/s", ours: median(rates.ours), ceiling: median(rates.one) },
    ...{ ceiling_name: "a route that runs select 1", goal: ">= 0.7" },
  });
}

if (isWanted("rest/read")) await onDatabase(bench);
