/**
 * What a node says in good faith or not, and what a second one says to it.
 *
 * @module
 */
import { expect } from "expect";
import type { SolanaNode } from "@/lib/chain/rpc.ts";
import { askBoth } from "@/lib/chain/rpc_agreement.ts";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { createRandom } from "@/supabase/local/demo/random.ts";
import { fork } from "@/tests/support/fork.ts";
import { FINAL, onStage } from "./support/rpc_stage.ts";

Deno.test("row 34: one node's wrong balance differs from another's, and the truth agrees", () =>
  onStage(["wrong_balance"], async ({ chain, node, client }) => {
    const honest = chain.another("honest");
    const nodes = [node, client({ url: honest.url })] as const;
    const [vault] = chain.chain.state().vaults.values();
    const ask = async (each: SolanaNode): Promise<unknown> => (
      (await each.accounts([vault?.address ?? "", vault?.tokenAccount ?? ""], FINAL)).value
    );
    expect((await askBoth(nodes, ask)).verdict).toBe("agreed");
    chain.faults.on("wrong_balance", { address: vault?.tokenAccount ?? "", by: 1n });
    expect((await askBoth(nodes, ask)).verdict).toBe("differed");
    honest.faults.on("rate_limited", { share: 1 });
    const silent = await askBoth(nodes, ask);
    expect(silent.verdict === "unknown" && silent.errors.map(({ code, details }) => [code, details.node]))
      .toEqual([["rpc_rate_limited", nodes[1].node]]);
    await expect(askBoth([node, node], ask)).rejects.toThrow("both are");
    const mistake = (): Promise<unknown> => Promise.reject(new RangeError("ours"));
    await expect(askBoth(nodes, mistake)).rejects.toThrow(RangeError);
  }));

Deno.test("row 34: a transaction that one node does not know differs, and is no absence", () =>
  onStage(["missing_transaction"], async ({ chain, node, client, signature }) => {
    const nodes = [node, client({ url: chain.another("honest").url })] as const;
    chain.faults.on("missing_transaction", { share: 1 });
    const said = await askBoth(nodes, async (each) => (await each.transaction(signature, "finalized"))?.slot ?? null);
    expect(said).toEqual({ verdict: "differed", values: [null, chain.chain.record(chain.chain.size() - 1).slot] });
  }));

Deno.test("row 35: an unknown until, rows out of order in a slot and missing rows come through as the node tells them", () =>
  onStage(["unknown_until", "order_in_slot", "missing_rows"], async ({ chain, node }) => {
    chain.trade(12, 0);
    chain.waitUntilFinal();
    const all = await node.signatures(DEMO_PROGRAM, FINAL);
    const until = all[3]?.signature ?? "";
    expect((await node.signatures(DEMO_PROGRAM, { ...FINAL, until })).length).toBe(3);
    chain.faults.on("unknown_until", { share: 1 });
    expect((await node.signatures(DEMO_PROGRAM, { ...FINAL, until })).length).toBe(all.length);
    chain.faults.on("order_in_slot", { share: 1 });
    const other = await node.signatures(DEMO_PROGRAM, FINAL);
    expect(other).not.toEqual(all);
    expect(other.map(({ slot }) => slot)).toEqual(all.map(({ slot }) => slot));
    chain.faults.on("missing_rows", { share: 0.5 });
    expect((await node.signatures(DEMO_PROGRAM, FINAL)).length).toBeLessThan(all.length);
  }));

Deno.test("rows 7 and 8: a fork shows at confirmed, never at finalized, and its statuses tell what became of it", () =>
  onStage([], async ({ chain, node }) => {
    const random = createRandom("rpc forks");
    const { dropped } = fork(chain, { slots: 31, transactions: 8, lands: 0.5, random });
    const signatures = dropped.map(({ signature }) => signature);
    const slots = async (): Promise<(number | null)[]> => (
      (await node.statuses(signatures)).value.map((status) => status?.slot ?? null)
    );
    expect(await slots()).toEqual(dropped.map(({ again }) => again));
    chain.waitUntilFinal();
    for (const { signature, again } of dropped) {
      expect((await node.transaction(signature, "finalized"))?.slot ?? null).toBe(again);
    }
    expect([dropped.some(({ again }) => again === null), dropped.some(({ again }) => again !== null)])
      .toEqual([true, true]);
  }));
