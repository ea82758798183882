/**
 * Snapshots as a hosted function: who may call it, with what, and what it answers.
 *
 * @module
 */
import { expect } from "expect";
import { readSettings } from "@/functions/snapshot/settings.ts";
import { at, deposit, initialise } from "@/tests/support/book.ts";
import { CRON_SECRET, openCronCaller } from "@/tests/support/cron_caller.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { timeTest } from "@/tests/support/ticking.ts";
import { openWebhook } from "@/tests/support/webhook.ts";

const [alice, bob] = [key("alice"), key("bob")];

async function codeOf(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json()).error.code];
}

timeTest(
  "POST /snapshot takes one of each vault and type, and health tells of both",
  async ({ take, sql, caller, url }) => {
    await take(at(1, [initialise(alice), initialise(bob)]), at(2, [deposit(alice, 70n)]));
    const written = { run_id: expect.stringMatching(/^[0-9a-f-]{36}$/), status: "done" };
    expect(await caller.call("periodic")).toEqual({
      ...written,
      job: "snapshot",
      counts: { vaults: 2, written: 2, missed: 0 },
    });
    expect(await caller.call("periodic")).toMatchObject({ status: "done", counts: { vaults: 2, written: 0 } });
    expect(await caller.call("daily_summary")).toEqual({
      ...written,
      job: "daily_summary",
      counts: { vaults: 2, written: 2, missed: 0 },
    });
    const rows = await sql`
    select snapshot_type, vault_owner, total_balance from public.balance_snapshots order by 1, 3`;
    expect(rows.map((row) => Object.values(row))).toEqual([
      ...[["daily_summary", bob, "0"], ["daily_summary", alice, "70"]],
      ...[["periodic", bob, "0"], ["periodic", alice, "70"]],
    ]);
    const api = openWebhook(url);
    const { checks } = await (await api.get("/api/health")).json();
    await api.close();
    const good = { status: "done", code: null, seconds_ago: expect.any(Number) };
    expect(checks).toMatchObject({ last_snapshots: good, last_daily_summary: good, last_tvl: null, missed_ticks: 0 });
  },
);

timeTest("POST /snapshot takes a type and nothing else, from who brings the cron secret", async ({ caller, url }) => {
  const { ask } = caller;
  for (const body of ["", "{}", '{"type": "event"}', '{"type": "periodic", "owner": 1}', "periodic", "[]"]) {
    expect(await codeOf(await ask("snapshot", { body }))).toEqual([400, "body_invalid"]);
  }
  for (const authorization of ["", CRON_SECRET, "Bearer", "Bearer another", `Basic ${CRON_SECRET}`]) {
    expect(await codeOf(await ask("snapshot", { headers: { authorization } }))).toEqual([401, "unauthorized"]);
  }
  expect(await codeOf(await ask("snapshot", { method: "GET", body: null }))).toEqual([405, "method_not_allowed"]);
  expect(await codeOf(await ask("snapshot", { path: "/snapshot/more" }))).toEqual([404, "not_found"]);
  const unset = openCronCaller(url, { CRON_SECRET: "" });
  for (const authorization of ["Bearer ", "Bearer undefined", ""]) {
    expect(await codeOf(await unset.ask("snapshot", { headers: { authorization } }))).toEqual([401, "unauthorized"]);
  }
  await unset.close();
});

Deno.test("snapshots while the database is away are 503, and without one the function does not start", async () => {
  const away = openCronCaller("postgres://nobody@127.0.0.1:9/none");
  expect(await codeOf(await away.ask("snapshot"))).toEqual([503, "database_unavailable"]);
  await away.close();
  expect(() => readSettings({})).toThrow("DB_POOLER_URL or SUPABASE_DB_URL");
});
