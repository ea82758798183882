import { expect } from "expect";
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { handleRpc } from "@/supabase/local/demo/rpc.ts";
import { openTestChain, type TestChain } from "./support/demo_chain.ts";

interface Row {
  signature: string;
  slot: number;
  transactionIndex: number;
  confirmationStatus: string;
  err: unknown;
  memo: string | null;
}

/** Posts a body and gives the answer. */
async function post(test: TestChain, body: unknown): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return await handleRpc(test.chain(), new Request("http://chain/", { method: "POST", body: text }));
}

/** Calls a method and gives its result. */
async function call<T>(test: TestChain, method: string, ...params: unknown[]): Promise<T> {
  const answer = await (await post(test, { jsonrpc: "2.0", id: 7, method, params })).json();
  if (answer.error) throw new Error(JSON.stringify(answer.error));
  expect([answer.jsonrpc, answer.id]).toEqual(["2.0", 7]);
  return answer.result;
}

/** Calls a method that must fail and gives its error. */
async function failure(
  test: TestChain,
  method: string,
  ...params: unknown[]
): Promise<{ code: number; data?: unknown }> {
  const answer = await (await post(test, { jsonrpc: "2.0", id: 7, method, params })).json();
  expect(answer.result).toBeUndefined();
  return answer.error;
}

/** Runs a test on a chain with so many transactions. */
async function onChain(count: number, run: (test: TestChain) => Promise<void>): Promise<void> {
  const test = openTestChain({ count, seed: "rpc" });
  try {
    await run(test);
  } finally {
    test.close();
  }
}

const CONFIRMED = { commitment: "confirmed" };

Deno.test("getSignaturesForAddress() gives rows newest first and pages by before and until", () =>
  onChain(120, async (test) => {
    const all = await call<Row[]>(test, "getSignaturesForAddress", DEMO_PROGRAM, CONFIRMED);
    const order = all.map(({ slot, transactionIndex }) => slot * 1e6 + transactionIndex);
    expect(all.length).toBeGreaterThan(90);
    expect(order).toEqual([...order].sort((a, b) => b - a));
    const page = { ...CONFIRMED, limit: 10, before: all[19]?.signature, until: all[25]?.signature };
    expect(await call(test, "getSignaturesForAddress", DEMO_PROGRAM, page)).toEqual(all.slice(20, 25));
    expect(await call(test, "getSignaturesForAddress", DEMO_PROGRAM, { ...page, limit: 2 })).toEqual(all.slice(20, 22));
    const memos = all.flatMap(({ memo }) => memo ?? []);
    expect(memos.length).toBeGreaterThan(0);
    expect(memos.every((memo) => /^\[\d+\] /.test(memo))).toBe(true);
  }));

Deno.test("getSignaturesForAddress() gives the newest page for an unknown until, and nothing for an unknown before", () =>
  onChain(30, async (test) => {
    const unknown = "1".repeat(64);
    const newest = await call<Row[]>(test, "getSignaturesForAddress", DEMO_PROGRAM, { ...CONFIRMED, limit: 5 });
    const trap = { ...CONFIRMED, limit: 5, until: unknown };
    expect(await call(test, "getSignaturesForAddress", DEMO_PROGRAM, trap)).toEqual(newest);
    const before = { ...CONFIRMED, limit: 5, before: unknown };
    expect(await call(test, "getSignaturesForAddress", DEMO_PROGRAM, before)).toEqual([]);
    // What is not yet final is as unknown to a question about final ones.
    test.wait(8_000);
    const final = await call<Row[]>(test, "getSignaturesForAddress", DEMO_PROGRAM);
    expect(final.length).toBeGreaterThan(0);
    expect(final[0]?.signature).not.toBe(newest[0]?.signature);
    expect(await call(test, "getSignaturesForAddress", DEMO_PROGRAM, { until: newest[0]?.signature })).toEqual(final);
    expect(await call(test, "getSignaturesForAddress", DEMO_PROGRAM, { before: newest[0]?.signature })).toEqual([]);
  }));

