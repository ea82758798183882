/**
 * `POST /api/quarantine/:id/resolve` and `/replay`: what operators decide about what could not be read. What is there they read from the
 * view `quarantine`.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { readDelivery } from "@/lib/chain/delivery.ts";
import { replayItem, resolveItem } from "@/lib/ledger/quarantine.ts";
import { answers, type ApiEnvironment, BODY_ERRORS, routes, SIGNED_IN, smallBody } from "../endpoint.ts";
import { Resolution } from "../schemas.ts";
import type { Settings } from "../settings.ts";

const REQUEST = {
  params: z.object({
    id: z.string().regex(/^[1-9]\d{0,17}$/, "must be the id of an item, as the view quarantine has it"),
  }),
  query: z.strictObject({}),
  body: {
    required: true,
    content: {
      "application/json": {
        schema: z.strictObject({
          reason: z.string().trim().min(1, "must say why").max(1000, "must have 1000 characters at most"),
        }),
      },
    },
  },
};

const RESPONSES = answers("What was decided, and what the item is now", Resolution, [
  ...BODY_ERRORS,
  "parameter_invalid",
  "unauthorized",
  "operators_only",
  "item_unknown",
  "item_settled",
]);

const RESOLVE = createRoute({
  method: "post",
  path: "/{id}/resolve",
  summary: "Note that nothing is to be done about an item in quarantine",
  description: "For operators. Repeating it is harmless; who did it first stays on record.",
  security: SIGNED_IN,
  request: REQUEST,
  responses: RESPONSES,
});

const REPLAY = createRoute({
  method: "post",
  path: "/{id}/replay",
  summary: "Read the bytes of an item in quarantine again, by the decoder as it is now",
  description: "For operators, after the IDL or its mapping was corrected. Repeating it is harmless.",
  security: SIGNED_IN,
  request: REQUEST,
  responses: RESPONSES,
});

/** The routes. */
export function quarantine({ database, callers, program }: Settings): OpenAPIHono<ApiEnvironment> {
  const route = routes();
  route.use(smallBody);
  route.openapi(RESOLVE, async (c) => {
    const caller = await callers.identify(c.req.raw.headers);
    const decision = { id: c.req.valid("param").id, reason: c.req.valid("json").reason };
    return c.json(await resolveItem(database, caller, decision), 200);
  });
  route.openapi(REPLAY, async (c) => {
    const caller = await callers.identify(c.req.raw.headers);
    const decision = { id: c.req.valid("param").id, reason: c.req.valid("json").reason };
    return c.json(await replayItem(database, caller, decision, (body) => readDelivery(body, program)), 200);
  });
  return route;
}
