/**
 * The client against a node that does what nodes do. Each test of a fault names its row in the table of faults where it has one, and
 * fails when the fault never struck.
 *
 * @module
 */
import { expect } from "expect";
import { createNode } from "@/lib/chain/rpc.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { createRandom } from "@/supabase/local/demo/random.ts";
import type { FaultName } from "@/supabase/local/demo/faults.ts";
import { chosenSeed } from "@/tests/support/seeded.ts";
import { manualTime, refusalOf } from "./support/rpc_client.ts";
import { FINAL, onStage } from "./support/rpc_stage.ts";

Deno.test("each method reads what the chain holds", () =>
  onStage([], async ({ chain: { chain }, node, signature }) => {
    const { processed, confirmed, finalized } = chain.tips();
    expect([await node.slot("processed"), await node.slot("confirmed"), await node.slot("finalized")])
      .toEqual([processed, confirmed, finalized]);
    const rows = await node.signatures(DEMO_PROGRAM, FINAL);
    expect(rows.map((row) => row.signature))
      .toEqual(chain.naming(DEMO_PROGRAM).map((number) => chain.record(number).signatures[0]).reverse());
    const [newest, second] = rows;
    expect(newest).toMatchObject({ failed: false, commitment: "finalized" });
    expect(await node.signatures(DEMO_PROGRAM, { ...FINAL, limit: 1, before: newest?.signature ?? "" })).toEqual([
      second,
    ]);
    expect(await node.signatures(DEMO_PROGRAM, { ...FINAL, until: second?.signature ?? "" })).toEqual([newest]);

    const number = chain.find(signature) ?? -1;
    const { slot, index, time } = chain.record(number);
    const told = await node.transaction(signature, "finalized");
    expect([told?.slot, told?.transactionIndex, told?.json.blockTime]).toEqual([slot, index, time]);
    expect(await node.transaction("1".repeat(64), "finalized")).toBeNull();
    expect((await node.block(slot, "finalized")).signatures[index]).toBe(signature);
    expect(await node.blockTime(slot)).toBe(time);

    const [vault] = chain.state().vaults.values();
    const accounts = await node.accounts([vault?.address ?? "", DEMO_PROGRAM, "1".repeat(31) + "2"], {
      ...FINAL,
      minContextSlot: finalized,
    });
    expect([accounts.slot, accounts.value.map((account) => account?.data.length)]).toEqual([finalized, [
      121,
      36,
      undefined,
    ]]);
    expect(accounts.value[0]?.owner).toBe(DEMO_PROGRAM);
    const statuses = await node.statuses([signature, "1".repeat(64)]);
    expect(statuses.value).toEqual([{ slot, failed: chain.errorOf(number) !== null, commitment: "finalized" }, null]);
    expect([await node.genesisHash(), await node.version()]).toEqual([chain.blockhash(0), "4.2.2"]);
  }));

Deno.test("the commitment asked for is the one that is answered, and statuses are searched in the whole history", () =>
  onStage([], async ({ chain, node, signature }) => {
    chain.trade(1);
    chain.waitSlots(6);
    const [newest] = await node.signatures(DEMO_PROGRAM, { commitment: "confirmed", limit: 1 });
    const fresh = newest?.signature ?? "";
    expect([newest?.commitment, fresh === signature]).toEqual(["confirmed", false]);
    expect([await node.transaction(fresh, "finalized"), await node.transaction(fresh, "confirmed") !== null])
      .toEqual([null, true]);
    const { processed, confirmed, finalized } = chain.chain.tips();
    for (const [commitment, slot] of Object.entries({ processed, confirmed, finalized })) {
      const asked = { commitment: commitment as "confirmed" };
      expect([commitment, (await node.accounts([USDT_MINT], asked)).slot]).toEqual([commitment, slot]);
    }
    chain.waitSlots(400);
    expect((await node.statuses([signature])).value[0]?.commitment).toBe("finalized");
  }));

