import { expect } from "expect";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, deposit, initialise, lock, transfer, unlock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";
import { as } from "./deeds.ts";
import { growing } from "./growing.ts";
import { emptyModel, receive } from "./model.ts";
import { linesOf, stateOf } from "./state.ts";

const alice = key("alice");
const bob = key("bob");
const carol = key("carol");
const MOST = 2n ** 63n - 1n;

Deno.test("receive() shows rows, counterparties and reasons as the chain's description has them", () => {
  const { take, model, rows } = growing();
  take(at(1, [initialise(alice), initialise(bob)]), at(2, [deposit(alice, 100n), lock(alice, 30n)]));
  take(at(3, [transfer(alice, bob, 40n, "Liquidation"), transfer(bob, alice, 1n, "FeeCollection")]));
  take(at(4, [withdrawal(bob, 500n), unlock(alice, 7n), transfer(alice, bob, 9n)], { failed: true }));
  expect(rows(alice)).toEqual([
    "deposit confirmed 100 0 100",
    "lock confirmed 30 100 70",
    "transfer_out confirmed 40 100 60",
    "transfer_in confirmed 1 60 61",
    "unlock failed 7 61 61",
    "transfer_out failed 9 61 61",
  ]);
  expect(rows(bob)).toEqual(["transfer_in confirmed 40 0 40", "fee confirmed 1 40 39", "withdrawal failed 500 39 39"]);
  const told = stateOf(model()).vaults.flatMap(({ rows }) => rows).filter(({ note }) => note !== null)
    .map(({ type, counterparty, note }) => [type, counterparty, note]);
  expect(told).toEqual(expect.arrayContaining([
    ["transfer_out", bob, "Liquidation"],
    ["transfer_in", alice, "Liquidation"],
    ["fee", alice, "FeeCollection"],
    ["transfer_in", bob, "FeeCollection"],
    ["transfer_out", bob, "Settlement"],
  ]));
});

Deno.test("receive() settles what comes together, and what waits, together", () => {
  const { take, outcome } = growing();
  expect(take(at(3, [withdrawal(alice, 5n)]), at(2, [deposit(alice, 5n)]), at(1, [initialise(alice)])))
    .toEqual(["applied", "applied", "applied"]);
  expect(take(at(9, [withdrawal(alice, 5n)]), at(9, [withdrawal(alice, 5n)])))
    .toEqual(["parked balance_would_be_negative", "duplicate"]);
  expect(take(at(8, [deposit(alice, 4n)]))).toEqual(["applied"]);
  expect(outcome("slot 9")).toBe("parked");
  expect(take(at(7, [deposit(alice, 1n)]))).toEqual(["applied"]);
  expect(outcome("slot 9")).toBe("applied");
});

Deno.test("receive() finds a group that is possible only together, beside one that never will be", () => {
  const { take, outcome } = growing();
  take(at(1, [initialise(alice), initialise(bob), deposit(alice, 10n)]), at(9, [withdrawal(alice, 10n)]));
  expect(take(at(3, [transfer(alice, bob, 10n)]), at(2, [withdrawal(alice, 11n)]), at(5, [withdrawal(bob, 1n)])))
    .toEqual(Array(3).fill("parked balance_would_be_negative"));
  expect(take(at(4, [transfer(bob, alice, 10n)]))).toEqual(["applied"]);
  expect([outcome("slot 3"), outcome("slot 2"), outcome("slot 5")])
    .toEqual(["applied", "parked", "parked"]);
});

Deno.test("receive() searches where taking out the last that joined leads nowhere", () => {
  const { take, outcome } = growing();
  take(at(1, [initialise(alice), initialise(bob), deposit(alice, 10n)]), at(9, [withdrawal(alice, 10n)]));
  // Without slot 2, what goes out in slot 3 is back in time; yet slot 3 is the last to take what slot 9 lacks.
  expect(take(at(2, [withdrawal(alice, 6n)]), at(3, [transfer(alice, bob, 4n)]), at(4, [transfer(bob, alice, 4n)])))
    .toEqual(["parked balance_would_be_negative", "applied", "applied"]);
  expect(take(at(8, [deposit(alice, 6n)]))).toEqual(["applied"]);
  expect(outcome("slot 2")).toBe("applied");
});

Deno.test("receive() keeps the first content of a signature, and counts both", () => {
  const { take, model } = growing();
  take(at(1, [initialise(alice)]), at(2, [deposit(alice, 10n)]));
  expect(take(at(2, [deposit(alice, 11n)]), at(2, [deposit(alice, 10n)]), at(2, [deposit(alice, 11n)])))
    .toEqual(["conflict signature_has_other_content", "duplicate", "conflict signature_has_other_content"]);
  expect(take(at(2, [deposit(alice, 10n)], { failed: true }))).toEqual(["conflict signature_has_other_content"]);
  expect(stateOf(model()).vaults[0]?.balances.total).toBe(10n);
  expect(model().entries.get(signature("slot 2"))?.seen).toBe(2);
  take(at(3, [deposit(alice, 1n)]), at(3, [deposit(alice, 11n)]));
  expect(model().conflicts.map(({ seen }) => seen)).toEqual([2, 1, 1]);
});

