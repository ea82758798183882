import { expect } from "expect";
import { DEPTH_MAX, readDelivery } from "@/lib/chain/delivery.ts";
import { nestsDeeperThan } from "@/lib/chain/json_depth.ts";
import { depthOf } from "@/tasks/fuzz/verdicts.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { bodyOf, events, key, logOf, rawTransaction } from "@/tests/support/raw_delivery.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";
import { program } from "@/tests/support/vault_program.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("row 15: a body from 10 to 5 000 000 levels deep is read or quarantined as too deep, and soon", () => {
  const shapes: [string, string, string][] = [["[", "", "]"], ['{"a":', "1", "}"], ['[ {"\\"]":', "[]", "}\n]"]];
  for (const [open, innermost, close] of shapes) {
    for (const depth of [10, 1_000, 9_000, 100_000, 1_000_000, 5_000_000]) {
      const [times, levels] = [depth / (open.startsWith("[ ") ? 2 : 1), depth];
      const body = bytes(`[${open.repeat(times)}${innermost}${close.repeat(times)}]`);
      const started = performance.now();
      const [only] = readDelivery(body, program);
      const took = performance.now() - started;
      expect([levels, only]).toMatchObject([
        levels,
        { verdict: "quarantined", code: depth < DEPTH_MAX ? "malformed" : "too_deep" },
      ]);
      // 50 ms are the goal; a machine with other things to do gets more.
      if (depth > DEPTH_MAX) expect(took).toBeLessThan(300);
      // Without their ends they are no JSON, and cost no more.
      const [cut] = readDelivery(bytes(`[${open.repeat(times)}`), program);
      expect(cut).toMatchObject({ code: depth < DEPTH_MAX ? "not_json" : "too_deep" });
    }
  }
});

Deno.test("row 15: brackets in strings are text, however many there are, and hide nothing", () => {
  const item = rawTransaction({
    logs: logOf(events.deposit(key("alice"), 5n, 5n)).toSpliced(1, 0, `Program log: ${"[{".repeat(20_000)}`),
  });
  expect(readDelivery(bodyOf(item), program)).toMatchObject([{ verdict: "read" }]);
  const disguised = bytes(`[${'["]}]}\\"]",'.repeat(DEPTH_MAX)}0${"]".repeat(DEPTH_MAX)}]`);
  expect(readDelivery(disguised, program)).toMatchObject([{ code: "too_deep" }]);
});

Deno.test("nestsDeeperThan() draws the line to the level", () => {
  for (const depth of [1, 2, 7, DEPTH_MAX]) {
    for (const [open, close] of [["[", "]"], ['{"":', "}"]] as const) {
      const nested = (levels: number): string => `${open.repeat(levels)}${" ".repeat(depth)}1${close.repeat(levels)}`;
      expect([depth, nestsDeeperThan(depth, nested(depth)), nestsDeeperThan(depth, nested(depth + 1))])
        .toEqual([depth, false, true]);
    }
  }
});

Deno.test("nestsDeeperThan() says of random JSON what the parsed value says, and takes text that is none", () => {
  const seed = chosenSeed();
  const dice = diceOf(generator(seed));
  const texts = ["", '"', "\\", '\\"', '\\\\"', "[", "]", "{", "}", "[}{]", "\\\\", '\\"[{', "\u2028💰", "Yy~_"];
  const text = (): string => Array.from({ length: dice.one([0, 1, 3, 8]) }, () => dice.one(texts)).join("");
  const value = (left: number): unknown => {
    if (left === 0 || dice.chance(0.3)) return dice.one([() => text(), () => 1.5e300, () => null, () => true])();
    const parts = Array.from({ length: dice.one([0, 1, 1, 3]) }, () => value(left - 1));
    return dice.chance(0.5) ? parts : Object.fromEntries(parts.map((part, i) => [`${text()}${i}`, part]));
  };
  for (let number = 0; number < 3_000; number++) {
    const nested = value(dice.one([0, 2, 6]));
    const [json, depth] = [JSON.stringify(nested, null, dice.one([0, 1])), depthOf(nested)];
    for (let limit = 0; limit < 8; limit++) {
      expect([seed, json, limit, nestsDeeperThan(limit, json)]).toEqual([seed, json, limit, depth > limit]);
    }
    expect(typeof nestsDeeperThan(1, json.slice(Math.floor(dice.random() * json.length)))).toBe("boolean");
  }
});
