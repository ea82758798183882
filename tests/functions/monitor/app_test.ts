/**
 * The monitor as a hosted function: who may call it, with what, and what it answers.
 *
 * @module
 */
import { expect } from "expect";
import { createMonitor } from "@/functions/monitor/app.ts";
import { readSettings } from "@/functions/monitor/settings.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

const SECRET = "the cron secret";

type Ask = (init?: RequestInit & { path?: string }) => Promise<Response>;

function monitorAppTest(name: string, environment: Record<string, string>, run: (ask: Ask) => Promise<void>): void {
  Deno.test(name, async () => {
    const database = await openTestDatabase();
    const settings = readSettings({ SUPABASE_DB_URL: database.url, CRON_SECRET: SECRET, ...environment });
    try {
      const app = createMonitor({ ...settings, log: () => {} });
      await run(async ({ path = "/monitor", ...init } = {}) =>
        await app.request(path, { method: "POST", headers: { authorization: `Bearer ${SECRET}` }, ...init })
      );
    } finally {
      await settings.database.close();
      await database.close();
    }
  });
}

async function codeOf(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json()).error.code];
}

monitorAppTest("POST /monitor looks at everything and says what it did", {}, async (ask) => {
  const response = await ask();
  expect([response.status, await response.json()]).toEqual([200, {
    run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    job: "monitor",
    status: "done",
    counts: {
      ...{
        balances: 0,
        low_balances: 0,
        balances_restored: 0,
        jobs_repeated: 0,
        alerts_escalated: 0,
        alerts_untold: 0,
        notices_sent: 0,
        notices_failed: 0,
        allowances_forgotten: 0,
        transactions_expired: 0,
      },
      ...{ invariants: 15, invariants_broken: 0, invariants_too_dear: 0 },
    },
  }]);
});

monitorAppTest("POST /monitor thins old snapshots when it is asked to", {}, async (ask) => {
  const response = await ask({ body: '{"job": "retention"}' });
  expect([response.status, await response.json()]).toEqual([200, {
    run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    job: "retention",
    status: "done",
    counts: { balance_snapshots: 0, tvl_snapshots: 0 },
  }]);
});

monitorAppTest("POST /monitor takes nothing else", {}, async (ask) => {
  expect((await ask({ body: "{}" })).status).toBe(200);
  for (const body of ['{"limit": 1}', '{"job": "sweep"}', "[]", "from"]) {
    expect(await codeOf(await ask({ body }))).toEqual([400, "body_invalid"]);
  }
});

monitorAppTest("POST /monitor is for who brings the cron secret", {}, async (ask) => {
  for (const authorization of ["", SECRET, "Bearer", "Bearer ", "Bearer another", `Basic ${SECRET}`]) {
    expect(await codeOf(await ask({ headers: { authorization } }))).toEqual([401, "unauthorized"]);
  }
  expect(await codeOf(await ask({ method: "GET" }))).toEqual([405, "method_not_allowed"]);
});

for (const authorization of ["Bearer ", "Bearer undefined", ""]) {
  monitorAppTest(
    `without a cron secret nobody may call the monitor, not even by "${authorization}"`,
    { CRON_SECRET: "" },
    async (ask) => expect(await codeOf(await ask({ headers: { authorization } }))).toEqual([401, "unauthorized"]),
  );
}

monitorAppTest(
  "the monitor while the database is away is 503",
  { SUPABASE_DB_URL: "postgres://nobody@127.0.0.1:9/none" },
  async (ask) => expect(await codeOf(await ask())).toEqual([503, "database_unavailable"]),
);

Deno.test("the monitor's environment names what it lacks", () => {
  expect(() => readSettings({})).toThrow("DB_POOLER_URL or SUPABASE_DB_URL");
});
