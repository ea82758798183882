import { expect } from "expect";
import { attempt, type RpcOutcome } from "@/lib/chain/rpc_attempt.ts";

/** One request to a node that answers like this. */
function asked(fetch: () => Promise<Response>): Promise<RpcOutcome> {
  return attempt({ url: "http://node/", method: "getVersion", params: [], fetch, signal: AbortSignal.timeout(10_000) });
}

Deno.test("an answer without a body is what its status says", async () => {
  const headers = { "retry-after": "2" };
  expect(await asked(() => Promise.resolve(new Response(null, { status: 429, headers })))).toEqual({
    failure: { kind: "rate_limited", problem: "it allows no more requests (429)", retryAfter: 2_000 },
  });
  expect(await asked(() => Promise.resolve(new Response(null)))).toMatchObject({
    failure: { kind: "answer_invalid", field: "answer" },
  });
});

Deno.test("a request that fails with anything is unavailable, and says with what", async () => {
  for (const reason of [new TypeError("gone"), "gone"]) {
    expect(await asked(() => Promise.reject(reason))).toEqual({
      failure: { kind: "unavailable", problem: "gone", retryAfter: null },
    });
  }
});

Deno.test("a letter that two chunks share is read whole", async () => {
  const bytes = new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", id: 1, result: "ä€𝄞" }));
  const body = ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte)));
  expect(await asked(() => Promise.resolve(new Response(body)))).toEqual({ result: "ä€𝄞" });
});

Deno.test("an answer of 32 MiB is read, and one of a byte more is not", async () => {
  const bytes = 32 * 1024 * 1024;
  const answer = JSON.stringify({ jsonrpc: "2.0", id: 1, result: 1 });
  const padded = (length: number): () => Promise<Response> => () =>
    Promise.resolve(new Response(answer.padEnd(length)));
  expect(await asked(padded(bytes))).toEqual({ result: 1 });
  expect(await asked(padded(bytes + 1))).toMatchObject({ failure: { problem: `it is longer than ${bytes} bytes` } });
});
