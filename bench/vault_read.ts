/**
 * `GET /vaults/:owner` and a page of its ledger over HTTP, by the owner's token, beside a route of the same server that asks the same
 * pool for `select 1`. The field's target is 50 ms.
 *
 * @module
 */
import { Hono } from "hono";
import type { Sql } from "postgres";
import { createApi } from "@/functions/api/app.ts";
import { ownerOf, settingsOf } from "@/tests/support/api.ts";
import { fillLedger } from "./books/long_ledger.ts";
import { fillVaults, isWanted, median, onDatabase, report, sizeOf, tell, timeOf } from "./measure.ts";

const vaults = sizeOf("vaults", 1_000_000);
/** Of the ledger, as many of each vault. */
const rows = sizeOf("rows", 5_000_000);

const CALLS = 2_000;
/** Whose vaults are asked for, in turn. */
const OWNERS = 500;
async function bench(sql: Sql, url: string): Promise<void> {
  await fillVaults(sql, vaults);
  await fillLedger(sql, vaults, rows);
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
  const times = { vault: [] as number[], page: [] as number[], one: [] as number[] };
  for (let call = 0; call < CALLS; call++) {
    const { owner, headers } = callers[call % callers.length] ?? { owner: "", headers: new Headers() };
    times.vault.push(await timeOf(() => get(`/api/vaults/${owner}`, headers)));
    times.page.push(await timeOf(() => get(`/api/vaults/${owner}/transactions`, headers)));
    times.one.push(await timeOf(() => get("/one", headers)));
  }
  await server.shutdown();
  await settings.database.close();
  for (const [way, of] of Object.entries(times)) {
    tell(`${way}: p99 ${of.toSorted((a, b) => a - b)[Math.floor(of.length * 0.99)]?.toFixed(2)} ms`);
  }
  const ceiling = { unit: "ms", ceiling: median(times.one), ceiling_name: "a route that runs select 1" };
  if (isWanted("api/vault")) report({ name: "api/vault", ours: median(times.vault), ...ceiling });
  if (isWanted("api/ledger")) report({ name: "api/ledger", ours: median(times.page), ...ceiling });
}

if (isWanted("api/vault") || isWanted("api/ledger")) await onDatabase(bench);
