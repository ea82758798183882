import { expect } from "expect";
import { createNode } from "@/lib/chain/rpc.ts";
import { createTransport } from "@/lib/chain/rpc_transport.ts";
import { client, fetching, manualTime, ok, refusalOf, URL } from "./support/rpc_client.ts";

function rpcError(code: unknown, message: unknown): Response {
  return Response.json({ jsonrpc: "2.0", id: 1, error: { code, message } });
}

Deno.test("no more calls are under way than the client may have, and all of them are answered", async () => {
  let [underWay, most] = [0, 0];
  const slow: typeof fetch = async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 1));
    underWay--;
    return ok(7);
  };
  for (const [options, lanes] of [[{ concurrency: 3 }, 3], [{ concurrency: 1 }, 1], [{}, 8]] as const) {
    most = 0;
    const node = client(slow, options);
    const slots = await Promise.all(Array.from({ length: 40 }, () => node.slot("confirmed")));
    expect([most, slots.length, new Set(slots)]).toEqual([lanes, 40, new Set([7])]);
  }
  expect(() => client(slow, { concurrency: 0 })).toThrow(RangeError);
});

Deno.test("waits double from a quarter of a second to eight, and the dice choose below", async () => {
  for (const [random, longest] of [[1, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000]], [0, []]] as const) {
    const time = manualTime();
    const { fetch } = fetching(() => new Response("", { status: 502 }));
    const error = await refusalOf(client(fetch, { ...time.options, random: () => random }).slot("confirmed"));
    expect([error.code, time.waits]).toEqual(["rpc_unavailable", longest]);
  }
});

Deno.test("Retry-After as a date is measured by the node's own clock; nonsense is no wish", async () => {
  const cases: [string, string | undefined, number][] = [
    ["Sun, 22 Nov 2026 00:00:09 GMT", "Sun, 22 Nov 2026 00:00:04 GMT", 5_000],
    ["Sun, 22 Nov 2026 00:00:09 GMT", undefined, 0],
    ["Sun, 22 Nov 2026 00:00:01 GMT", "Sun, 22 Nov 2026 00:00:04 GMT", 0],
    ["3", undefined, 3_000],
    ["-3", undefined, 0],
    ["9".repeat(30), undefined, 0],
    ["soon", undefined, 0],
  ];
  for (const [retryAfter, date, wait] of cases) {
    const time = manualTime();
    const headers = { "retry-after": retryAfter, ...(date === undefined ? {} : { date }) };
    const { fetch } = fetching((request) => request === 0 ? new Response("", { status: 429, headers }) : ok(1));
    expect(await client(fetch, { ...time.options, random: () => 0 }).slot("confirmed")).toBe(1);
    expect([retryAfter, time.waits]).toEqual([retryAfter, wait > 0 ? [wait] : []]);
  }
});

