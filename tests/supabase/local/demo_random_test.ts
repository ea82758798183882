import { expect } from "expect";
import { createRandom } from "@/supabase/local/demo/random.ts";

Deno.test("createRandom() gives the same stream for the same seed, on every machine", () => {
  const random = createRandom("vaultbook");
  const drawn = [random.next(), random.next(), random.next()];
  // Pinned: another stream would be another history, which a chain on disk could not be continued with.
  expect(drawn).toEqual([3209666837, 3817595574, 486624651]);
  expect(createRandom("vaultbook").bytes(8)).toEqual(createRandom("vaultbook").bytes(8));
  expect(createRandom("other").next()).not.toBe(drawn[0]);
});

Deno.test("createRandom() stays within its bounds and reaches them", () => {
  const random = createRandom("bounds");
  const drawn = Array.from({ length: 2000 }, () => random.between(3, 7));
  expect(new Set(drawn)).toEqual(new Set([3, 4, 5, 6, 7]));
  const fractions = Array.from({ length: 2000 }, () => random.fraction());
  expect(fractions.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(Math.abs(fractions.reduce((sum, value) => sum + value, 0) / 2000 - 0.5)).toBeLessThan(0.03);
});

Deno.test("createRandom() draws by weight and never what weighs nothing", () => {
  const random = createRandom("weights");
  const drawn = Array.from({ length: 4000 }, () => random.weighted([["often", 3], ["never", 0], ["seldom", 1]]));
  const often = drawn.filter((entry) => entry === "often").length;
  expect(drawn).not.toContain("never");
  expect(often / 4000).toBeGreaterThan(0.7);
  expect(often / 4000).toBeLessThan(0.8);
  expect(() => random.weighted([["never", 0]])).toThrow(RangeError);
  expect(() => random.pick([])).toThrow(RangeError);
});
