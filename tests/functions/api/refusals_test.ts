/**
 * Callers of the webhook without its secret: told of, in a number of writes that they do not decide.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { openRefusals } from "@/functions/api/refusals.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { noteRefusals } from "@/lib/ledger/wrong_secrets.ts";
import { apiTest } from "@/tests/support/api.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";

/** What is told of callers that were refused. */
async function told(sql: Sql): Promise<unknown[]> {
  const alerts = await sql`
    select subject, vault_owner, severity, message, (data ->> 'count')::integer as count, resolved_at is null as is_open
      from public.alerts where alert_type = 'webhook_unauthorized' order by created_at`;
  return [...alerts];
}

const WRONG = {
  subject: "webhook",
  vault_owner: null,
  severity: "warning",
  message: "Somebody calls the webhook with a wrong secret, and is refused",
  count: 1,
  is_open: true,
};

apiTest("a thousand wrong secrets at once make one write and one alert, and a right one goes on", async (api) => {
  const asked = Array.from({ length: 1000 }, (_, n) => api.post(bodyOf(), { authorization: `wrong ${n}` }));
  const right = await api.post(bodyOf());
  expect(right.status).toBe(200);
  expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([401]));
  expect(await told(api.sql)).toEqual([WRONG]);
  expect((await api.post(bodyOf(), {})).status).toBe(401);
  expect(await told(api.sql)).toEqual([WRONG]);
  expect(api.lines.join()).not.toContain("wrong ");
});

apiTest("a webhook without a secret says so in its alert", async (api) => {
  for (const authorization of ["undefined", ""]) {
    expect((await api.post(bodyOf(), { authorization })).status).toBe(401);
  }
  const message = "The webhook refuses every delivery: HELIUS_WEBHOOK_SECRETS is not set";
  expect(await told(api.sql)).toEqual([{ ...WRONG, message }]);
}, { HELIUS_WEBHOOK_SECRETS: "" });

apiTest("what came within the minute is told with the next, and none is lost where telling fails", async (api) => {
  const database = openDatabase(api.url, { max: 1 });
  try {
    let [time, writes, isAway] = [0, 0, false];
    const failures: unknown[] = [];
    const refusals = openRefusals({
      tell: async (count) => {
        if (isAway) throw new Error("away");
        writes++;
        await noteRefusals(database, { count, isSecretSet: true });
      },
      now: () => time,
      log: (entry) => void failures.push(entry),
    });
    const refuse = async (times: number): Promise<void> =>
      void await Promise.all(
        Array.from({ length: times }, () => refusals.count()),
      );
    await refuse(500);
    expect([writes, await told(api.sql)]).toEqual([1, [WRONG]]);
    time = 59_999;
    await refuse(1);
    expect(writes).toBe(1);
    time = 60_000;
    await refuse(10);
    expect([writes, await told(api.sql)]).toEqual([2, [{ ...WRONG, count: 502 }]]);
    [time, isAway] = [120_000, true];
    await refuse(10);
    expect([writes, failures]).toEqual([2, [expect.objectContaining({ level: "error", error: "away" })]]);
    [time, isAway] = [180_000, false];
    await refuse(1);
    expect([writes, await told(api.sql)]).toEqual([3, [{ ...WRONG, count: 522 }]]);
  } finally {
    await database.close();
  }
});
