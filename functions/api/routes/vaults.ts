/**
 * `GET /api/vaults/:owner` and what lies beneath it: for the owner, for operators, and for the holder of a secret key.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { cursorOf, positionOf } from "@/lib/http/cursor.ts";
import { type LedgerPosition, readLedgerPage } from "@/lib/ledger/ledger_page.ts";
import { readVault } from "@/lib/ledger/vaults.ts";
import { answers, type ApiEnvironment, callerFor, routes, SIGNED_IN } from "../endpoint.ts";
import {
  Address,
  Cursor,
  LedgerPage,
  limitOf,
  Moment,
  Stamp,
  TransactionStatus,
  TransactionType,
  Vault,
} from "../schemas.ts";
import type { Settings } from "../settings.ts";

const OWNER = z.object({ owner: Address });

const VAULT = createRoute({
  method: "get",
  path: "/{owner}",
  summary: "The vault of an owner",
  security: SIGNED_IN,
  request: { params: OWNER, query: z.strictObject({}) },
  responses: answers("The vault", Vault, ["parameter_invalid", "unauthorized", "forbidden", "vault_unknown"]),
});

const LEDGER = createRoute({
  method: "get",
  path: "/{owner}/transactions",
  summary: "A page of an owner's ledger",
  description:
    "First what is pending, then the chain from its tip down, last what never got there. Pages by cursor neither repeat nor miss a row.",
  security: SIGNED_IN,
  request: {
    params: OWNER,
    query: z.strictObject({
      type: z.string().transform((list) => list.split(",")).pipe(z.array(TransactionType)).optional().openapi({
        type: "string",
        description: "One type, or several with commas between",
        example: "deposit,withdrawal",
      }),
      status: TransactionStatus.optional(),
      from: Moment.optional(),
      to: Moment.optional(),
      cursor: Cursor.optional(),
      limit: limitOf(200, 50),
    }),
  },
  responses: answers("The page", LedgerPage, ["parameter_invalid", "unauthorized", "forbidden", "vault_unknown"]),
});

const int4 = z.number().int().min(0).max(2 ** 31 - 1);
const POSITION: z.ZodType<LedgerPosition> = z.union([
  z.strictObject({ at: z.enum(["pending", "expired"]), createdAt: Stamp, id: z.uuid() }),
  z.strictObject({
    at: z.literal("chain"),
    slot: z.number().int().min(0),
    place: z.tuple([int4, int4, z.boolean()]),
    id: z.uuid(),
  }),
]);

/** The routes. */
export function vaults({ database, callers }: Settings): OpenAPIHono<ApiEnvironment> {
  const route = routes();
  route.openapi(VAULT, async (c) => {
    const { owner } = c.req.valid("param");
    const caller = await callerFor(callers, c, owner);
    const vault = await readVault(database, caller, owner);
    if (!vault) throw new VaultbookError("vault_unknown", { owner });
    return c.json(vault, 200);
  });
  route.openapi(LEDGER, async (c) => {
    const { owner } = c.req.valid("param");
    const { type, cursor, ...rest } = c.req.valid("query");
    const caller = await callerFor(callers, c, owner);
    const after = positionOf(cursor, POSITION);
    const { rows, next } = await readLedgerPage(database, caller, { owner, types: type, ...rest, after });
    if (rows.length === 0 && !await readVault(database, caller, owner)) {
      throw new VaultbookError("vault_unknown", { owner });
    }
    return c.json({
      transactions: rows as z.infer<typeof LedgerPage>["transactions"],
      next_cursor: next && cursorOf(next),
    }, 200);
  });
  return route;
}