Deno.test("receive() quarantines what a balance cannot hold, and lets wait what names another owner", () => {
  const { take, outcome } = growing();
  take(at(1, [initialise(alice)]), at(2, [deposit(alice, 1n)]));
  expect(take(at(3, [deposit(alice, MOST)]))).toEqual(["quarantined amount_out_of_range"]);
  expect(take(at(4, [deposit(alice, MOST + 1n)], { failed: true }))).toEqual(["quarantined amount_out_of_range"]);
  take(at(1, [initialise(bob), deposit(bob, MOST)], { name: "bob" }));
  expect(take(at(8, [transfer(bob, alice, MOST)]))).toEqual(["quarantined amount_out_of_range"]);
  expect(take(at(8, [transfer(bob, alice, MOST - 1n)], { name: "less" }))).toEqual(["applied"]);
  expect(take(at(9, [transfer(alice, bob, 1n)]))).toEqual(["applied"]);
  expect(take(at(5, [as(bob, deposit(alice, 1n))]))).toEqual(["parked vault_of_another_owner"]);
  expect(take(at(6, [as(bob, deposit(carol, 1n))]))).toEqual(["parked vault_unknown"]);
  expect(take(at(7, [as(null, lock(alice, 1n))]))).toEqual(["applied"]);
  expect(take(at(1, [initialise(carol)], { name: "carol" }))).toEqual(["applied"]);
  expect(take(at(6, [as(bob, deposit(carol, 1n))]))).toEqual(["duplicate"]);
  expect(outcome("slot 6")).toBe("parked");
});

Deno.test("receive() lets a failed one wait whole for its vaults, without a row", () => {
  const { take, outcome, rows } = growing();
  take(at(1, [initialise(alice)]));
  const failed = (slot: number, ...events: Unplaced[]): ChainTransaction => at(slot, events, { failed: true });
  expect(take(failed(2, transfer(bob, alice, 3n), withdrawal(alice, 1n)))).toEqual(["failed vault_unknown"]);
  expect(take(failed(3, transfer(alice, bob, 3n)))).toEqual(["failed vault_unknown"]);
  expect(take(failed(4, initialise(bob), lock(alice, 4n)))).toEqual(["failed"]);
  expect(rows(alice)).toEqual(["lock failed 4 0 0"]);
  take(at(1, [initialise(bob)], { name: "bob" }));
  expect(rows(alice)).toEqual(["withdrawal failed 1 0 0", "transfer_out failed 3 0 0", "lock failed 4 0 0"]);
  expect(rows(bob)).toEqual(["transfer_out failed 3 0 0"]);
  expect([outcome("slot 2"), outcome("slot 3")]).toEqual(["failed", "failed"]);
});

Deno.test("receive() passes on what could not be read, and takes it up when it can be", () => {
  const { take, model, outcome } = growing();
  const place = { signature: signature("slot 2"), slot: 2, transactionIndex: 0 };
  const short: ChainTransaction = { ...place, verdict: "parked", code: "log_truncated", reason: "x" };
  take(at(1, [initialise(alice)]));
  expect(take({ verdict: "quarantined", code: "malformed", reason: "x" })).toEqual(["quarantined malformed"]);
  expect(take({ verdict: "ignored", code: "other_program", reason: "x", signature: signature("other") }))
    .toEqual(["ignored other_program"]);
  expect(take(short, short)).toEqual(["parked log_truncated", "duplicate"]);
  expect(take(at(2, [deposit(alice, 5n)]))).toEqual(["applied"]);
  expect(take(short)).toEqual(["duplicate"]);
  expect([outcome("slot 2"), model().entries.get(signature("slot 2"))?.seen]).toEqual(["applied", 4]);
});

Deno.test("receive() leaves the model that it is given as it was", () => {
  const { model } = receive(emptyModel(), [at(1, [initialise(alice)]), at(3, [withdrawal(alice, 1n)])]);
  const before = linesOf(stateOf(model));
  receive(model, [at(2, [deposit(alice, 1n)]), at(1, [initialise(alice)])]);
  expect(linesOf(stateOf(model))).toEqual(before);
});

Deno.test("receive() throws a RangeError at what the model leaves out", () => {
  const { take } = growing();
  take(at(1, [initialise(alice)]));
  expect(() => take({ ...at(3, []), transactionIndex: null } as ChainTransaction)).toThrow(RangeError);
});
