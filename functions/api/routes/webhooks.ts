/**
 * `POST /api/webhooks/helius`: a delivery comes in, its outcome goes out, and in between it is committed.
 *
 * @module
 */
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { readDelivery } from "@/lib/chain/delivery.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { OUTCOMES, type Settlement } from "@/lib/domain/settlement.ts";
import { readBody } from "@/lib/http/body.ts";
import { isSecret } from "@/lib/http/secret.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { noteRefusals } from "@/lib/ledger/wrong_secrets.ts";
import { now } from "../clock.ts";
import { answers, type ApiEnvironment, routes } from "../endpoint.ts";
import { openRefusals } from "../refusals.ts";
import type { Settings } from "../settings.ts";

/** Largest body: 10 MiB. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

const count = z.number().int().min(0);
const SUMMARY = z.object({
  received: count,
  ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count])),
  results: z.array(
    z.object({ signature: z.string().nullable(), outcome: z.enum(OUTCOMES), code: z.string().optional() }),
  ),
}).openapi("DeliverySummary");

/**
 * The webhook. Answers 200 once the delivery is stored, whatever is in it and whatever type it is said to be (so never 415: what
 * came with the right secret is kept, and quarantined where it is no JSON); 401 for a wrong secret (never 403, which would end the
 * sender's retries), 405 for any method but POST, 413 over the limit, 503 while the database is away.
 */
export function webhooks({ database, program, webhookSecrets, log }: Settings): OpenAPIHono<ApiEnvironment> {
  const route = routes();
  const refusals = openRefusals({
    tell: (count) => noteRefusals(database, { count, isSecretSet: webhookSecrets.length > 0 }),
    now,
    log,
  });
  // Described here and not checked: what is not as it should be is stored all the same.
  route.openAPIRegistry.registerPath({
    method: "post",
    path: "/helius",
    summary: "A delivery by Helius, raw or enhanced",
    security: [{ webhookSecret: [] }],
    request: { body: { content: { "application/json": { schema: z.array(z.looseObject({})).max(1000) } } } },
    responses: answers("Stored, and what became of each transaction", SUMMARY, [
      "unauthorized",
      "body_too_large",
      "body_unreadable",
    ]),
  });
  route.post("/helius", async (c) => {
    if (!isSecret(c.req.header("authorization"), webhookSecrets)) {
      await refusals.count();
      throw new VaultbookError("unauthorized");
    }
    const body = await readBody(c.req.raw, BODY_BYTES_MAX);
    const transactions = readDelivery(body, program);
    return c.json(summary(await ingest(database, { source: "webhook", body, transactions })));
  });
  return route;
}

function summary(results: readonly Settlement[]): Record<string, unknown> {
  const counts = Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, results.filter((result) => result.outcome === outcome).length]),
  );
  return {
    received: results.length,
    ...counts,
    results: results.map(({ signature, outcome, code }) => ({ signature, outcome, ...(code && { code }) })),
  };
}
