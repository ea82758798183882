/**
 * `GET /api/alerts` and `POST /api/alerts/:id/acknowledge`: an owner's own alerts, all of them for operators.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { cursorOf, positionOf } from "@/lib/http/cursor.ts";
import { acknowledgeAlert, type AlertPosition, readAlerts } from "@/lib/ledger/alerts.ts";
import { answers, type ApiEnvironment, routes, SIGNED_IN } from "../endpoint.ts";
import { Alert, AlertPage, Cursor, limitOf, Severity, Stamp } from "../schemas.ts";
import type { Settings } from "../settings.ts";

const LIST = createRoute({
  method: "get",
  path: "/",
  summary: "A page of alerts, the newest first",
  security: SIGNED_IN,
  request: {
    query: z.strictObject({
      severity: Severity.optional(),
      type: z.string().regex(/^[a-z_]{1,50}$/, "must be a type of alert").optional(),
      acknowledged: z.enum(["true", "false"]).optional(),
      cursor: Cursor.optional(),
      limit: limitOf(200, 50),
    }),
  },
  responses: answers("The page", AlertPage, ["parameter_invalid", "unauthorized"]),
});

const ACKNOWLEDGE = createRoute({
  method: "post",
  path: "/{id}/acknowledge",
  summary: "Note that an alert was seen to",
  description: "Repeating it is harmless; who did it first stays on record.",
  security: SIGNED_IN,
  request: { params: z.object({ id: z.uuid("must be a UUID") }), query: z.strictObject({}) },
  responses: answers("The alert", Alert, ["parameter_invalid", "unauthorized", "alert_unknown"]),
});

const POSITION: z.ZodType<AlertPosition> = z.strictObject({
  createdAt: Stamp,
  id: z.uuid(),
});

/** The routes. */
export function alerts({ database, callers }: Settings): OpenAPIHono<ApiEnvironment> {
  const route = routes();
  route.openapi(LIST, async (c) => {
    const { severity, type, acknowledged, cursor, limit } = c.req.valid("query");
    const caller = await callers.identify(c.req.raw.headers);
    const isAcknowledged = acknowledged === undefined ? undefined : acknowledged === "true";
    const question = { severity, type, isAcknowledged, after: positionOf(cursor, POSITION), limit };
    const page = await readAlerts(database, caller, question);
    return c.json({ alerts: page.alerts, next_cursor: page.next && cursorOf(page.next) }, 200);
  });
  route.openapi(ACKNOWLEDGE, async (c) => {
    const caller = await callers.identify(c.req.raw.headers);
    return c.json(await acknowledgeAlert(database, caller, c.req.valid("param").id), 200);
  });
  return route;
}