Deno.test("a program's accounts are told by how their data begins, and without it", () =>
  onStage([], async ({ chain, node }) => {
    const vault = Uint8Array.fromHex("13bd5f9b64099f91");
    const { slot, value } = await node.programAccounts(DEMO_PROGRAM, vault, FINAL);
    expect(value.toSorted()).toEqual([...chain.chain.state().vaults.keys()].toSorted());
    expect(slot).toBe(chain.chain.tips().finalized);
    const authority = await node.programAccounts(DEMO_PROGRAM, Uint8Array.fromHex("8422bbcacac3d335"), FINAL);
    expect(authority.value).toEqual([chain.chain.book.authority.address]);
    expect((await node.programAccounts(USDT_MINT, vault, FINAL)).value).toEqual([]);
    const late = { commitment: "finalized", minContextSlot: slot + 500 } as const;
    expect((await refusalOf(node.programAccounts(DEMO_PROGRAM, vault, late))).code).toBe("rpc_behind");
  }));

Deno.test("more addresses or signatures than a node takes are a mistake of ours, before any request", () =>
  onStage([], async ({ chain, node }) => {
    await expect(node.accounts(Array(101).fill(USDT_MINT), FINAL)).rejects.toThrow(RangeError);
    await expect(node.statuses(Array(257).fill("1".repeat(64)))).rejects.toThrow(RangeError);
    expect([chain.calls("getMultipleAccounts"), chain.calls("getSignatureStatuses")]).toEqual([0, 0]);
  }));

Deno.test("row 32: 429 on half of the calls costs time and no answer", () =>
  onStage(["rate_limited"], async ({ chain, node, time, signature }) => {
    chain.faults.on("rate_limited", { share: 0.5 });
    for (let call = 0; call < 60; call++) expect(await node.transaction(signature, "finalized")).not.toBeNull();
    expect(time.waits.length).toBe(chain.faults.fired("rate_limited"));
    expect(new Set(time.waits).size).toBeGreaterThan(20);
    expect(Math.max(...time.waits)).toBeLessThanOrEqual(8_000);
  }));

Deno.test("row 32: Retry-After is waited for, by every call of the client, and an absurd one is cut", () =>
  onStage(["rate_limited"], async ({ chain, client, time }) => {
    const started = time.now();
    chain.faults.on("rate_limited", { share: 0.5, retryAfterSeconds: 7 });
    const node = client({ concurrency: 1 });
    for (let call = 0; call < 10; call++) await node.slot("confirmed");
    const fired = chain.faults.fired("rate_limited");
    expect(time.waits.filter((wait) => wait >= 7_000).length).toBe(fired);
    expect(time.now() - started).toBeGreaterThanOrEqual(7_000 * fired);
    chain.faults.on("rate_limited", { share: 1, retryAfterSeconds: 1e9 });
    time.waits.length = 0;
    expect((await refusalOf(node.slot("confirmed"))).code).toBe("rpc_rate_limited");
    expect(Math.max(...time.waits)).toBeLessThanOrEqual(68_000);
    const other = client({ budget: 30_000 });
    expect((await refusalOf(other.slot("confirmed"))).code).toBe("rpc_out_of_time");
  }));

Deno.test("row 32: 429 on every call is an error and never an absence, and passes", () =>
  onStage(["rate_limited"], async ({ chain, node, signature }) => {
    chain.faults.on("rate_limited", { share: 1 });
    const { code, details } = await refusalOf(node.transaction(signature, "finalized"));
    expect([code, details.attempts, details.method]).toEqual(["rpc_rate_limited", 12, "getTransaction"]);
    expect((await refusalOf(node.signatures(DEMO_PROGRAM, FINAL))).code).toBe("rpc_rate_limited");
    expect((await refusalOf(node.statuses([signature]))).code).toBe("rpc_rate_limited");
    chain.faults.off();
    expect(await node.transaction(signature, "finalized")).not.toBeNull();
  }));

