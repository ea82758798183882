import { expect } from "expect";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { deposit, donation, failure, trader, truncated } from "@/tests/support/odd_transactions.ts";
import { ask, onNode, result, rows } from "./support/demo_node.ts";

Deno.test("getBlock() knows the blocks of its commitment only, and refuses what the demo does not hold", () =>
  onNode(null, async (node) => {
    const { processed, confirmed, finalized } = node.chain.tips();
    const config = { transactionDetails: "signatures", rewards: false };
    expect(processed - confirmed).toBeGreaterThanOrEqual(2);
    expect(await result(node, "getBlock", finalized, config)).toMatchObject({
      blockTime: node.chain.calendar.timeOf(finalized),
      parentSlot: node.chain.calendar.blockNotAfter(finalized - 1),
    });
    expect((await ask(node, "getBlock", confirmed, config)).error).toMatchObject({ code: -32004 });
    expect((await ask(node, "getBlock", confirmed, { ...config, commitment: "confirmed" })).error).toBeUndefined();
    for (const commitment of ["processed", "recent"]) {
      expect((await ask(node, "getBlock", finalized, { ...config, commitment })).error).toMatchObject({ code: -32602 });
    }
    expect((await ask(node, "getBlock", finalized)).error).toMatchObject({ code: -32602 });
  }));

Deno.test("a transaction is processed, then confirmed, then final, and each method says so", () =>
  onNode(null, async (node) => {
    const signature = node.send(deposit(trader(node), 5n));
    const status = async (): Promise<unknown> => {
      const answer = await result<{ value: ({ confirmationStatus: string } | null)[] }>(
        node,
        "getSignatureStatuses",
        [signature],
      );
      return answer.value[0]?.confirmationStatus;
    };
    const isShown = async (commitment: string): Promise<boolean> => {
      const options = { commitment, maxSupportedTransactionVersion: 1 };
      const isRow = (await rows(node, { commitment, limit: 5 })).some((row) => row.signature === signature);
      expect(await result(node, "getTransaction", signature, options) !== null).toBe(isRow);
      return isRow;
    };
    expect([await status(), await isShown("confirmed"), await isShown("finalized")]).toEqual([
      "processed",
      false,
      false,
    ]);
    node.waitSlots(6);
    expect([await status(), await isShown("confirmed"), await isShown("finalized")]).toEqual([
      "confirmed",
      true,
      false,
    ]);
    node.waitUntilFinal();
    expect([await status(), await isShown("confirmed"), await isShown("finalized")]).toEqual(["finalized", true, true]);
  }));

Deno.test("donations, failures and truncated logs lie on the chain as a node and the webhook show them", () =>
  onNode(null, async (node) => {
    const owner = trader(node);
    const { address, tokenAccount } = node.chain.book.vaultOf(owner);
    const total = (): bigint | undefined => node.chain.state().vaults.get(address)?.total;
    const before = total();
    const [given, failed, cut] = [
      donation(node, owner, 77n),
      failure(owner, 5n),
      truncated(owner, 9n),
    ].map((draft) => node.send(draft));
    node.waitUntilFinal();
    const logs = async (signature: string | undefined): Promise<string[]> => {
      const options = { maxSupportedTransactionVersion: 1 };
      const told = await result<{ meta: { err: unknown; logMessages: string[] } }>(
        node,
        "getTransaction",
        signature,
        options,
      );
      expect(told.meta.err !== null).toBe(signature === failed);
      const item = node.posted().find(({ item }) => item.transaction.signatures[0] === signature)?.item;
      expect(item?.meta.logMessages).toEqual(told.meta.logMessages);
      return told.meta.logMessages;
    };
    expect((await logs(given)).join("\n")).not.toContain(DEMO_PROGRAM);
    expect((await logs(failed)).filter((line) => line.startsWith("Program data:")).length).toBe(1);
    const cutLog = await logs(cut);
    expect(cutLog).toContain("Log truncated");
    expect(cutLog.join("").length).toBeLessThan(10_000 + "Log truncated".length);
    expect(cutLog.filter((line) => line.startsWith("Program data:")).length).toBe(1);
    expect(total()).toBe((before ?? 0n) + 9n);
    expect((node.chain.state().tokens.get(tokenAccount)?.amount ?? 0n) - (total() ?? 0n)).toBeGreaterThanOrEqual(77n);
  }));
