/**
 * The TVL as a hosted function: who may call it, and what it answers.
 *
 * @module
 */
import { expect } from "expect";
import { at, close, deposit, initialise, lock, pause } from "@/tests/support/book.ts";
import { openCronCaller } from "@/tests/support/cron_caller.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { timeTest } from "@/tests/support/ticking.ts";

const [alice, bob, carol] = [key("alice"), key("bob"), key("carol")];

timeTest("POST /tvl takes the sum of all vaults, paused ones too, and says how many", async ({ take, sql, caller }) => {
  await take(
    at(1, [initialise(alice), initialise(bob), initialise(carol)]),
    at(2, [deposit(alice, 70n), deposit(bob, 30n), lock(bob, 10n)]),
    at(3, [pause(true, bob)]),
    at(4, [close(carol)]),
  );
  expect(await caller.call("tvl")).toEqual({
    run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    job: "tvl",
    status: "done",
    counts: { vaults: 2, written: 1, missed: 0 },
  });
  expect((await caller.call("tvl")).counts).toEqual({ vaults: 2, written: 0, missed: 0 });
  const rows = await sql`
    select total_value_locked, active_vaults, total_locked, total_available from public.tvl_snapshots`;
  expect([...rows]).toEqual([
    { total_value_locked: "100", active_vaults: "2", total_locked: "10", total_available: "90" },
  ]);
  const heard = await sql`select topic, private, payload ->> 'total_value_locked' as total from realtime.messages
                           where event = 'tvl_updated' order by private`;
  expect([...heard]).toEqual([false, true].map((isPrivate) => ({ topic: "tvl", private: isPrivate, total: "100" })));
});

timeTest("POST /tvl takes nothing, from who brings the cron secret", async ({ caller, url }) => {
  for (const body of ['{"type": "periodic"}', "[]", "tvl"]) {
    expect((await caller.ask("tvl", { body })).status).toBe(400);
  }
  expect((await caller.ask("tvl", { headers: { authorization: "Bearer another" } })).status).toBe(401);
  expect((await caller.ask("tvl", { method: "GET" })).status).toBe(405);
  const nobody = openCronCaller(url, { CRON_SECRET: "" });
  expect((await nobody.ask("tvl", { headers: { authorization: "Bearer " } })).status).toBe(401);
  await nobody.close();
  const away = openCronCaller("postgres://nobody@127.0.0.1:9/none");
  expect((await away.ask("tvl")).status).toBe(503);
  await away.close();
});