Deno.test("when the node has named a time, no other call asks before it", async () => {
  const asleep: { milliseconds: number; wake: () => void }[] = [];
  const sleep = (milliseconds: number): Promise<void> => (
    new Promise((wake) => asleep.push({ milliseconds, wake }))
  );
  const limited = (): Response => new Response("", { status: 429, headers: { "retry-after": "7" } });
  const { fetch, count } = fetching((request) => request === 0 ? limited() : ok(1));
  const time = manualTime();
  const node = client(fetch, { now: time.now, sleep, random: () => 0 });
  const first = node.slot("confirmed");
  while (asleep.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  const second = node.slot("confirmed");
  while (asleep.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  expect([asleep.map(({ milliseconds }) => milliseconds), count()]).toEqual([[7_000, 7_000], 1]);
  time.pass(7_000);
  for (const { wake } of asleep) wake();
  expect([await first, await second, count()]).toEqual([1, 1, 3]);
});

Deno.test("a node that is away and names a time is asked by other calls before it", async () => {
  const headers = { "retry-after": "7" };
  const { fetch, count } = fetching((request) => request === 0 ? new Response("", { status: 503, headers }) : ok(1));
  const asleep: (() => void)[] = [];
  const sleep = (): Promise<void> => new Promise((wake) => asleep.push(wake));
  const node = client(fetch, { now: manualTime().now, sleep, random: () => 0 });
  const first = node.slot("confirmed");
  while (asleep.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  expect([await node.slot("confirmed"), asleep.length, count()]).toEqual([1, 1, 2]);
  for (const wake of asleep) wake();
  expect([await first, count()]).toEqual([1, 3]);
});

Deno.test("each number of a node's errors has its meaning, and none is an absence", async () => {
  const cases: [number, string, string, number][] = [
    [-32005, "Node is behind by 42 slots", "rpc_behind", 3],
    [-32005, "daily request count exceeded, request rate limited", "rpc_rate_limited", 12],
    [-32004, "Block not available for slot 7", "rpc_behind", 3],
    [-32014, "Block status not yet available for slot 7", "rpc_behind", 3],
    [-32016, "Minimum context slot has not been reached", "rpc_behind", 3],
    [-32015, "Transaction version (2) is not supported", "rpc_version_unsupported", 3],
    [-32001, "Block 7 cleaned up, does not exist on node. First available block: 9", "rpc_slot_missing", 1],
    [-32009, "Slot 7 was skipped, or missing in long-term storage", "rpc_slot_missing", 1],
    [-32011, "Transaction history is not available from this node", "rpc_unavailable", 8],
    [-32603, "Internal error", "rpc_unavailable", 8],
    [-32000, "upstream", "rpc_unavailable", 8],
    [-32429, "slow down", "rpc_rate_limited", 12],
    [429, "slow down", "rpc_rate_limited", 12],
    [-32602, "Invalid param: WrongSize", "rpc_refused", 1],
    [-32601, "Method not found", "rpc_refused", 1],
    [-32010, "excluded from account secondary indexes", "rpc_refused", 1],
  ];
  for (const [number, message, code, attempts] of cases) {
    const { fetch, count } = fetching(() => rpcError(number, message));
    const error = await refusalOf(client(fetch).transaction("1".repeat(64), "finalized"));
    expect([number, error.code, error.details.rpc_code, count()]).toEqual([number, code, number, attempts]);
    expect(error.details.problem).toBe(`${message} (${number})`);
  }
});

Deno.test("a status that will not change by waiting is refused at once", async () => {
  for (
    const [status, code] of [[401, "rpc_refused"], [403, "rpc_refused"], [404, "rpc_refused"], [
      408,
      "rpc_unavailable",
    ]] as const
  ) {
    const { fetch, count } = fetching(() => new Response("no", { status }));
    const error = await refusalOf(client(fetch).slot("confirmed"));
    const attempts = code === "rpc_refused" ? 1 : 8;
    expect([status, error.code, count()]).toEqual([status, code, attempts]);
    expect(error.details).toStrictEqual({
      node: "node.example:8899",
      method: "getSlot",
      problem: `status ${status}`,
      attempts,
    });
  }
});

Deno.test("no error names the URL's secrets, wherever they are and whoever repeats them", async () => {
  const key = "f00dfeed-cafe-4bad";
  const odd = `${key}/+ä`;
  const urls: [string, string][] = [
    [`https://rpc.example/?api-key=${key}`, key],
    [`https://rpc.example/v2/${key}/`, key],
    [`https://user:${key}@rpc.example/`, key],
    [`https://rpc.example/?api-key=${encodeURIComponent(odd)}`, odd],
    [`https://rpc.example/${encodeURIComponent(odd)}`, odd],
  ];
  const echoes: ((url: string, secret: string) => Response)[] = [
    (url) => {
      throw new TypeError(`error sending request for url (${url}): dns error`);
    },
    (_, secret) => rpcError(-32602, `invalid key ${secret}`),
    (_, secret) => rpcError(-32603, `https://inner.example/?k=${encodeURIComponent(secret)} failed`),
    (_, secret) => Response.json({ jsonrpc: "2.0", id: 1, result: secret }),
    (_, secret) => new Response(`<html>${secret}</html>`),
    (_, secret) => Response.json({ jsonrpc: "2.0", id: secret, result: 1 }),
  ];
  for (const [url, secret] of urls) {
    for (const echo of echoes) {
      const { fetch } = fetching(() => echo(url, secret));
      const error = await refusalOf(client(fetch, { url }).slot("confirmed"));
      const told = [Deno.inspect(error), JSON.stringify(error.details), error.message, error.stack].join("\n");
      expect([url, told.includes("f00dfeed")]).toEqual([url, false]);
      expect([url, error.details.node]).toEqual([url, "rpc.example"]);
    }
  }
  for (const bad of [`ftp://x/${key}`, `//${key}`, key, ""]) {
    expect(() => createNode({ url: bad })).toThrow(TypeError);
    try {
      createNode({ url: bad });
    } catch (error) {
      expect(Deno.inspect(error)).not.toContain("f00dfeed");
    }
  }
});

Deno.test("the key goes nowhere else: a redirect is not followed", async () => {
  let followed = 0;
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    followed++;
    return ok(1);
  });
  const first = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(null, { status: 307, headers: { location: `http://127.0.0.1:${other.addr.port}/` } }),
  );
  try {
    const node = createNode({ url: `http://127.0.0.1:${first.addr.port}/`, ...manualTime().options });
    expect((await refusalOf(node.slot("confirmed"))).code).toBe("rpc_unavailable");
    expect(followed).toBe(0);
  } finally {
    await first.shutdown();
    await other.shutdown();
  }
});

Deno.test("an answer without end is given up at 32 MiB", async () => {
  let pulled = 0;
  const flood = (): Response =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull(controller): void {
          pulled++;
          controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
        },
      }),
    );
  const { fetch } = fetching(flood);
  const { code, details } = await refusalOf(client(fetch).slot("confirmed"));
  expect([code, details.problem]).toEqual(["rpc_answer_invalid", "it is longer than 33554432 bytes"]);
  expect(pulled).toBeLessThan(3 * 36);
});

Deno.test("a mistake of ours is not taken for one of the node's", async () => {
  const { fetch } = fetching(() => ok(5));
  const broken = {
    ...manualTime().options,
    random: (): never => {
      throw new RangeError("ours");
    },
  };
  const failing = fetching(() => new Response("", { status: 500 }));
  await expect(client(failing.fetch, broken).slot("confirmed")).rejects.toThrow("ours");
  expect(await client(fetch, broken).slot("confirmed")).toBe(5);
  const transport = createTransport({ url: URL, fetch });
  const misread = (): never => {
    throw new RangeError("ours too");
  };
  await expect(transport.call("getSlot", [], misread)).rejects.toThrow(RangeError);
});