Deno.test("row 32: 5xx on half of the calls costs no answer, and on all of them is rpc_unavailable", () =>
  onStage(["server_error"], async ({ chain, node, signature }) => {
    chain.faults.on("server_error", { share: 0.4 });
    for (let call = 0; call < 40; call++) expect(await node.transaction(signature, "finalized")).not.toBeNull();
    chain.faults.on("server_error", { share: 1 });
    const { code, details } = await refusalOf(node.accounts([USDT_MINT], FINAL));
    expect([code, details.attempts]).toEqual(["rpc_unavailable", 8]);
    expect(details.problem).toMatch(/^status 50[023]$/);
  }));

Deno.test("row 31: a node that is not there is rpc_unavailable", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const node = createNode({ url: `http://127.0.0.1:${port}/`, ...manualTime().options });
  const { code, details } = await refusalOf(node.slot("confirmed"));
  expect([code, details.node, details.attempts]).toEqual(["rpc_unavailable", `127.0.0.1:${port}`, 8]);
});

Deno.test("a node that hangs is left at the deadline and asked again; a late answer in time counts", () =>
  onStage(["hang"], async ({ chain, client, signature }) => {
    const node = client({ deadline: 60 });
    chain.faults.on("hang", { share: 0.5 });
    for (let call = 0; call < 6; call++) expect(await node.transaction(signature, "finalized")).not.toBeNull();
    chain.faults.on("hang", { share: 1, milliseconds: 20 });
    expect(await client({ deadline: 5_000 }).transaction(signature, "finalized")).not.toBeNull();
    chain.faults.on("hang", { share: 1 });
    const { code, details } = await refusalOf(node.transaction(signature, "finalized"));
    expect([code, details.problem]).toEqual(["rpc_unavailable", "no answer within 60 ms"]);
  }));

Deno.test("an answer that is cut is asked for again, and is no answer when it is always cut", () =>
  onStage(["cut"], async ({ chain, node }) => {
    const whole = await node.signatures(DEMO_PROGRAM, FINAL);
    chain.faults.on("cut", { share: 0.25 });
    for (let call = 0; call < 20; call++) expect(await node.signatures(DEMO_PROGRAM, FINAL)).toEqual(whole);
    chain.faults.on("cut", { share: 1 });
    expect((await refusalOf(node.signatures(DEMO_PROGRAM, FINAL))).code).toBe("rpc_unavailable");
  }));

Deno.test("row 33: a stale node is rpc_behind where a slot is needed, for accounts and for the slot", () =>
  onStage(["stale_slot"], async ({ chain, node }) => {
    const needed = await node.slot("finalized");
    chain.faults.on("stale_slot", { share: 1, slots: 40 });
    const asked = { ...FINAL, minContextSlot: needed };
    const { code, details } = await refusalOf(node.accounts([USDT_MINT], asked));
    expect([code, details.rpc_code, details.attempts]).toEqual(["rpc_behind", -32016, 3]);
    expect((await refusalOf(node.slot("finalized", needed))).code).toBe("rpc_behind");
    // Unasked, it is told which slot it is.
    expect((await node.accounts([USDT_MINT], FINAL)).slot).toBeLessThan(needed - 30);
    chain.faults.on("stale_slot", { share: 0.3, slots: 40 });
    for (let call = 0; call < 10; call++) {
      const { slot } = await node.accounts([USDT_MINT], asked).catch(() => ({ slot: needed }));
      expect(slot).toBeGreaterThanOrEqual(needed);
    }
  }));

Deno.test("row 33: a whole node that is behind is rpc_behind for its rows too", () =>
  onStage(["node_behind"], async ({ chain, node }) => {
    const needed = await node.slot("finalized");
    chain.faults.on("node_behind", { slots: 200 });
    const asked = { ...FINAL, minContextSlot: needed };
    expect((await refusalOf(node.signatures(DEMO_PROGRAM, asked))).code).toBe("rpc_behind");
    chain.waitSlots(260);
    expect((await node.signatures(DEMO_PROGRAM, asked)).length).toBeGreaterThan(30);
  }));

