import { expect } from "expect";
import { createNode } from "@/lib/chain/rpc.ts";
import { client, fetching, manualTime, refusalOf, URL } from "./support/rpc_client.ts";

Deno.test("the budget ends a call before it would wait longer than is left, and every call after it", async () => {
  const time = manualTime();
  const { fetch, count } = fetching(() => new Response("", { status: 503, headers: { "retry-after": "20" } }));
  const node = client(fetch, { ...time.options, budget: 30_000 });
  const { code, details } = await refusalOf(node.slot("confirmed"));
  expect([code, details.problem, count()]).toEqual(["rpc_out_of_time", "status 503", 2]);
  expect(time.now() - 1_000).toBeLessThan(30_000);
  expect(node.timeLeft()).toBeGreaterThan(0);
  time.pass(node.timeLeft());
  expect(node.timeLeft()).toBe(0);
  const late = await refusalOf(node.slot("confirmed"));
  expect([late.code, late.details.problem, count()]).toEqual(["rpc_out_of_time", "it was never asked", 2]);
});

Deno.test("an answer that comes after the budget is none, and after a sleep that was too long nobody asks", async () => {
  const time = manualTime();
  const late = fetching(() => {
    time.pass(30_000);
    return new Response("", { status: 401 });
  });
  const { code, details } = await refusalOf(client(late.fetch, { ...time.options, budget: 30_000 }).slot("confirmed"));
  expect([code, details]).toStrictEqual([
    "rpc_out_of_time",
    { node: "node.example:8899", method: "getSlot", problem: "status 401" },
  ]);
  const limited = fetching(() => new Response("", { status: 429, headers: { "retry-after": "7" } }));
  const asleep: (() => void)[] = [];
  const sleep = (): Promise<void> => new Promise((wake) => asleep.push(wake));
  const drowsy = client(limited.fetch, { ...time.options, sleep, budget: 30_000 });
  const first = refusalOf(drowsy.slot("confirmed"));
  while (asleep.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  const second = refusalOf(drowsy.slot("confirmed"));
  while (asleep.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  time.pass(30_000);
  for (const wake of asleep) wake();
  expect([(await first).code, (await second).code, limited.count()]).toEqual(["rpc_out_of_time", "rpc_out_of_time", 1]);
});

/** Never answers; ends with its signal. */
const hanging: typeof fetch = (_url, init) =>
  new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));

Deno.test("the budget cuts a call that is under way, by the real clock", async () => {
  const node = createNode({ url: URL, fetch: hanging, budget: 50, deadline: 60_000 });
  const started = performance.now();
  expect((await refusalOf(node.slot("confirmed"))).code).toBe("rpc_out_of_time");
  expect(performance.now() - started).toBeLessThan(10_000);
});

Deno.test("the signal ends what is under way and what waits", async () => {
  const ending = new AbortController();
  const busy = fetching(() => new Response("", { status: 500 }));
  const node = createNode({ url: URL, fetch: busy.fetch, signal: ending.signal, random: () => 1 });
  const silent = createNode({ url: URL, fetch: hanging, signal: ending.signal });
  const calls = [node.slot("confirmed"), silent.slot("confirmed")].map(refusalOf);
  const started = performance.now();
  setTimeout(() => ending.abort(), 20);
  expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(["rpc_out_of_time", "rpc_out_of_time"]);
  // Its deadline would have ended it after ten seconds.
  expect(performance.now() - started).toBeLessThan(9_000);
  expect(node.timeLeft()).toBe(0);
});
