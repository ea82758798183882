import { expect } from "expect";
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { type DemoChain, openDemoChain } from "@/supabase/local/demo/chain.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { openTestChain, START } from "./support/demo_chain.ts";

/** Everything that the chain ever told, as text. */
function history(chain: DemoChain): string[] {
  return Array.from({ length: chain.size() }, (_, number) => JSON.stringify(rawItem(chain.render(number))));
}

Deno.test("openDemoChain() tells the identical history after a restart, and goes on as if there had been none", () => {
  const stopped = openTestChain({ count: 150 });
  const running = openTestChain({ count: 150 });
  try {
    const before = history(stopped.chain());
    const state = stopped.chain().state();
    stopped.reopen();
    expect(history(stopped.chain())).toEqual(before);
    expect(stopped.chain().state()).toEqual(state);
    stopped.grow(50);
    running.grow(50);
    expect(history(stopped.chain())).toEqual(history(running.chain()));
    expect(Deno.readTextFileSync(stopped.path)).toBe(Deno.readTextFileSync(running.path));
  } finally {
    stopped.close();
    running.close();
  }
});

Deno.test("openDemoChain() tells another history from another seed", () => {
  const one = openTestChain({ count: 20, seed: "one" });
  const two = openTestChain({ count: 20, seed: "two" });
  try {
    const signatures = (chain: DemoChain): unknown[] => history(chain).map((text) => JSON.parse(text).transaction);
    expect(signatures(one.chain())).not.toEqual(signatures(two.chain()));
  } finally {
    one.close();
    two.close();
  }
});

Deno.test("openDemoChain() survives a line torn by kill -9, at whichever byte", () => {
  const chain = openTestChain({ count: 21 });
  try {
    const whole = Deno.readFileSync(chain.path);
    const last = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
    const full = history(chain.chain());
    for (let cut = last; cut < whole.length; cut += 7) {
      Deno.writeFileSync(chain.path, whole.slice(0, cut));
      expect(history(chain.reopen())).toEqual(full.slice(0, 20));
      expect(Deno.statSync(chain.path).size).toBe(last);
    }
    chain.grow(1);
    chain.reopen();
    expect(chain.chain().size()).toBe(21);
    expect(JSON.parse(history(chain.chain())[20] ?? "").transaction.signatures)
      .toEqual(JSON.parse(full[20] ?? "").transaction.signatures);
  } finally {
    chain.close();
  }
});

Deno.test("openDemoChain() refuses a damaged line, a file that is no log, and another chain's log", () => {
  const chain = openTestChain({ count: 3 });
  const options = { path: chain.path, seed: "test", program: DEMO_PROGRAM, mint: USDT_MINT, clock: () => START };
  try {
    expect(() => openDemoChain({ ...options, seed: "other" })).toThrow("its seed is test, not other");
    expect(() => openDemoChain({ ...options, mint: DEMO_PROGRAM })).toThrow("Cannot continue demo chain");
    const [header, first, ...rest] = Deno.readTextFileSync(chain.path).split("\n");
    Deno.writeTextFileSync(chain.path, [header, first?.slice(3), ...rest].join("\n"));
    expect(() => openDemoChain(options)).toThrow("line 2 is damaged");
    Deno.writeTextFileSync(chain.path, "hello\n");
    expect(() => openDemoChain(options)).toThrow("its first line is no header");
  } finally {
    chain.close();
  }
});

Deno.test("append() keeps chain order even when the clock steps back", () => {
  const chain = openTestChain({ count: 5 });
  try {
    chain.wait(-60_000);
    chain.grow(5);
    const order = Array.from({ length: 10 }, (_, number) => {
      const { slot, index } = chain.chain().record(number);
      return slot * 1_000_000 + index;
    });
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(10);
  } finally {
    chain.close();
  }
});

Deno.test("the calendar skips whole turns, counts its blocks, and finalizes 32 slots later", () => {
  const test = openTestChain();
  try {
    const { calendar, genesis } = test.chain();
    const { slot: first } = genesis.first;
    const slots = Array.from({ length: 800 }, (_, offset) => first + offset);
    const skipped = slots.filter((slot) => calendar.isSkipped(slot));
    expect(skipped.length).toBe(40);
    const heights = slots.map((slot) => calendar.heightOf(slot));
    const grows = slots.slice(1).map((slot, place) => {
      const growth = (heights[place + 1] ?? 0) - (heights[place] ?? 0);
      return growth === (calendar.isSkipped(slot) ? 0 : 1);
    });
    expect(grows.every(Boolean)).toBe(true);
    test.wait(100_000);
    const { confirmed, finalized } = test.chain().tips();
    expect(confirmed).toBe(calendar.blockNotAfter(first + 250));
    expect(finalized).toBe(calendar.blockNotAfter(confirmed - 32));
    expect(calendar.timeOf(first + 250)).toBe(START / 1000 + 100);
  } finally {
    test.close();
  }
});

Deno.test("stateAfter() gives the state that was, between checkpoints too", () => {
  const test = openTestChain();
  try {
    const seen = [test.chain().state()];
    for (let made = 0; made < 140; made++) {
      test.grow(1);
      seen.push(test.chain().state());
    }
    for (const count of [0, 1, 63, 64, 65, 100, 128, 139, 140]) {
      expect(test.chain().stateAfter(count)).toEqual(seen[count]);
    }
  } finally {
    test.close();
  }
});
