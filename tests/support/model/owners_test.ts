import { expect } from "expect";
import { at, deposit, initialise, lock, transfer, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { as, close, inVaultOf, pause } from "./deeds.ts";
import { growing } from "./growing.ts";
import { stateOf } from "./state.ts";

const alice = key("alice");
const bob = key("bob");
const carol = key("carol");
const ANOTHER = "parked vault_of_another_owner";
/** Opens the address that is alice's for bob. */
const taking = inVaultOf(alice, initialise(bob));

Deno.test("receive() gives each place of an address to whoever opened it last, and what comes before all to the first", () => {
  const { take, rows, model } = growing();
  take(at(1, [initialise(carol), deposit(carol, 20n)]), at(4, [initialise(alice)]), at(7, [taking]));
  const into = (slot: number): ReturnType<typeof at> => at(slot, [transfer(carol, alice, BigInt(slot))]);
  expect(take(into(2), into(5), into(8))).toEqual(["applied", "applied", "applied"]);
  expect(rows(alice)).toEqual(["transfer_in confirmed 2 0 2", "transfer_in confirmed 5 2 7"]);
  expect(rows(bob)).toEqual(["transfer_in confirmed 8 0 8"]);
  const others = stateOf(model()).vaults.find(({ owner }) => owner === carol)?.rows.map(({ counterparty }) =>
    counterparty
  );
  expect(others).toEqual([null, alice, alice, bob]);
});

Deno.test("receive() lets an event wait that names another than the owner of its place", () => {
  const { take, outcome } = growing();
  take(at(1, [initialise(alice)]));
  expect(take(at(5, [inVaultOf(alice, deposit(bob, 2n))]), at(6, [as(bob, close(alice))]))).toEqual([ANOTHER, ANOTHER]);
  expect(take(at(8, [deposit(alice, 1n)]))).toEqual(["applied"]);
  expect(take(at(4, [taking]))).toEqual(["applied"]);
  expect(["slot 5", "slot 6", "slot 8"].map(outcome)).toEqual(["applied", "applied", "parked"]);
  expect(take(at(7, [initialise(alice)]))).toEqual(["applied"]);
  expect(["slot 5", "slot 6", "slot 8"].map(outcome)).toEqual(["applied", "applied", "applied"]);
});

Deno.test("receive() shows what failed to whoever owned the address then, if it was he who tried", () => {
  const { take, rows, outcome } = growing();
  const tried = at(5, [withdrawal(alice, 1n), as(null, lock(alice, 2n)), transfer(alice, carol, 3n)], { failed: true });
  take(at(1, [initialise(alice), initialise(carol)]), tried);
  expect(rows(alice)).toEqual(["withdrawal failed 1 0 0", "lock failed 2 0 0", "transfer_out failed 3 0 0"]);
  take(at(4, [taking]));
  expect([rows(alice), rows(bob)]).toEqual([[], ["lock failed 2 0 0", "transfer_out failed 3 0 0"]]);
  expect(outcome("slot 5")).toBe("failed");
});

Deno.test("receive() takes back what the former owner's collateral paid for, when the address turns out to be another's", () => {
  const { take, outcome, vault } = growing();
  take(at(1, [initialise(alice), initialise(carol)]), at(2, [deposit(alice, 10n)]));
  expect(take(at(6, [transfer(alice, carol, 7n)]), at(7, [withdrawal(carol, 7n)]))).toEqual(["applied", "applied"]);
  expect(take(at(4, [taking]))).toEqual(["applied"]);
  expect(["slot 6", "slot 7"].map(outcome)).toEqual(["parked", "parked"]);
  expect([vault(alice), vault(bob)]).toEqual(["closed 10 0 10 10 0", "active 0 0 0 0 0"]);
  expect(take(at(5, [inVaultOf(alice, deposit(bob, 7n))]))).toEqual(["applied"]);
  expect([vault(alice), vault(bob), vault(carol)])
    .toEqual(["closed 10 0 10 10 0", "active 0 0 0 7 0", "active 0 0 0 0 7"]);
});

Deno.test("receive() opens no address for another with what cannot stand", () => {
  const { take, vault } = growing();
  take(at(1, [initialise(alice), initialise(carol)]), at(6, [deposit(alice, 1n)]));
  expect(take(at(4, [taking, withdrawal(carol, 3n)]))).toEqual(["parked balance_would_be_negative"]);
  expect([vault(alice), vault(bob)]).toEqual(["active 1 0 1 1 0", undefined]);
  expect(take(at(2, [deposit(carol, 3n)]))).toEqual(["applied"]);
  expect([vault(alice), vault(bob)]).toEqual(["closed 0 0 0 0 0", "active 0 0 0 0 0"]);
});

Deno.test("receive() lets the earlier of two openings stand, whichever of them is heard of first", () => {
  const later = at(5, [taking, withdrawal(carol, 1n)]);
  const earlier = at(3, [inVaultOf(carol, initialise(key("dave")))]);
  const living = at(8, [inVaultOf(alice, deposit(bob, 7n))]);
  for (const order of [[later, living, earlier], [earlier, living, later], [living, later, earlier]]) {
    const { take, outcome, vault } = growing();
    take(at(1, [initialise(alice), initialise(carol)]), at(2, [deposit(carol, 1n)]));
    for (const transaction of order) take(transaction);
    expect(["slot 3", "slot 5", "slot 8"].map(outcome)).toEqual(["applied", "parked", "parked"]);
    expect([vault(alice), vault(carol)]).toEqual(["active 0 0 0 0 0", "closed 1 0 1 1 0"]);
  }
});

Deno.test("receive() gives nobody a second vault", () => {
  const { take, vault } = growing();
  take(at(1, [initialise(alice), initialise(carol)]));
  expect(take(at(2, [inVaultOf(carol, initialise(alice))]))).toEqual(["parked vault_unknown"]);
  expect([vault(alice), vault(carol)]).toEqual(["active 0 0 0 0 0", "active 0 0 0 0 0"]);
});

const STATUSES: readonly (readonly [string, readonly Unplaced[], string, string | undefined])[] = [
  ["nothing but its beginning", [], "active", undefined],
  ["closed", [close(alice)], "closed", undefined],
  ["closed by nobody in particular", [as(null, close(alice))], "closed", undefined],
  ["paused", [pause(true, alice)], "paused", undefined],
  ["paused and resumed", [pause(true, alice), pause(false, alice)], "active", undefined],
  ["the protocol paused", [pause(true)], "active", undefined],
  ["opened again", [close(alice), initialise(alice)], "active", undefined],
  ["paused, then opened again", [pause(true, alice), initialise(alice)], "active", undefined],
  ["paused, then closed", [pause(true, alice), close(alice)], "closed", undefined],
  ["a deposit after the close", [close(alice), deposit(alice, 1n)], "closed", undefined],
  ["another's now", [taking], "closed", "active"],
  ["another's, and paused", [taking, pause(true, alice)], "closed", "paused"],
  ["paused, then another's", [pause(true, alice), taking], "closed", "active"],
  ["another's, and back", [taking, initialise(alice)], "active", "closed"],
  ["another's, back, and closed", [taking, initialise(alice), close(alice)], "closed", "closed"],
];

for (const [name, events, own, others] of STATUSES) {
  Deno.test(`statusOf() goes by the last change that concerns a vault: ${name}`, () => {
    const transactions = events.map((event, number) => at(2 + number, [event]));
    for (const told of [transactions, transactions.toReversed()]) {
      const { take, vault } = growing();
      take(at(1, [initialise(alice)]));
      take(at(30, [initialise(alice)], { failed: true }), at(31, [close(alice)], { failed: true }));
      take(at(32, [pause(true, alice), lock(alice, 1n)], { failed: true }));
      for (const transaction of told) expect(take(transaction)).toEqual(["applied"]);
      expect([vault(alice)?.split(" ")[0], vault(bob)?.split(" ")[0]]).toEqual([own, others]);
    }
  });
}
