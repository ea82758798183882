/**
 * `POST /api/webhooks/helius`: a delivery comes in, its outcome goes out, and in between it is committed.
 *
 * @module
 */
import { Hono } from "hono";
import { readDelivery } from "@/lib/chain/delivery.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { OUTCOMES, type Settlement } from "@/lib/domain/settlement.ts";
import { readBody } from "@/lib/http/body.ts";
import { isSecret } from "@/lib/http/secret.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import type { ApiVariables } from "../app.ts";
import type { Settings } from "../settings.ts";

/** Largest body: 10 MiB. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

/**
 * The webhook. Answers 200 once the delivery is stored, whatever is in it; 401 for a wrong secret (never 403, which would end the
 * sender's retries), 413 over the limit, 503 while the database is away.
 */
export function webhooks({ database, program, webhookSecrets }: Settings): Hono<{ Variables: ApiVariables }> {
  const route = new Hono<{ Variables: ApiVariables }>();
  route.post("/helius", async (c) => {
    if (!isSecret(c.req.header("authorization"), webhookSecrets)) throw new VaultbookError("unauthorized");
    const body = await readBody(c.req.raw, BODY_BYTES_MAX);
    const transactions = readDelivery(body, program);
    return c.json(summary(await ingest(database, { source: "webhook", body, transactions })));
  });
  route.all("/helius", (c) => {
    throw new VaultbookError("method_not_allowed", { method: c.req.method, allow: "POST" });
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