Deno.test("-32015 is asked again and never null; when it lasts it is rpc_version_unsupported", () =>
  onStage(["unsupported_version"], async ({ chain, node, signature }) => {
    chain.faults.on("unsupported_version", { share: 0.2 });
    const told = [];
    for (let call = 0; call < 40; call++) {
      told.push(await node.transaction(signature, "finalized").catch((error) => (error as VaultbookError).code));
    }
    expect(told).not.toContain(null);
    chain.faults.on("unsupported_version", { share: 1 });
    const { code, details } = await refusalOf(node.transaction(signature, "finalized"));
    expect([code, details.rpc_code, details.attempts]).toEqual(["rpc_version_unsupported", -32015, 3]);
  }));

Deno.test("a block that the node calls skipped is rpc_slot_missing, and one above its tip rpc_behind", () =>
  onStage(["skipped_slot", "no_transaction_index"], async ({ chain, node, signature }) => {
    const { slot } = chain.chain.record(chain.chain.size() - 1);
    chain.faults.on("no_transaction_index", { share: 1 });
    expect((await node.transaction(signature, "finalized"))?.transactionIndex).toBeNull();
    expect((await node.signatures(DEMO_PROGRAM, FINAL))[0]?.transactionIndex).toBeNull();
    expect((await node.block(slot, "finalized")).signatures).toContain(signature);
    expect((await refusalOf(node.block(slot + 9_999, "finalized"))).code).toBe("rpc_behind");
    chain.faults.on("skipped_slot", { share: 1 });
    const calls = chain.calls("getBlock");
    expect((await refusalOf(node.block(slot, "finalized"))).code).toBe("rpc_slot_missing");
    expect((await refusalOf(node.blockTime(slot))).code).toBe("rpc_slot_missing");
    expect(chain.calls("getBlock")).toBe(calls + 1);
  }));

Deno.test("rows 31 to 33: whatever a node does at once, an answer is the truth or an error", () => {
  const seed = chosenSeed();
  const faults: FaultName[] = ["rate_limited", "server_error", "hang", "cut", "stale_slot", "unsupported_version"];
  return onStage(faults, async ({ chain, client, signature }) => {
    const needed = chain.chain.tips().finalized;
    const node = client({ deadline: 40, random: createRandom(`mix ${seed}`).fraction });
    const asked = { ...FINAL, minContextSlot: needed };
    const questions = [
      (): Promise<unknown> => node.slot("finalized", needed),
      (): Promise<unknown> => node.signatures(DEMO_PROGRAM, asked),
      (): Promise<unknown> => node.transaction(signature, "finalized"),
      (): Promise<unknown> => node.accounts([...chain.chain.state().vaults.keys()], asked),
    ];
    const truth: unknown[] = [];
    for (const question of questions) truth.push(await question());
    chain.faults.on("rate_limited", { share: 0.2 });
    chain.faults.on("server_error", { share: 0.2 });
    chain.faults.on("hang", { share: 0.05 });
    chain.faults.on("cut", { share: 0.2 });
    chain.faults.on("stale_slot", { share: 0.3, slots: 40 });
    chain.faults.on("unsupported_version", { share: 0.3 });
    const codes = new Map<string, number>();
    await Promise.all(
      Array.from({ length: 200 }, async (_, call) => {
        const place = call % questions.length;
        const answer = await questions[place]?.().catch((error) => {
          if (!(error instanceof VaultbookError)) throw error;
          codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
          return truth[place];
        });
        expect([`seed ${seed}`, answer]).toEqual([`seed ${seed}`, truth[place]]);
      }),
    );
    const failed = [...codes.values()].reduce((sum, count) => sum + count, 0);
    expect([`seed ${seed}`, [...codes], failed < 60]).toEqual([`seed ${seed}`, [...codes], true]);
  });
});
