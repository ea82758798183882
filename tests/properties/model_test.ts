/**
 * The auditor audited: before its judgement on the ledger counts, it has to be right about itself.
 *
 * @module
 */
import { expect } from "expect";
import { diceOf } from "@/tests/support/model/dice.ts";
import { forked, inDisorder } from "@/tests/support/model/forks.ts";
import { randomHistory } from "@/tests/support/model/history.ts";
import { unjustified } from "@/tests/support/model/implied.ts";
import { emptyModel, type Model, receive } from "@/tests/support/model/model.ts";
import { poison, poisoned } from "@/tests/support/model/poison.ts";
import { SCENARIOS } from "@/tests/support/model/scenarios.ts";
import { type LedgerState, linesOf, stateOf } from "@/tests/support/model/state.ts";
import { heard, type Step, stepOf } from "@/tests/support/model/step.ts";
import { STORIES } from "@/tests/support/model/stories.ts";
import { batches, chosenSeed, generator } from "@/tests/support/seeded.ts";

const ORDERS = 5_040;
const HISTORIES = 40;
const FORKED = 40;

/** Hears one by one, in the order given. */
function told(steps: readonly Step[]): Model {
  return steps.reduce(heard, emptyModel());
}

/**
 * Walks every order of the deliveries, and shows each state on the way. Orders that begin alike share their beginning: the
 * model is immutable. Gives the models at the end of each.
 */
function* everyOrder(
  model: Model,
  left: readonly Step[],
  visit: (model: Model) => void,
): Generator<Model> {
  visit(model);
  if (left.length === 0) yield model;
  for (const [place, step] of left.entries()) {
    yield* everyOrder(heard(model, step), left.toSpliced(place, 1), visit);
  }
}

/** What no ledger may ever show, in words; null where it shows nothing of the kind. */
function absurdity({ vaults }: LedgerState): string | null {
  for (const { owner, balances, rows } of vaults) {
    const { total, locked, available, deposited, withdrawn } = balances;
    if ([total, locked, available, deposited, withdrawn].some((amount) => amount < 0n)) return `${owner} is negative`;
    if (total !== locked + available) return `${owner} is not the sum of its parts`;
    let last = 0n;
    for (const row of rows) {
      if (row.before < 0n || row.after < 0n) return `${owner} was negative`;
      if (row.type === "lock" || row.type === "unlock") continue;
      if (row.before !== last) return `${owner} has a hole`;
      last = row.after;
    }
    if (last !== total) return `${owner} is not where its history ends`;
  }
  return null;
}

for (const { name, deliveries, holdings, status = {} } of SCENARIOS) {
  Deno.test(`receive() and rollBack() reach one state in all 5,040 orders of: ${name}`, () => {
    const steps = deliveries.map(stepOf);
    const inOrder = stateOf(told(steps));
    const held = inOrder.vaults.map(({ owner, balances: { total, locked, available, deposited, withdrawn } }) =>
      [owner, [total, locked, available, deposited, withdrawn].join(" ")] as const
    );
    expect(Object.fromEntries(held)).toEqual(holdings);
    for (const vault of inOrder.vaults) {
      expect([vault.owner, vault.status]).toEqual([vault.owner, status[vault.owner] ?? "active"]);
    }
    const expected = linesOf(inOrder).join("\n");
    expect(expected).not.toMatch(/parked|quarantined|vault_unknown/);

    let count = 0;
    const absurdities = new Set<string>();
    const visit = (model: Model): void => {
      const found = absurdity(stateOf(model));
      if (found) absurdities.add(found);
    };
    for (const model of everyOrder(emptyModel(), steps, visit)) {
      count++;
      const lines = linesOf(stateOf(model)).join("\n");
      if (lines !== expected) expect(lines).toBe(expected);
    }
    expect(count).toBe(ORDERS);
    expect([...absurdities]).toEqual([]);
  });
}

Deno.test("receive() takes up a whole history, whatever order it comes in and whatever comes beside it", () => {
  const base = chosenSeed();
  for (let seed = base; seed < base + HISTORIES; seed++) {
    const name = `seed ${seed}`;
    const dice = diceOf(generator(seed));
    const history = randomHistory(name, dice, { owners: 5, transactions: 40, heirs: 1 });
    const order = [...batches(poisoned(name, history, dice, 20), 30, dice.random)];
    const model = order.reduce((model, batch) => receive(model, batch).model, emptyModel());
    const vaults = stateOf(told(history.transactions.map(stepOf))).vaults;
    expect([name, ...stateOf(model).vaults]).toEqual([name, ...vaults]);
    expect([name, vaults.length]).toEqual([name, history.town.owners.length]);
  }
});

/** What the auditor finds in itself when it hears this. */
function foundInItself(steps: Iterable<Step>): string[] {
  const found: string[] = [];
  let model = emptyModel();
  for (const step of steps) {
    const next = heard(model, step);
    const [from, to] = [model, next].map((model) => ({ model, shown: stateOf(model) }));
    if (from && to) found.push(...unjustified({ from, to }));
    model = next;
  }
  return found;
}

for (const { name, steps } of STORIES) {
  Deno.test(`the auditor finds nothing in itself, told the story: ${name}`, () => {
    expect(foundInItself(steps)).toEqual([]);
  });
}

Deno.test("receive() and rollBack() come to the finalized history, whatever forks held and whatever order the news come in", () => {
  const base = chosenSeed();
  for (let seed = base; seed < base + FORKED; seed++) {
    const name = `seed ${seed}`;
    const dice = diceOf(generator(seed));
    const history = randomHistory(name, dice, { owners: 5, transactions: 30, heirs: 2 });
    const { news, ghosts } = forked(name, history, dice, 8);
    const beside = poison(name, history, dice, 6).map((piece) => [piece]);
    const steps = [...inDisorder([...news, ...beside], 12, dice)];
    expect([name, ...foundInItself(steps)]).toEqual([name]);
    const { vaults, outcomes } = stateOf(told(steps));
    const truth = stateOf(told(history.transactions.map(stepOf))).vaults;
    expect([name, ...vaults.filter(({ owner }) => history.town.owners.includes(owner))]).toEqual([name, ...truth]);
    expect([name, ...ghosts.filter((signature) => outcomes.get(signature) !== "ignored rolled_back")]).toEqual([name]);
  }
});
