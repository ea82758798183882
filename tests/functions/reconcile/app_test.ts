/**
 * The reconciliation as a hosted function: who may call it, with what, and what it answers.
 *
 * @module
 */
import { expect } from "expect";
import { createReconcile } from "@/functions/reconcile/app.ts";
import { readSettings } from "@/functions/reconcile/settings.ts";
import { sweep } from "@/functions/sweep/sweep.ts";
import { createNode } from "@/lib/chain/rpc.ts";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { openFaultyNode } from "@/tests/support/faulty_node.ts";
import { program } from "@/tests/support/sweeping.ts";
import { openWebhook } from "@/tests/support/webhook.ts";

const SECRET = "the cron secret";

type Ask = (init?: RequestInit & { path?: string }) => Promise<Response>;

function reconcileAppTest(
  name: string,
  environment: Record<string, string>,
  run: (ask: Ask, database: TestDatabase) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const database = await openTestDatabase();
    const node = openFaultyNode({ seed: name });
    node.trade(10);
    node.waitUntilFinal();
    const settings = readSettings({
      ...{ SUPABASE_DB_URL: database.url, VAULT_PROGRAM_ID: DEMO_PROGRAM },
      ...{ SOLANA_RPC_URL: node.url, CRON_SECRET: SECRET },
      ...environment,
    });
    try {
      await sweep({ database: settings.database, program, nodes: [createNode({ url: node.url })], now: node.now });
      const app = createReconcile({ ...settings, log: () => {} });
      await run(
        async ({ path = "/reconcile", ...init } = {}) =>
          await app.request(path, { method: "POST", headers: { authorization: `Bearer ${SECRET}` }, ...init }),
        database,
      );
    } finally {
      await settings.database.close();
      await node.close();
      await database.close();
    }
  });
}

reconcileAppTest(
  "POST /reconcile reconciles and says what it did, and health tells of it",
  {},
  async (ask, { admin, url }) => {
    const [{ owners } = { owners: 0 }] = await admin<{ owners: number }[]>`
    select count(*)::integer as owners from public.vaults`;
    const response = await ask();
    expect([response.status, await response.json()]).toEqual([200, {
      run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      job: "reconcile",
      status: "done",
      counts: expect.objectContaining({ vaults: owners, matched: owners, mismatched: 0, behind: 0 }),
    }]);
    const api = openWebhook(url);
    const health = await (await api.get("/api/health")).json();
    await api.close();
    expect(health.checks).toMatchObject({
      last_reconciliation: { status: "done", code: null },
      clean_reconciliation_seconds_ago: expect.any(Number),
    });
  },
);

reconcileAppTest("POST /reconcile takes owners and a limit, and nothing else", {}, async (ask, { admin }) => {
  const [{ owner } = { owner: "" }] = await admin`select owner from public.vaults limit 1`;
  const some = await (await ask({ body: JSON.stringify({ owners: [owner] }) })).json();
  expect(some.counts.vaults).toBe(1);
  const first = await (await ask({ body: '{"limit": 2}' })).json();
  expect([first.status, first.counts.vaults]).toEqual(["partial", 2]);
  for (
    const body of ['{"limit": 0}', '{"limit": "1"}', '{"owners": []}', '{"owners": ["x"]}', '{"all": 1}', "[]", "all"]
  ) {
    expect([body, ...await codeOf(await ask({ body }))]).toEqual([body, 400, "body_invalid"]);
  }
});

reconcileAppTest("POST /reconcile is for who brings the cron secret", {}, async (ask) => {
  for (const authorization of ["", SECRET, "Bearer", "Bearer ", "Bearer another", `Basic ${SECRET}`]) {
    expect(await codeOf(await ask({ headers: { authorization } }))).toEqual([401, "unauthorized"]);
  }
  expect(await codeOf(await ask({ method: "GET" }))).toEqual([405, "method_not_allowed"]);
  expect(await codeOf(await ask({ path: "/reconcile/more" }))).toEqual([404, "not_found"]);
});

reconcileAppTest("without a cron secret nobody may reconcile, and without a node nothing is reconciled", {
  CRON_SECRET: "",
}, async (ask, database) => {
  for (const authorization of ["Bearer ", "Bearer undefined", ""]) {
    expect(await codeOf(await ask({ headers: { authorization } }))).toEqual([401, "unauthorized"]);
  }
  const settings = readSettings({ SUPABASE_DB_URL: database.url, VAULT_PROGRAM_ID: DEMO_PROGRAM, CRON_SECRET: SECRET });
  const app = createReconcile({ ...settings, log: () => {} });
  const response = await app.request("/reconcile", { method: "POST", headers: { authorization: `Bearer ${SECRET}` } });
  expect(await codeOf(response)).toEqual([503, "rpc_unconfigured"]);
  await settings.database.close();
});

async function codeOf(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json()).error.code];
}

Deno.test("the environment's mint must be a public key, and is that of USDT where it says nothing", () => {
  const environment = { SUPABASE_DB_URL: "postgres://x", VAULT_PROGRAM_ID: DEMO_PROGRAM };
  expect(readSettings(environment).mint).toBe("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB");
  expect(() => readSettings({ ...environment, USDT_MINT: "no key" })).toThrow(
    /^Cannot start: USDT_MINT is no public key$/,
  );
});
