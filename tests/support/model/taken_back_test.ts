import { expect } from "expect";
import { at, deposit, initialise } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { inVaultOf } from "./deeds.ts";
import { emptyModel } from "./model.ts";
import type { Observation, TakenBack } from "./observed.ts";
import { stateOf } from "./state.ts";
import { again, heard, lost, type Step } from "./step.ts";
import { fatesOf, wronglyTakenBack } from "./taken_back.ts";

const alice = key("alice");
const paid = at(2, [deposit(alice, 10n)]);
const opening = [at(1, [initialise(alice)]), paid];

/** What a ledger shows after these steps, with these rows taken back. */
function shown(steps: readonly Step[], ...takenBack: TakenBack[]): Observation {
  return { ...stateOf(steps.reduce(heard, emptyModel())), takenBack, counts: [] };
}

/** The one row of these steps, as it is when it was taken back. */
function takenBack(steps: readonly Step[]): TakenBack {
  const [vault] = shown(steps).vaults;
  const row = vault?.rows[0];
  if (!vault || !row) throw new Error("There is a row");
  return { owner: vault.owner, row: { ...row, status: "failed", after: row.before }, compensations: 1 };
}

const before = [opening];
const gone = takenBack(before);

Deno.test("wronglyTakenBack() finds nothing where each row that is gone is among those taken back, once more than before", () => {
  expect(wronglyTakenBack(shown(before), shown([...before, lost(paid)], gone))).toEqual([]);
  expect(wronglyTakenBack(shown(before, gone), shown([...before, lost(paid)], gone, gone))).toEqual([]);
  expect(wronglyTakenBack(shown(before), shown([...before, [again(paid, 5)]], gone))).toEqual([]);
  expect(wronglyTakenBack(shown(before), shown(before))).toEqual([]);
});

Deno.test("wronglyTakenBack() lets a ledger take back a row and make it anew", () => {
  expect(wronglyTakenBack(shown(before), shown(before, gone))).toEqual([]);
  expect(wronglyTakenBack(shown(before), shown(before, gone, gone))).toHaveLength(1);
});

Deno.test("wronglyTakenBack() finds rows that vanish, that never were, and that still show an effect", () => {
  const after = [...before, lost(paid)];
  expect(wronglyTakenBack(shown(before), shown(after))).toHaveLength(1);
  expect(wronglyTakenBack(shown(before, gone), shown(after, gone))).toHaveLength(1);
  expect(wronglyTakenBack(shown(before), shown(after, gone, gone))).toHaveLength(1);
  expect(wronglyTakenBack(shown(before, gone), shown(before))).toHaveLength(1);
  expect(wronglyTakenBack(shown([]), shown([], gone))).toHaveLength(1);
  const wrong: readonly TakenBack[] = [
    { ...gone, compensations: 0 },
    { ...gone, compensations: 2 },
    { ...gone, owner: key("bob") },
    ...([{ status: "confirmed" }, { after: 10n }, { amount: 9n }, { slot: 3 }] as const)
      .map((change) => ({ ...gone, row: { ...gone.row, ...change } })),
  ];
  for (const row of wrong) expect(wronglyTakenBack(shown(before), shown(after, row))).toHaveLength(2);
});

Deno.test("fatesOf() tells what befell the rows that were taken back", () => {
  const other = key("bob");
  const taking = at(3, [inVaultOf(alice, initialise(other))], { name: "taking" });
  const early = again(taking, 1, 5);
  const fates = (...steps: Step[]): string[] => [...fatesOf(shown([...before, ...steps], gone))];
  expect(fates(lost(paid))).toEqual(["its transaction is lost"]);
  expect(fates([again(paid, 5)])).toEqual(["it is elsewhere"]);
  expect(fates([early])).toEqual(["it waits"]);
  expect(fates([early], lost(early))).toEqual(["it came back"]);
  expect([...fatesOf(shown(before, { ...gone, owner: other }))]).toEqual(["it is another's"]);
});
