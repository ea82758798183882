import assert from "node:assert/strict";
import { AMOUNT_MAX, isAmount } from "@/lib/domain/amount.ts";

Deno.test("isAmount() takes what a bigint column holds and nothing beyond", () => {
  assert.equal(AMOUNT_MAX, 9_223_372_036_854_775_807n);
  for (const amount of [0n, 1n, 2n ** 53n + 1n, AMOUNT_MAX]) assert.equal(isAmount(amount), true);
  for (const amount of [-1n, AMOUNT_MAX + 1n, 2n ** 64n - 1n]) assert.equal(isAmount(amount), false);
});
