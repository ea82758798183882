/**
 * `GET /api/vaults/:owner/snapshots` and `/balance`: what a vault held.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { balanceAsOf } from "@/lib/ledger/as_of.ts";
import { readSnapshots } from "@/lib/ledger/history.ts";
import { readVault } from "@/lib/ledger/vaults.ts";
import { present } from "../clock.ts";
import { answers, type ApiEnvironment, callerFor, routes, SIGNED_IN, spanOf } from "../endpoint.ts";
import { limit } from "../rate_limit.ts";
import { Address, Balance, Interval, limitOf, Moment, SnapshotHistory, SnapshotType } from "../schemas.ts";
import type { Settings } from "../settings.ts";

const OWNER = z.object({ owner: Address });

const SNAPSHOTS = createRoute({
  method: "get",
  path: "/{owner}/snapshots",
  summary: "A vault over time, as it was known then",
  security: SIGNED_IN,
  request: {
    params: OWNER,
    query: z.strictObject({
      type: SnapshotType.optional(),
      from: Moment.optional(),
      to: Moment.optional(),
      interval: Interval,
      // A vault can have one of each type at one moment, and those are never parted.
      limit: limitOf(2000, 1000, 10),
    }),
  },
  responses: answers("The oldest first; without from and to the last day", SnapshotHistory, [
    "parameter_invalid",
    "unauthorized",
    "forbidden",
    "vault_unknown",
    "rate_limited",
  ]),
});

const BALANCE = createRoute({
  method: "get",
  path: "/{owner}/balance",
  summary: "What a vault held at a time of the chain, as the ledger knows the chain now",
  security: SIGNED_IN,
  request: { params: OWNER, query: z.strictObject({ at: Moment.optional().openapi({ description: "Default: now" }) }) },
  responses: answers("The balances", Balance, [
    "parameter_invalid",
    "unauthorized",
    "forbidden",
    "vault_unknown",
    "rate_limited",
  ]),
});

/** The routes. */
export function vaultHistory({ database, callers }: Settings): OpenAPIHono<ApiEnvironment> {
  const route = routes();
  route.openapi(SNAPSHOTS, async (c) => {
    const { owner } = c.req.valid("param");
    const caller = await callerFor(callers, c, owner);
    await limit(database, caller, "history");
    const { points, next } = await readSnapshots(database, caller, owner, spanOf(c.req.valid("query")));
    if (points.length === 0 && !await readVault(database, caller, owner)) {
      throw new VaultbookError("vault_unknown", { owner });
    }
    return c.json({ points, next_from: next }, 200);
  });
  route.openapi(BALANCE, async (c) => {
    const { owner } = c.req.valid("param");
    await limit(database, await callerFor(callers, c, owner), "history");
    const at = c.req.valid("query").at ?? present();
    const held = await balanceAsOf(database, owner, at);
    if (!held) throw new VaultbookError("vault_unknown", { owner });
    const { total, locked, available, slot } = held;
    const balances = {
      total_balance: String(total),
      locked_balance: String(locked),
      available_balance: String(available),
    };
    return c.json({ owner, at, ...balances, slot }, 200);
  });
  return route;
}
