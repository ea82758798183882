import { expect } from "expect";
import { openFaultyNode } from "@/tests/support/faulty_node.ts";
import { type Accounts, ask, onNode, post, result, rows } from "./support/demo_node.ts";

Deno.test("rate_limited: 429 on a share of the calls, with Retry-After or without", () =>
  onNode("rate_limited", async (node) => {
    const seen = async (): Promise<Set<string>> => {
      const answers = [];
      for (let call = 0; call < 30; call++) {
        const answer = await post(node, "getSlot");
        await answer.body?.cancel();
        answers.push(`${answer.status} ${answer.headers.get("retry-after")}`);
      }
      return new Set(answers);
    };
    node.faults.on("rate_limited", { share: 0.5 });
    expect(await seen()).toEqual(new Set(["200 null", "429 null"]));
    node.faults.on("rate_limited", { share: 1, retryAfterSeconds: 7 });
    expect(await seen()).toEqual(new Set(["429 7"]));
    expect(node.faults.fired("rate_limited")).toBeGreaterThan(30);
    node.faults.off();
    expect(await seen()).toEqual(new Set(["200 null"]));
  }));

Deno.test("server_error: 500, 502 and 503 with a page of HTML", () =>
  onNode("server_error", async (node) => {
    node.faults.on("server_error", { share: 1 });
    const statuses = new Set<number>();
    for (let call = 0; call < 30; call++) {
      const answer = await post(node, "getSlot");
      statuses.add(answer.status);
      expect(await answer.text()).toMatch(/^<html>/);
    }
    expect([...statuses].sort()).toEqual([500, 502, 503]);
  }));

Deno.test("hang: answers late or never, and neither keeps the node from closing", () =>
  onNode("hang", async (node) => {
    node.faults.on("hang", { share: 1, milliseconds: 20 });
    expect(await result(node, "getSlot")).toBe(node.chain.tips().finalized);
    node.faults.on("hang", { share: 1 });
    const giveUp = AbortSignal.timeout(50);
    await expect(fetch(node.url, { method: "POST", body: "{}", signal: giveUp })).rejects.toThrow("timeout");
    expect(node.faults.fired("hang")).toBe(2);
  }));

Deno.test("cut: the connection ends in the middle of the body", () =>
  onNode("cut", async (node) => {
    node.faults.on("cut", { share: 1 });
    const answer = await post(node, "getSlot");
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  }));

Deno.test("node_behind: less far than the chain in everything, and says so when asked for its health", () =>
  onNode("node_behind", async (node) => {
    const { confirmed } = node.chain.tips();
    const [newest] = await rows(node);
    node.faults.on("node_behind", { slots: 400 });
    expect(await result(node, "getSlot", { commitment: "confirmed" }))
      .toBe(node.chain.calendar.blockNotAfter(confirmed - 400));
    expect((await ask(node, "getHealth")).error).toMatchObject({ code: -32005, data: { numSlotsBehind: 400 } });
    expect(await rows(node)).toEqual([]);
    const options = { commitment: "confirmed", maxSupportedTransactionVersion: 1 };
    expect(await result(node, "getTransaction", newest?.signature, options)).toBeNull();
    expect(await result(node, "getSignatureStatuses", [newest?.signature])).toMatchObject({ value: [null] });
    expect((await ask(node, "getSlot", { minContextSlot: confirmed })).error).toMatchObject({ code: -32016 });
  }));

Deno.test("stale_slot: accounts of long ago with an honest context, −32016 where more was asked, history as it is", () =>
  onNode("stale_slot", async (node) => {
    const [vault = ""] = node.chain.state().vaults.keys();
    const { finalized } = node.chain.tips();
    const before = await rows(node);
    node.faults.on("stale_slot", { share: 1, slots: 500 });
    const accounts = await result<Accounts>(node, "getMultipleAccounts", [vault]);
    expect(accounts.context.slot).toBe(node.chain.calendar.blockNotAfter(finalized - 500));
    expect(accounts.value).toEqual([null]);
    const refused = await ask(node, "getMultipleAccounts", [vault], { minContextSlot: finalized });
    expect(refused.error).toMatchObject({ code: -32016 });
    expect(await rows(node)).toEqual(before);
  }));

Deno.test("missing_rows: the same rows are left out at each call, until the chain is further", () =>
  onNode("missing_rows", async (node) => {
    const all = await rows(node);
    node.faults.on("missing_rows", { share: 0.3, forSlots: 600 });
    const some = await rows(node);
    expect(some.length).toBeLessThan(all.length);
    expect(await rows(node)).toEqual(some);
    expect(node.faults.fired("missing_rows")).toBe(2 * (all.length - some.length));
    node.waitSlots(600);
    expect(await rows(node)).toEqual(all);
  }));

Deno.test("unknown_until: the newest page and no word of it", () =>
  onNode("unknown_until", async (node) => {
    const all = await rows(node);
    const config = { until: all[5]?.signature, limit: 10 };
    expect(await rows(node, config)).toEqual(all.slice(0, 5));
    node.faults.on("unknown_until", { share: 1 });
    expect(await rows(node, config)).toEqual(all.slice(0, 10));
    await rows(node);
    expect(node.faults.fired("unknown_until")).toBe(1);
  }));

