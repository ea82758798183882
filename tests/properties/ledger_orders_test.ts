/**
 * The ledger in every order: towns of their own, in each of which the same six transactions come in another order.
 *
 * @module
 */
import { expect } from "expect";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { emptyModel } from "@/tests/support/model/model.ts";
import { observed } from "@/tests/support/model/observed.ts";
import { type LedgerState, linesOf, stateOf } from "@/tests/support/model/state.ts";
import { heard, isConfirmed } from "@/tests/support/model/step.ts";
import { takeover } from "@/tests/support/model/stories_of_owners.ts";
import { batches, chosenSeed } from "@/tests/support/seeded.ts";

/** There are 720 orders. One run tells every fourth of them; the seed says with which it begins. */
const EVERY = 4;
const BATCH = 120;

function* everyOrder<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length === 0) yield [];
  for (const [place, item] of items.entries()) {
    for (const rest of everyOrder(items.toSpliced(place, 1))) yield [item, ...rest];
  }
}

/** The lines of a state, by the town that they are of: each holds an owner or a signature of it. */
function linesByTown(state: LedgerState, towns: readonly LedgerState[]): Map<number | undefined, string[]> {
  const townOf = new Map(towns.flatMap(({ vaults, outcomes }, town) => {
    return [...vaults.map(({ owner }) => owner), ...outcomes.keys()].map((name) => [name, town] as const);
  }));
  return Map.groupBy(linesOf(state), (line) => townOf.get(line.split(" ").find((word) => townOf.has(word)) ?? ""));
}

Deno.test("row 54: ingest() comes to one state in all orders of news of an address that comes to be another's", async () => {
  const seed = chosenSeed();
  const numbers = Array.from({ length: 6 }, (_, number) => number);
  const orders = [...everyOrder(numbers)];
  expect(orders).toHaveLength(720);
  const towns = orders.filter((_, number) => number % EVERY === seed % EVERY).map((order, number) => {
    const deliveries = takeover(`takeover ${number}`).steps.filter(isConfirmed).flat();
    return { order, deliveries };
  });
  const database = await openTestDatabase();
  const connection = openDatabase(database.url, { max: 1 });
  try {
    for (const turn of numbers) {
      const transactions = towns.flatMap(({ order, deliveries }) => deliveries[order[turn] ?? 0] ?? []);
      // As autovacuum does after a minute: without it, PostgreSQL plans for the empty tables that it knew.
      await database.admin`analyze`;
      for (const [part, batch] of [...batches(transactions, BATCH, () => 0.999)].entries()) {
        const body = new TextEncoder().encode(`turn ${turn}, part ${part}`);
        await ingest(connection, { source: "webhook", body, transactions: batch });
      }
    }
    const state = await observed(database.admin);
    const expected = towns.map(({ deliveries }) => stateOf(heard(emptyModel(), deliveries)));
    const shown = linesByTown(state, expected);
    for (const [town, { order }] of towns.entries()) {
      expect([`SEED=${seed}`, order, ...shown.get(town) ?? []]).toEqual([
        `SEED=${seed}`,
        order,
        ...linesOf(expected[town] ?? state),
      ]);
    }
    expect(shown.get(undefined)).toBe(undefined);
    expect(state.takenBack.length).toBeGreaterThan(0);
    expect(await brokenInvariants(database.admin)).toEqual([]);
  } finally {
    await connection.close();
    await database.close();
  }
});
