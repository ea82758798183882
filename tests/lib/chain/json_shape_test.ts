import process from "node:process";
import { expect } from "expect";
import { DEPTH_MAX, PARTS_MAX, readDelivery } from "@/lib/chain/delivery.ts";
import { exceededBound } from "@/lib/chain/json_shape.ts";
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
      const before = process.cpuUsage();
      const [only] = readDelivery(body, program);
      const { user, system } = process.cpuUsage(before);
      expect([levels, only]).toMatchObject([
        levels,
        { verdict: "quarantined", code: depth < DEPTH_MAX ? "malformed" : "too_deep" },
      ]);
      // Microseconds of the processor: whoever else works on the machine adds less to them than to the clock. 50 ms are the goal.
      if (depth > DEPTH_MAX) expect(user + system).toBeLessThan(300_000);
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

Deno.test("row 14: a body of nothing but brackets is quarantined before it takes memory, and one of many parts is read", () => {
  const item = JSON.stringify(rawTransaction({ logs: logOf(events.deposit(key("alice"), 5n, 5n)) })).slice(0, -1);
  const within = (parts: number, part: string): Uint8Array => bytes(`[${item},"x":[${`${part},`.repeat(parts)}0]}]`);
  const own = partsOf(JSON.parse(new TextDecoder().decode(within(0, ""))));
  for (const part of ["[]", "{}"]) {
    expect(readDelivery(within(PARTS_MAX - own, part), program)).toMatchObject([{ verdict: "read" }]);
    expect(readDelivery(within(PARTS_MAX - own + 1, part), program)).toMatchObject([{
      verdict: "quarantined",
      code: "too_many_parts",
    }]);
  }
  const before = Deno.memoryUsage().rss;
  for (const part of ["[],", "{},", '{"a":0},', "[[[[]]]],"]) {
    const body = bytes(`[${part.repeat(10_485_000 / part.length)}0]`);
    expect(readDelivery(body, program)).toMatchObject([{ code: "too_many_parts" }]);
  }
  expect(Deno.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
});

/** How many arrays and objects there are, this one included. */
function partsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + partsOf(part), 1);
}

Deno.test("exceededBound() draws the line to the level and to the part", () => {
  for (const depth of [1, 2, 7, DEPTH_MAX]) {
    for (const [open, close] of [["[", "]"], ['{"":', "}"]] as const) {
      const nested = (levels: number): string => `${open.repeat(levels)}${" ".repeat(depth)}1${close.repeat(levels)}`;
      const bound = (levels: number, parts: number): unknown => exceededBound(nested(levels), { depth, parts });
      expect([depth, bound(depth, depth), bound(depth + 1, depth + 1)]).toEqual([depth, null, "depth"]);
      const flat = `[${`${open}1${close},`.repeat(depth)}1]`;
      expect(exceededBound(flat, { depth: 2, parts: depth + 1 })).toBe(null);
      expect(exceededBound(flat, { depth: 2, parts: depth })).toBe("parts");
    }
  }
});

Deno.test("exceededBound() says of random JSON what the parsed value says, and takes text that is none", () => {
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
    const parts = partsOf(nested);
    for (let limit = 0; limit < 8; limit++) {
      expect([seed, json, limit, exceededBound(json, { depth: limit, parts: Infinity })])
        .toEqual([seed, json, limit, depth > limit ? "depth" : null]);
    }
    for (const [limit, exceeded] of [[parts, null], [parts - 1, "parts"]] as const) {
      const bound = json.length > depth && parts > 0 ? exceededBound(json, { depth, parts: limit }) : exceeded;
      expect([seed, json, limit, bound]).toEqual([seed, json, limit, exceeded]);
    }
    const cut = exceededBound(json.slice(Math.floor(dice.random() * json.length)), { depth: 1, parts: 2 });
    expect([null, "depth", "parts"]).toContain(cut);
  }
});
