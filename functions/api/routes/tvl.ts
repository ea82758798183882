/**
 * `GET /api/tvl` and `GET /api/tvl/history`: for everybody, as the table behind them is.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { readTvlHistory } from "@/lib/ledger/history.ts";
import { currentTvl } from "@/lib/ledger/snapshots.ts";
import { answers, type ApiEnvironment, routes, spanOf } from "../endpoint.ts";
import { Interval, limitOf, Moment, Tvl, TvlHistory } from "../schemas.ts";
import type { Settings } from "../settings.ts";

const CURRENT = createRoute({
  method: "get",
  path: "/",
  summary: "What all vaults hold now",
  request: { query: z.strictObject({}) },
  responses: answers("The TVL", Tvl, ["parameter_invalid"]),
});

const HISTORY = createRoute({
  method: "get",
  path: "/history",
  summary: "The TVL over time",
  request: {
    query: z.strictObject({
      from: Moment.optional(),
      to: Moment.optional(),
      interval: Interval,
      limit: limitOf(2000, 1000),
    }),
  },
  responses: answers("The oldest first; without from and to the last day", TvlHistory, ["parameter_invalid"]),
});

/** The routes. */
export function tvl({ database }: Settings): OpenAPIHono<ApiEnvironment> {
  const route = routes();
  route.openapi(CURRENT, async (c) => {
    const { total, locked, available, vaults } = await currentTvl(database);
    // Everybody may ask, and one answer does for all of them for a while.
    c.header("cache-control", "public, max-age=5");
    const [total_value_locked, total_locked, total_available] = [String(total), String(locked), String(available)];
    return c.json({ total_value_locked, total_locked, total_available, active_vaults: vaults }, 200);
  });
  route.openapi(HISTORY, async (c) => {
    const { points, next } = await readTvlHistory(database, spanOf(c.req.valid("query")));
    c.header("cache-control", "public, max-age=60");
    return c.json({ points, next_from: next }, 200);
  });
  return route;
}
