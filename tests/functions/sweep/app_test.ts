/**
 * The sweep as a hosted function: who may call it, with what, and what it answers.
 *
 * @module
 */
import { expect } from "expect";
import { createSweep } from "@/functions/sweep/app.ts";
import { readSettings } from "@/functions/sweep/settings.ts";
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { openFaultyNode } from "@/tests/support/faulty_node.ts";
import { openWebhook } from "@/tests/support/webhook.ts";

const SECRET = "the cron secret";

type Ask = (init?: RequestInit & { path?: string }) => Promise<Response>;

function sweepAppTest(
  name: string,
  environment: Record<string, string>,
  run: (ask: Ask, url: string) => Promise<void>,
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
      const app = createSweep({ ...settings, log: () => {} });
      await run(
        async ({ path = "/sweep", ...init } = {}) =>
          await app.request(path, { method: "POST", headers: { authorization: `Bearer ${SECRET}` }, ...init }),
        database.url,
      );
    } finally {
      await settings.database.close();
      await node.close();
      await database.close();
    }
  });
}

async function codeOf(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json()).error.code];
}

sweepAppTest("POST /sweep sweeps and says what it did, and health tells of it", {}, async (ask, url) => {
  const response = await ask();
  expect([response.status, await response.json()]).toEqual([200, {
    run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    job: "sweep",
    status: "done",
    counts: expect.objectContaining({ fetched: 10, unfetched: 0, lag_slots: 0 }),
  }]);
  const api = openWebhook(url);
  const health = await (await api.get("/api/health")).json();
  await api.close();
  expect(health.checks).toMatchObject({
    last_sweep: { status: "done", code: null },
    sweep_lag_slots: 0,
    sweep_lag_seconds: expect.any(Number),
  });
});

sweepAppTest("POST /sweep takes from_slot and nothing else", {}, async (ask) => {
  expect((await ask({ body: '{"from_slot": 461000000}' })).status).toBe(200);
  for (const body of ['{"from_slot": -1}', '{"from_slot": "1"}', '{"slot": 1}', "[]", "from"]) {
    expect(await codeOf(await ask({ body }))).toEqual([400, "body_invalid"]);
  }
});

sweepAppTest("POST /sweep is for who brings the cron secret", {}, async (ask) => {
  for (const authorization of ["", SECRET, "Bearer", "Bearer ", "Bearer another", `Basic ${SECRET}`]) {
    expect(await codeOf(await ask({ headers: { authorization } }))).toEqual([401, "unauthorized"]);
  }
  expect(await codeOf(await ask({ method: "GET" }))).toEqual([405, "method_not_allowed"]);
  expect(await codeOf(await ask({ path: "/sweep/more" }))).toEqual([404, "not_found"]);
});

for (const authorization of ["Bearer ", "Bearer undefined", ""]) {
  sweepAppTest(
    `without a cron secret nobody may sweep, not even by "${authorization}"`,
    { CRON_SECRET: "" },
    async (ask) => {
      expect(await codeOf(await ask({ headers: { authorization } }))).toEqual([401, "unauthorized"]);
    },
  );
}

sweepAppTest("without a node the sweep says so", { SOLANA_RPC_URL: "" }, async (ask) => {
  expect(await codeOf(await ask())).toEqual([503, "rpc_unconfigured"]);
});

sweepAppTest(
  "a sweep while the database is away is 503",
  { SUPABASE_DB_URL: "postgres://nobody@127.0.0.1:9/none" },
  async (ask) => {
    expect(await codeOf(await ask())).toEqual([503, "database_unavailable"]);
  },
);

Deno.test("the environment names what is wrong with it, and repeats no URL", () => {
  expect(() => readSettings({})).toThrow("DB_POOLER_URL or SUPABASE_DB_URL and VAULT_PROGRAM_ID");
  const rest = { SUPABASE_DB_URL: "postgres://x", VAULT_PROGRAM_ID: DEMO_PROGRAM };
  expect(() => readSettings({ ...rest, SOLANA_RPC_URL: "secret-key" })).toThrow(
    /^Cannot start: SOLANA_RPC_URL is no http URL$/,
  );
  expect(() => readSettings({ ...rest, VAULT_AUTHORITIES: `${USDT_MINT},secret-key` })).toThrow(
    /^Cannot start: VAULT_AUTHORITIES is no list of public keys$/,
  );
  expect(readSettings({ ...rest, VAULT_AUTHORITIES: ` ${USDT_MINT} ,,${USDT_MINT}` }).authorities).toEqual([USDT_MINT]);
  expect(readSettings(rest).authorities).toEqual([]);
  const [first, again] = ["https://a.example/?key=1", "https://a.example/?key=2"];
  expect(readSettings({ ...rest, SOLANA_RPC_URL: first, SOLANA_RPC_URL_2: again }).rpcUrls).toEqual([first]);
});
