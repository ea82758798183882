import { expect } from "expect";
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { type DemoChain, openDemoChain } from "@/supabase/local/demo/chain.ts";
import { createRandom } from "@/supabase/local/demo/random.ts";
import { draftOf } from "@/supabase/local/demo/record.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { openFaultyNode } from "@/tests/support/faulty_node.ts";
import { fork, FORK_SLOTS_MAX } from "@/tests/support/fork.ts";
import { chosenSeed } from "@/tests/support/seeded.ts";
import { openTestChain } from "./support/demo_chain.ts";

/** Everything that the chain tells, as text. */
function history(chain: DemoChain): string[] {
  return Array.from({ length: chain.size() }, (_, number) => JSON.stringify(rawItem(chain.render(number))));
}

Deno.test("drop() undoes what lies above a slot, as if it had never been, but uses no signature twice", () => {
  const [forked, straight] = [openTestChain({ count: 130 }), openTestChain({ count: 130 })];
  try {
    const chain = forked.chain();
    const before = history(chain);
    const { confirmed } = chain.tips();
    forked.grow(6);
    const known = history(chain);
    const dropped = chain.drop(confirmed);
    expect(dropped.length).toBe(6);
    expect(history(chain)).toEqual(before);
    expect([chain.size(), chain.state()]).toEqual([130, straight.chain().state()]);
    for (const { signatures, payer } of dropped) {
      expect(chain.find(signatures[0] ?? "")).toBeUndefined();
      expect(chain.naming(payer).every((number) => number < 130)).toBe(true);
    }
    expect(chain.naming(DEMO_PROGRAM)).toEqual(straight.chain().naming(DEMO_PROGRAM));
    forked.grow(6);
    const all = [...known, ...history(chain).slice(130)].map((text) => JSON.parse(text).transaction.signatures[0]);
    expect(new Set(all).size).toBe(142);
    for (const count of [0, 1, 64, 127, 128, 129, 130]) {
      expect(chain.stateAfter(count)).toEqual(straight.chain().stateAfter(count));
    }
  } finally {
    forked.close();
    straight.close();
  }
});

Deno.test("drop() refuses what is final, and a chain opened again has left the same forks", () => {
  const test = openTestChain({ count: 40 });
  try {
    const { confirmed, finalized } = test.chain().tips();
    expect(() => test.chain().drop(finalized - 1)).toThrow(`${finalized} is final`);
    test.grow(5);
    const [first] = test.chain().drop(confirmed);
    test.wait(2_000);
    if (first) test.chain().append(draftOf(first), undefined, first.signatures);
    const [before, state] = [history(test.chain()), test.chain().state()];
    test.reopen();
    expect(history(test.chain())).toEqual(before);
    expect(test.chain().state()).toEqual(state);
    expect(test.chain().record(40).signatures).toEqual(first?.signatures);
    expect(test.chain().record(40).slot).toBeGreaterThan(first?.slot ?? Infinity);
  } finally {
    test.close();
  }
});

Deno.test("openDemoChain() refuses a log whose fork line is damaged", () => {
  const test = openTestChain({ count: 3 });
  try {
    test.chain().drop(test.chain().tips().confirmed - 1);
    const options = { path: test.path, seed: "test", program: DEMO_PROGRAM, mint: USDT_MINT, clock: () => 0 };
    const log = Deno.readTextFileSync(test.path);
    Deno.writeTextFileSync(test.path, log.replace(/"dropped_above":\d+/, '"dropped_above":'));
    expect(() => openDemoChain(options)).toThrow("line 5 is damaged");
  } finally {
    test.close();
  }
});

Deno.test("fork(): of each length, what was confirmed and posted is gone, or lies in another slot", async () => {
  const seed = chosenSeed();
  const random = createRandom(`forks ${seed}`);
  const node = openFaultyNode({ seed: `forks ${seed}` });
  const ask = async <T>(method: string, ...params: unknown[]): Promise<T> => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    return (await (await fetch(node.url, { method: "POST", body })).json()).result;
  };
  try {
    node.trade(30);
    const all = [];
    for (let slots = 1; slots <= FORK_SLOTS_MAX; slots++) {
      const made = fork(node, { slots, transactions: 4, lands: 0.6, random });
      const posted = node.posted().map(({ item }) => `${item.transaction.signatures[0]} ${item.slot}`);
      expect([seed, slots, made.dropped.length, made.to - made.from + 1]).toEqual([seed, slots, 4, slots]);
      for (const { signature, slot, again } of made.dropped) {
        expect(slot >= made.from && slot <= made.to).toBe(true);
        expect(again === null || again > made.to).toBe(true);
        expect(posted).toContain(`${signature} ${slot}`);
        if (again !== null) expect(posted).toContain(`${signature} ${again}`);
      }
      all.push(...made.dropped);
      node.trade(2);
    }
    node.waitUntilFinal();
    type Status = { slot: number; confirmationStatus: string } | null;
    const asked = all.map(({ signature }) => signature);
    const { value } = await ask<{ value: Status[] }>("getSignatureStatuses", asked, { searchTransactionHistory: true });
    expect([seed, value.map((status) => status?.slot ?? null)]).toEqual([seed, all.map(({ again }) => again)]);
    const landed = all.filter(({ again }) => again !== null).length;
    expect([seed, landed > 20, all.length - landed > 20]).toEqual([seed, true, true]);
  } finally {
    await node.close();
  }
});

Deno.test("fork(): while it lasts it is confirmed to everybody and final to nobody", async () => {
  const node = openFaultyNode({ seed: "confirmed fork" });
  try {
    node.trade(30);
    const before = node.chain.size();
    // The chain is asked at the moment before the fork is dropped.
    const drop = node.chain.drop;
    let seen: { confirmed: boolean[]; finalized: boolean[] } | null = null;
    const watched = {
      ...node,
      chain: {
        ...node.chain,
        drop(slot: number): ReturnType<typeof drop> {
          const { confirmed, finalized } = node.chain.tips();
          const slots = Array.from(
            { length: node.chain.size() - before },
            (_, i) => node.chain.record(before + i).slot,
          );
          seen = {
            confirmed: slots.map((slot) => slot <= confirmed),
            finalized: slots.map((slot) => slot <= finalized),
          };
          return drop(slot);
        },
      },
    };
    fork(watched, { slots: FORK_SLOTS_MAX, transactions: 6, lands: 1, random: createRandom("confirmed fork") });
    expect(seen).toEqual({ confirmed: Array(6).fill(true), finalized: Array(6).fill(false) });
    expect(() => fork(node, { slots: 32, transactions: 1, lands: 1, random: createRandom("") })).toThrow("32 slots");
  } finally {
    await node.close();
  }
});