Deno.test("getSignaturesForAddress() finds a transaction by every account it names, and only by those", () =>
  onChain(60, async (test) => {
    const chain = test.chain();
    const [vault] = chain.state().vaults.values();
    const rows = await call<Row[]>(test, "getSignaturesForAddress", vault?.address, CONFIRMED);
    const naming = Array.from({ length: 60 }, (_, number) => chain.render(number))
      .filter(({ message }) => message.keys.includes(vault?.address ?? "")).map(({ record }) => record.signatures[0]);
    expect(rows.map(({ signature }) => signature)).toEqual(naming.reverse());
    const nobody = "SysvarC1ock11111111111111111111111111111111";
    expect(await call(test, "getSignaturesForAddress", nobody, CONFIRMED)).toEqual([]);
  }));

Deno.test("a transaction is confirmed at once and final 32 slots later, by every method", () =>
  onChain(40, async (test) => {
    const [newest] = await call<Row[]>(test, "getSignaturesForAddress", DEMO_PROGRAM, CONFIRMED);
    const signature = newest?.signature ?? "";
    const final = { commitment: "finalized", maxSupportedTransactionVersion: 1 };
    const status = async (): Promise<unknown> => (
      (await call<{ value: unknown[] }>(test, "getSignatureStatuses", [signature])).value[0]
    );
    expect(newest?.confirmationStatus).toBe("confirmed");
    expect(await call(test, "getTransaction", signature, final)).toBeNull();
    expect(await status()).toMatchObject({ confirmationStatus: "confirmed", slot: newest?.slot });
    test.wait(16_000);
    expect(await call(test, "getTransaction", signature, final)).toMatchObject({ slot: newest?.slot });
    expect(await status()).toMatchObject({ confirmationStatus: "finalized", confirmations: null });
    const rows = await call<Row[]>(test, "getSignaturesForAddress", DEMO_PROGRAM);
    expect(rows[0]).toEqual({ ...newest, confirmationStatus: "finalized" });
  }));

Deno.test("getTransaction() refuses a version above the one the client supports, and gives null for an unknown one", () =>
  onChain(150, async (test) => {
    const chain = test.chain();
    const ofVersion = (version: unknown): string => {
      const number = Array.from({ length: 150 }, (_, at) => at).find((at) => chain.record(at).version === version) ?? 0;
      return chain.record(number).signatures[0] ?? "";
    };
    const max = (version: number): unknown => ({ ...CONFIRMED, maxSupportedTransactionVersion: version });
    expect(await failure(test, "getTransaction", ofVersion(1), max(0))).toMatchObject({ code: -32015 });
    expect(await failure(test, "getTransaction", ofVersion(0), CONFIRMED)).toMatchObject({ code: -32015 });
    expect(await call(test, "getTransaction", ofVersion(1), max(1))).toMatchObject({ version: 1 });
    expect(await call(test, "getTransaction", ofVersion(0), max(1))).toMatchObject({ version: 0 });
    expect(Object.keys(await call<object>(test, "getTransaction", ofVersion("legacy"), CONFIRMED)))
      .not.toContain("version");
    expect(await call(test, "getTransaction", "1".repeat(64), max(1))).toBeNull();
  }));