Deno.test("order_in_slot: another order inside a slot, so that pages from nodes of two minds leave rows out", () =>
  onNode("order_in_slot", async (node) => {
    node.waitSlots(1);
    node.trade(40, 0);
    node.waitUntilFinal();
    const all = await rows(node);
    node.faults.on("order_in_slot", { share: 1 });
    const other = await rows(node);
    expect(other).not.toEqual(all);
    expect(other.map(({ slot }) => slot)).toEqual(all.map(({ slot }) => slot));
    expect(new Set(other.map(({ signature }) => signature))).toEqual(new Set(all.map(({ signature }) => signature)));
    // A page in one order, the next one in the other.
    const page = (await rows(node, { limit: 20 })).map(({ signature }) => signature);
    node.faults.off();
    const rest = (await rows(node, { before: page.at(-1) })).map(({ signature }) => signature);
    expect(new Set([...page, ...rest]).size).toBeLessThan(all.length);
  }));

Deno.test("missing_transaction and unsupported_version: null and −32015 for what the node just named", () =>
  onNode("missing_transaction", async (node) => {
    const options = { maxSupportedTransactionVersion: 1 };
    const signatures = (await rows(node)).map(({ signature }) => signature);
    node.faults.on("missing_transaction", { share: 0.3 });
    const lost = [];
    for (const signature of signatures) {
      if (await result(node, "getTransaction", signature, options) === null) lost.push(signature);
    }
    expect(lost.length).toBe(node.faults.fired("missing_transaction"));
    expect(await result(node, "getTransaction", lost[0], options)).toBeNull();
    node.faults.off();
    expect(await result(node, "getTransaction", lost[0], options)).not.toBeNull();
    node.faults.on("unsupported_version", { share: 1 });
    expect((await ask(node, "getTransaction", lost[0], options)).error).toMatchObject({ code: -32015 });
    expect(node.faults.fired("unsupported_version")).toBe(1);
  }));

Deno.test("missing_status: the same signatures are forgotten at each call", () =>
  onNode("missing_status", async (node) => {
    const signatures = (await rows(node)).map(({ signature }) => signature);
    const known = async (): Promise<boolean[]> => (
      (await result<{ value: unknown[] }>(node, "getSignatureStatuses", signatures)).value.map((status) =>
        status !== null
      )
    );
    expect((await known()).every(Boolean)).toBe(true);
    node.faults.on("missing_status", { share: 0.3 });
    const some = await known();
    expect(some.filter((isKnown) => !isKnown).length).toBe(node.faults.fired("missing_status"));
    expect(some.some(Boolean)).toBe(true);
    expect(await known()).toEqual(some);
  }));

Deno.test("wrong_balance: one account is off by so many base units, and no other", () =>
  onNode("wrong_balance", async (node) => {
    const [vault, other] = [...node.chain.state().vaults.values()];
    const addresses = [vault, other].flatMap((found) => [found?.address, found?.tokenAccount]);
    const read = async (): Promise<bigint[][]> =>
      (await result<Accounts>(node, "getMultipleAccounts", addresses)).value.map(({ data }) => {
        const bytes = Uint8Array.fromBase64(data[0]);
        const at = (offset: number): bigint => new DataView(bytes.buffer).getBigUint64(offset, true);
        return bytes.length === 121 ? [at(72), at(80), at(88)] : [at(64)];
      });
    const honest = await read();
    node.faults.on("wrong_balance", { address: vault?.address ?? "", by: -1n });
    const [total = 0n, locked = 0n, available = 0n] = honest[0] ?? [];
    expect(await read()).toEqual([[total - 1n, locked, available - 1n], ...honest.slice(1)]);
    node.faults.on("wrong_balance", { address: vault?.tokenAccount ?? "", by: 5n });
    expect(await read()).toEqual([honest[0], [(honest[1]?.[0] ?? 0n) + 5n], ...honest.slice(2)]);
  }));

Deno.test("skipped_slot and no_transaction_index: what an old or patchy node does not say", () =>
  onNode("skipped_slot", async (node) => {
    const [row] = await rows(node);
    const block = { transactionDetails: "signatures", rewards: false };
    const { signatures } = await result<{ signatures: string[] }>(node, "getBlock", row?.slot, block);
    // Where the index is not told, the block tells it.
    expect(signatures.indexOf(row?.signature ?? "")).toBe(row?.transactionIndex);
    expect(new Set(signatures).size).toBe(signatures.length);
    node.faults.on("no_transaction_index", { share: 1 });
    const told = await result<object>(node, "getTransaction", row?.signature, { maxSupportedTransactionVersion: 1 });
    expect([Object.keys(told).includes("transactionIndex"), (await rows(node))[0]?.transactionIndex])
      .toEqual([false, undefined]);
    expect(node.faults.fired("no_transaction_index")).toBeGreaterThan(1);
    node.faults.on("skipped_slot", { share: 1 });
    expect((await ask(node, "getBlock", row?.slot, block)).error).toMatchObject({ code: -32007 });
    expect((await ask(node, "getBlockTime", row?.slot)).error).toMatchObject({ code: -32007 });
  }));

Deno.test("two nodes of one chain have faults of their own, and the same seed strikes the same calls", () =>
  onNode(null, async (node) => {
    const other = node.another("second");
    other.faults.on("server_error", { share: 1 });
    const refused = await post(other, "getSlot");
    await refused.body?.cancel();
    expect(refused.status).toBeGreaterThanOrEqual(500);
    expect(await result(node, "getSlot")).toBe(node.chain.tips().finalized);
    const strikes = async (seed: string): Promise<number[]> => {
      const again = openFaultyNode({ seed });
      again.faults.on("rate_limited", { share: 0.5 });
      const statuses = [];
      for (let call = 0; call < 20; call++) {
        const answer = await post(again, "getGenesisHash");
        await answer.body?.cancel();
        statuses.push(answer.status);
      }
      await again.close();
      return statuses;
    };
    expect(await strikes("one")).toEqual(await strikes("one"));
    expect(await strikes("one")).not.toEqual(await strikes("two"));
  }));
