import { expect } from "expect";
import { at, deposit, initialise, transfer, withdrawal } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";
import { inVaultOf } from "./deeds.ts";
import { unjustified } from "./implied.ts";
import { emptyModel, type Model } from "./model.ts";
import { type LedgerState, stateOf } from "./state.ts";
import { again, heard, lost, type Step } from "./step.ts";

const alice = key("alice");
const bob = key("bob");
const opening = at(1, [initialise(alice)]);
const paid = at(2, [deposit(alice, 10n)]);
const taken = at(3, [withdrawal(alice, 6n)]);
const takenToo = at(4, [withdrawal(alice, 6n)]);
const taking = at(5, [inVaultOf(alice, initialise(bob))]);

/** What a ledger would show that took these steps one by one. */
function after(...steps: readonly Step[]): Model {
  return steps.reduce(heard, emptyModel());
}

/** What is found in a ledger that shows this after these steps, and showed what it must before the last. */
function found(steps: readonly Step[], shown: (state: LedgerState) => LedgerState): string[] {
  const [from, to] = [after(...steps.slice(0, -1)), after(...steps)];
  return unjustified({ from: { model: from, shown: stateOf(from) }, to: { model: to, shown: shown(stateOf(to)) } })
    .map((line) => line.replace(/: \w{60,}.*/, ""));
}

/** The state with other outcomes, by the name of the signature. */
function told(outcomes: Record<string, string>): (state: LedgerState) => LedgerState {
  return (state) => ({
    ...state,
    outcomes: new Map([
      ...state.outcomes,
      ...Object.entries(outcomes).map(([name, outcome]) => [signature(name), outcome] as const),
    ]),
  });
}

Deno.test("unjustified() finds nothing where a ledger shows what it must", () => {
  for (
    const steps of [[[opening], [paid], [taken]], [[opening, paid, taken], lost(paid)], [[opening, paid], [taking]]]
  ) {
    expect(found(steps, (state) => state)).toEqual([]);
  }
});

Deno.test("unjustified() leaves the ledger its choice between what excludes each other", () => {
  const [mine, other] = [after([opening, paid], [taken], [takenToo]), after([opening, paid], [takenToo], [taken])];
  const from = after([opening, paid]);
  for (const shown of [mine, other].map(stateOf)) {
    expect(unjustified({ from: { model: from, shown: stateOf(from) }, to: { model: mine, shown } })).toEqual([]);
  }
});

Deno.test("unjustified() finds what is applied although it is impossible", () => {
  expect(found([[opening], [taken]], told({ "slot 3": "applied" }))).toEqual(["Applied although negative"]);
  expect(found([[paid]], told({ "slot 2": "applied" }))).toEqual(["Applied although vault_unknown"]);
  const foreign = at(6, [inVaultOf(alice, deposit(bob, 1n))]);
  expect(found([[opening], [foreign]], told({ "slot 6": "applied" }))).toEqual(["Applied although another_owner"]);
  expect(found([[opening, paid, taken], lost(paid)], told({ "slot 3": "applied" }))).toEqual([
    "Applied although negative",
  ]);
});

Deno.test("unjustified() finds what is left out although nothing is in the way", () => {
  expect(found([[opening], [paid]], told({ "slot 2": "parked" }))).toEqual([
    "Not applied although nothing is in the way",
  ]);
  const circle = [
    at(3, [transfer(alice, bob, 10n)]),
    at(4, [transfer(bob, alice, 10n)]),
  ];
  const known = [opening, at(1, [initialise(bob)], { name: "bob" }), paid, at(9, [withdrawal(alice, 10n)])];
  expect(found([known, circle], told({ "slot 3": "parked", "slot 4": "parked" })))
    .toEqual(["Not applied although nothing is in the way"]);
});

Deno.test("unjustified() finds an opening that waits because it would make others of what happened", () => {
  const late = at(6, [deposit(alice, 1n)]);
  expect(found([[opening, late], [taking]], told({ "slot 5": "parked", "slot 6": "applied" })))
    .toEqual(["Not applied although nothing is in the way"]);
});

Deno.test("unjustified() finds what is given up although it can stand", () => {
  const [kept, other] = [after([opening, paid, taken], [takenToo]), after([opening, paid, takenToo], [taken])];
  const given = (from: Model, to: Model): string[] =>
    unjustified({ from: { model: from, shown: stateOf(from) }, to: { model: to, shown: stateOf(other) } });
  expect(given(kept, kept)).toEqual([expect.stringMatching(/^Given up although all of it can stand/)]);
  // What moves has to find its place anew.
  const moved = heard(kept, [again(taken, 3, 1)]);
  expect(given(kept, moved)).toEqual([]);
});

Deno.test("unjustified() finds rows, balances, vaults and changes that do not follow from what is applied", () => {
  const steps = [[opening, paid], [taking]];
  const [own, others] = stateOf(after(...steps)).vaults;
  if (!own || !others) throw new Error("There are two vaults");
  const shown: readonly Partial<LedgerState>[] = [
    { vaults: [own] },
    { vaults: [own, { ...others, status: "paused" }] },
    { vaults: [{ ...own, balances: { ...own.balances, locked: 1n } }, others] },
    { vaults: [{ ...own, rows: [...others.rows, ...own.rows, ...own.rows] }, { ...others, rows: own.rows }] },
    { changes: [] },
  ];
  for (const part of shown) expect(found(steps, (state) => ({ ...state, ...part }))).not.toEqual([]);
});

Deno.test("unjustified() wants a vault that came to be to stay, whoever lost what opened it", () => {
  const steps = [[opening, paid], lost(opening)];
  expect(found(steps, (state) => state)).toEqual([]);
  expect(found(steps, (state) => ({ ...state, vaults: [] }))).toEqual([
    expect.stringContaining("the auditor alone has: vault"),
  ]);
});
