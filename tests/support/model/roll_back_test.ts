import { expect } from "expect";
import { at, deposit, initialise, lock, transfer, withdrawal } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";
import { close, pause } from "./deeds.ts";
import { growing } from "./growing.ts";
import { linesOf, stateOf } from "./state.ts";
import { again } from "./step.ts";

const alice = key("alice");
const bob = key("bob");
const opening = at(1, [initialise(alice), initialise(bob)]);
const paid = at(2, [deposit(alice, 10n)]);
const moved = at(3, [transfer(alice, bob, 10n)]);
const NEGATIVE = "parked balance_would_be_negative";
const ROLLED_BACK = "ignored rolled_back";

Deno.test("rollBack() takes back a landing and all that lived on it, and it comes back with another landing", () => {
  const { take, lose, outcome, rows, vault } = growing();
  take(opening, paid, moved, at(4, [lock(bob, 4n)]));
  expect(lose(paid)).toBe(1);
  expect(["slot 2", "slot 3", "slot 4"].map(outcome)).toEqual([ROLLED_BACK, "parked", "parked"]);
  expect([vault(alice), vault(bob), rows(alice)]).toEqual(["active 0 0 0 0 0", "active 0 0 0 0 0", []]);
  expect(take(paid)).toEqual(["duplicate"]);
  expect(take(again(paid, 5))).toEqual(["applied"]);
  expect(outcome("slot 3")).toBe("parked");
  expect(take(again(paid, 7))).toEqual(["applied"]);
  expect(lose(again(paid, 7), again(paid, 5))).toBe(1);
  expect(take(again(paid, 1, 1))).toEqual(["applied"]);
  expect([vault(alice), vault(bob)]).toEqual(["active 0 0 0 10 0", "active 10 4 6 0 0"]);
});

Deno.test("receive() moves a transaction to a higher landing, and says so only where it moves", () => {
  const { take, lose, outcome } = growing();
  take(opening);
  expect(take(paid, again(paid, 1, 5), moved)).toEqual(["applied", "duplicate", "applied"]);
  expect(take(again(paid, 8))).toEqual(["applied"]);
  expect(outcome("slot 3")).toBe("parked");
  expect(take(again(moved, 7))).toEqual([NEGATIVE]);
  expect(take(again(moved, 6), again(moved, 7))).toEqual(["duplicate", "duplicate"]);
  expect(lose(again(paid, 8))).toBe(0);
  expect(outcome("slot 3")).toBe("applied");
});

Deno.test("receive() lets what stood stand where what it lives on moves, before what waits", () => {
  const { take, outcome } = growing();
  take(opening, paid, at(5, [withdrawal(alice, 10n)]));
  expect(take(at(4, [withdrawal(alice, 10n)]))).toEqual([NEGATIVE]);
  expect(take(again(paid, 3))).toEqual(["applied"]);
  expect(["slot 5", "slot 4"].map(outcome)).toEqual(["applied", "parked"]);
});

Deno.test("receive() refuses a landing that was lost before it was heard of, unless it is finalized", () => {
  const { take, takeFinalized, lose, outcome, vault } = growing();
  take(opening);
  expect(lose(paid)).toBe(0);
  expect(take(paid, paid)).toEqual([ROLLED_BACK, "duplicate"]);
  expect(vault(alice)).toBe("active 0 0 0 0 0");
  expect(takeFinalized(paid)).toEqual(["applied"]);
  expect(lose(paid)).toBe(0);
  expect(take(again(paid, 9))).toEqual(["duplicate"]);
  expect(outcome("slot 2")).toBe("applied");
});

Deno.test("receive() knows a signature by its content, wherever it lies and whatever was stated after it", () => {
  const { take, lose, outcome, model } = growing();
  take(opening, at(2, [deposit(alice, 10n, 10n)]));
  expect(take(again(at(2, [deposit(alice, 10n, 17n)]), 4))).toEqual(["applied"]);
  expect(take(again(at(2, [deposit(alice, 11n)]), 6))).toEqual(["conflict signature_has_other_content"]);
  expect(lose(again(paid, 6))).toBe(0);
  expect(model().entries.get(signature("slot 2"))?.landing?.slot).toBe(4);
  expect(lose(again(paid, 4), paid)).toBe(1);
  expect(take(again(at(2, [deposit(alice, 11n)]), 6))).toEqual(["conflict signature_has_other_content"]);
  expect(outcome("slot 2")).toBe(ROLLED_BACK);
});

Deno.test("rollBack() takes back what has no rows: openings, failed ones, pauses, and what waits", () => {
  const { take, lose, outcome, rows, vault, model } = growing();
  const failed = at(4, [lock(alice, 1n)], { failed: true });
  const waiting = at(6, [withdrawal(bob, 1n)]);
  const said = at(5, [pause(true), pause(true, bob), close(alice)]);
  take(opening, failed, said, waiting);
  expect([vault(alice), vault(bob), rows(alice)]).toEqual(["closed 0 0 0 0 0", "paused 0 0 0 0 0", [
    "lock failed 1 0 0",
  ]]);
  expect(lose(said, waiting)).toBe(2);
  expect([vault(alice), vault(bob), outcome("slot 6")]).toEqual(["active 0 0 0 0 0", "active 0 0 0 0 0", ROLLED_BACK]);
  expect(lose(failed)).toBe(1);
  expect([rows(alice), outcome("slot 4")]).toEqual([[], ROLLED_BACK]);
  expect(take(again(failed, 7))).toEqual(["failed"]);
  expect(lose(opening)).toBe(1);
  expect([vault(alice), rows(alice), outcome("slot 4")]).toEqual(["closed 0 0 0 0 0", [], "failed vault_unknown"]);
  expect(stateOf(model()).changes).toEqual([]);
});

Deno.test("rollBack() leaves the model that it is given as it was", () => {
  const { take, lose, model } = growing();
  take(opening, paid, moved);
  const [before, lines] = [model(), linesOf(stateOf(model()))];
  lose(paid, opening);
  expect(linesOf(stateOf(before))).toEqual(lines);
});