Deno.test("getMultipleAccounts() shows each account as it was at the commitment", () =>
  onChain(40, async (test) => {
    test.wait(60_000);
    const chain = test.chain();
    const [vault] = chain.state().vaults.values();
    const { address = "", tokenAccount = "", total = 0n } = vault ?? {};
    test.grow(60);
    type Answer = {
      context: { slot: number };
      value: ({ data: [string, string]; space: number; owner: string } | null)[];
    };
    const read = async (
      commitment: string,
    ): Promise<{ slot: number; total: bigint; tokens: bigint; none: unknown }> => {
      const keys = [address, tokenAccount, "SysvarC1ock11111111111111111111111111111111"];
      const { context, value } = await call<Answer>(test, "getMultipleAccounts", keys, {
        commitment,
        encoding: "base64",
      });
      const amount = (place: number, offset: number): bigint => {
        const bytes = Uint8Array.fromBase64(value[place]?.data[0] ?? "");
        return new DataView(bytes.buffer).getBigUint64(offset, true);
      };
      expect(value.map((account) => account?.space)).toEqual([121, 165, undefined]);
      return { slot: context.slot, total: amount(0, 72), tokens: amount(1, 64), none: value[2] };
    };
    const latest = chain.state().vaults.get(address)?.total;
    const { confirmed, finalized } = chain.tips();
    expect(await read("confirmed")).toEqual({ slot: confirmed, total: latest, tokens: latest, none: null });
    const atFinal = chain.stateAfter(chain.countUpTo(finalized)).vaults.get(address)?.total;
    expect(await read("finalized")).toMatchObject({ slot: finalized, total: atFinal });
    expect(total).not.toBe(latest);
    const slice = { commitment: "confirmed", encoding: "base64", dataSlice: { offset: 72, length: 8 } };
    const sliced = await call<{ value: { data: string[] } }>(test, "getAccountInfo", address, slice);
    expect(Uint8Array.fromBase64(sliced.value.data[0] ?? "").length).toBe(8);
  }));

Deno.test("the numbers of slots, blocks and hashes agree with each other", () =>
  onChain(20, async (test) => {
    const { confirmed, finalized } = test.chain().tips();
    expect(await call(test, "getSlot", CONFIRMED)).toBe(confirmed);
    expect(await call(test, "getSlot")).toBe(finalized);
    const height = await call<number>(test, "getBlockHeight", CONFIRMED);
    const latest = await call<{ value: { lastValidBlockHeight: number } }>(test, "getLatestBlockhash", CONFIRMED);
    expect(latest.value.lastValidBlockHeight).toBe(height + 150);
    expect(await call(test, "getBlockTime", confirmed)).toBe(test.chain().calendar.timeOf(confirmed));
    const skipped = Array.from({ length: 100 }, (_, offset) => test.chain().genesis.first.slot + offset)
      .find((slot) => test.chain().calendar.isSkipped(slot)) ?? 0;
    test.wait(100_000);
    expect(await failure(test, "getBlockTime", skipped)).toMatchObject({ code: -32007 });
    expect(await failure(test, "getBlockTime", confirmed + 10_000)).toMatchObject({ code: -32004 });
    expect(await call(test, "getHealth")).toBe("ok");
    expect(await call(test, "getVersion")).toMatchObject({ "solana-core": "4.2.2" });
    // Not mainnet's, so that no client takes the demo for it.
    expect(await call(test, "getGenesisHash")).not.toBe("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d");
  }));

Deno.test("minContextSlot above the chain's slot is refused with the slot it has come to", () =>
  onChain(20, async (test) => {
    const { confirmed } = test.chain().tips();
    const config = { ...CONFIRMED, minContextSlot: confirmed + 1 };
    for (
      const [method, ...params] of [["getSlot"], ["getMultipleAccounts", [USDT_MINT]], [
        "getSignaturesForAddress",
        USDT_MINT,
      ]]
    ) {
      expect(await failure(test, String(method), ...params, config))
        .toEqual({
          code: -32016,
          message: "Minimum context slot has not been reached",
          data: { contextSlot: confirmed },
        });
    }
    expect(await call(test, "getSlot", { ...config, minContextSlot: confirmed })).toBe(confirmed);
  }));

