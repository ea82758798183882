/**
 * The auditor audited: before its judgement on the ledger counts, it has to be right about itself.
 *
 * @module
 */
import { expect } from "expect";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { diceOf, randomHistory } from "@/tests/support/model/history.ts";
import { emptyModel, type Model, receive } from "@/tests/support/model/model.ts";
import { poisoned } from "@/tests/support/model/poison.ts";
import { SCENARIOS } from "@/tests/support/model/scenarios.ts";
import { type LedgerState, linesOf, stateOf } from "@/tests/support/model/state.ts";
import { batches, chosenSeed, generator } from "@/tests/support/seeded.ts";

const ORDERS = 5_040;
const HISTORIES = 40;

/** Delivers one by one, in the order given. */
function delivered(transactions: readonly ChainTransaction[]): Model {
  return transactions.reduce((model, transaction) => receive(model, [transaction]).model, emptyModel());
}

/**
 * Walks every order of the deliveries, and shows each state on the way. Orders that begin alike share their beginning: the
 * model is immutable. Gives the models at the end of each.
 */
function* everyOrder(
  model: Model,
  left: readonly ChainTransaction[],
  visit: (model: Model) => void,
): Generator<Model> {
  visit(model);
  if (left.length === 0) yield model;
  for (const [place, transaction] of left.entries()) {
    yield* everyOrder(receive(model, [transaction]).model, left.toSpliced(place, 1), visit);
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

for (const { name, deliveries, holdings } of SCENARIOS) {
  Deno.test(`receive() reaches one state in all 5,040 orders of: ${name}`, () => {
    const inOrder = stateOf(delivered(deliveries));
    const held = inOrder.vaults.map(({ owner, balances: { total, locked, available, deposited, withdrawn } }) =>
      [owner, [total, locked, available, deposited, withdrawn].join(" ")] as const
    );
    expect(Object.fromEntries(held)).toEqual(holdings);
    const expected = linesOf(inOrder).join("\n");
    expect(expected).not.toMatch(/parked|quarantined|vault_unknown/);

    let count = 0;
    const absurdities = new Set<string>();
    const visit = (model: Model): void => {
      const found = absurdity(stateOf(model));
      if (found) absurdities.add(found);
    };
    for (const model of everyOrder(emptyModel(), deliveries, visit)) {
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
    const history = randomHistory(name, dice, { owners: 4, transactions: 40 });
    const order = [...batches(poisoned(name, history, dice, 20), 30, dice.random)];
    const model = order.reduce((model, batch) => receive(model, batch).model, emptyModel());
    const vaults = stateOf(delivered(history.transactions)).vaults;
    expect([name, ...stateOf(model).vaults]).toEqual([name, ...vaults]);
    expect([name, vaults.length]).toEqual([name, history.owners.length]);
  }
});