Deno.test("too many inputs and wrong ones are refused as invalid parameters", () =>
  onChain(1, async (test) => {
    const many = (count: number, entry: string): string[] => Array.from({ length: count }, () => entry);
    const signature = "1".repeat(64);
    const cases: [string, ...unknown[]][] = [
      ["getMultipleAccounts", many(101, USDT_MINT)],
      ["getMultipleAccounts", [USDT_MINT], { encoding: "jsonParsed" }],
      ["getMultipleAccounts", "USDT"],
      ["getSignatureStatuses", many(257, signature)],
      ["getSignaturesForAddress", USDT_MINT, { limit: 1001 }],
      ["getSignaturesForAddress", USDT_MINT, { limit: 0 }],
      ["getSignaturesForAddress", USDT_MINT, { commitment: "processed" }],
      ["getSignaturesForAddress", USDT_MINT, { commitment: "recent" }],
      ["getSignaturesForAddress", signature],
      ["getTransaction", USDT_MINT],
      ["getTransaction", "0OIl"],
      ["getTransaction", signature, { encoding: "base64" }],
      ["getAccountInfo"],
      ["getBlockTime", -1],
      ["getSlot", 5],
    ];
    for (const [method, ...params] of cases) {
      expect([method, params.length, (await failure(test, method, ...params)).code]).toEqual([
        method,
        params.length,
        -32602,
      ]);
    }
    expect(await call(test, "getMultipleAccounts", many(100, USDT_MINT), CONFIRMED)).toMatchObject({ context: {} });
    expect(await call(test, "getSignatureStatuses", many(256, signature))).toMatchObject({
      value: many(256, "").map(() => null),
    });
  }));

Deno.test("getSignatureStatuses() forgets old signatures unless the history is searched", () =>
  onChain(10, async (test) => {
    const signature = test.chain().record(3).signatures[0] ?? "";
    test.wait(200_000);
    expect(await call(test, "getSignatureStatuses", [signature])).toMatchObject({ value: [null] });
    expect(await call(test, "getSignatureStatuses", [signature], { searchTransactionHistory: true }))
      .toMatchObject({ value: [{ confirmationStatus: "finalized" }] });
  }));

Deno.test("handleRpc() speaks JSON-RPC 2.0: batches, notifications and errors", () =>
  onChain(1, async (test) => {
    const one = (id: unknown, method: string): unknown => ({ jsonrpc: "2.0", id, method });
    const batch = await (await post(test, [one(1, "getHealth"), one("b", "noSuchMethod"), 5, {
      jsonrpc: "2.0",
      method: "getHealth",
    }]))
      .json();
    expect(batch).toEqual([
      { jsonrpc: "2.0", id: 1, result: "ok" },
      { jsonrpc: "2.0", id: "b", error: { code: -32601, message: "Method not found" } },
      { jsonrpc: "2.0", id: null, error: { code: -32600, message: "Invalid request" } },
    ]);
    const code = async (body: unknown): Promise<number> => (await (await post(test, body)).json()).error.code;
    expect(await code("{")).toBe(-32700);
    expect(await code("[]")).toBe(-32600);
    expect(await code({ id: 1, method: "getHealth" })).toBe(-32600);
    expect(await code({ jsonrpc: "2.0", id: {}, method: "getHealth" })).toBe(-32600);
    expect(await code(one(1, "toString"))).toBe(-32601);
    expect(await code({ jsonrpc: "2.0", id: 1, method: "getSlot", params: {} })).toBe(-32602);
    expect(await (await post(test, { jsonrpc: "2.0", method: "getHealth" })).text()).toBe("");
  }));

Deno.test("handleRpc() answers other HTTP methods", () =>
  onChain(1, async (test) => {
    const status = async (method: string, path: string): Promise<number> => {
      const response = await handleRpc(test.chain(), new Request(`http://chain${path}`, { method }));
      await response.body?.cancel();
      return response.status;
    };
    expect(await status("GET", "/health")).toBe(200);
    expect(await status("GET", "/")).toBe(405);
    expect(await status("OPTIONS", "/")).toBe(204);
    expect((await post(test, " ".repeat(1_000_001))).status).toBe(413);
  }));
