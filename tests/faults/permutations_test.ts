/**
 * Deliveries in any order, any number of times, and in any company. `deno task fuzz --only permutations` does more of it.
 *
 * @module
 */
import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import type { ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { permutations } from "@/tasks/fuzz/permutations.ts";
import { withTestServer } from "@/tasks/test/server.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants, openAlerts, vaultBalances, wholeBook } from "@/tests/support/ledger_state.ts";
import { type Dice, diceOf } from "@/tests/support/model/dice.ts";
import { randomHistory } from "@/tests/support/model/history.ts";
import { emptyModel, receive } from "@/tests/support/model/model.ts";
import { countsOf, observed } from "@/tests/support/model/observed.ts";
import { differences, linesOf, stateOf } from "@/tests/support/model/state.ts";
import { bodyOf, events, key, logOf, PROGRAM, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";
import { chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";
import { type Healthy, placesOf, POISON_KINDS, type PoisonKind, UNFORESEEN } from "./poison_kinds.ts";

const program = compileProgram(PROGRAM, idl, mapping);
const SENDERS = 16;

/** Runs a test on an empty book; its name and what it fails with hold the seed. */
function seededTest(
  name: string,
  run: (book: { database: TestDatabase; connection: Database; seed: number; dice: Dice }) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const seed = chosenSeed();
    const database = await openTestDatabase();
    const connection = openDatabase(database.url, { max: SENDERS });
    try {
      await run({ database, connection, seed, dice: diceOf(generator(seed)) });
      expect([`seed ${seed}`, ...await brokenInvariants(database.admin)]).toEqual([`seed ${seed}`]);
    } catch (error) {
      throw new Error(`SEED=${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    } finally {
      await connection.close();
      await database.close();
    }
  });
}

Deno.test("row 3: 200 deliveries in random orders, with poison and repetitions, leave the same book to the byte, and the auditor's", () =>
  withTestServer({ onProgress: () => {} }, async (server) => {
    const shape = { chronicle: { transactions: 140, hot: 16, cold: 8 }, orders: 3, body: 25 };
    const campaign = await permutations(shape).open(server);
    const seed = chosenSeed();
    const counts = await campaign.round(seed).catch((error) => {
      throw new Error(`SEED=${seed}: ${error.message}`, { cause: error });
    });
    expect(counts.permutations).toBe(3);
    expect(counts.deliveries).toBeGreaterThan(3 * 180);
    for (const what of ["duplicates", "conflicts", "splits", "merges", "late"]) {
      expect([`seed ${seed}`, what, counts[what]]).not.toEqual([`seed ${seed}`, what, 0]);
    }
  }));

/** Hands each of these over once, by sixteen senders at a time. */
async function sendAll(connection: Database, transactions: readonly ReadTransaction[]): Promise<Settlement[]> {
  const waiting = transactions.map((transaction, number) => ({ transaction, number }));
  const settlements: Settlement[] = [];
  const send = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const body = new TextEncoder().encode(`delivery ${next.number} of ${transactions.length}`);
      settlements.push(...await ingest(connection, { source: "webhook", body, transactions: [next.transaction] }));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
  return settlements;
}

seededTest(
  "row 1: each of 60 deliveries 1 to 5 times by 16 senders at once has one effect, and every repetition is counted",
  async ({ database, connection, seed, dice }) => {
    const { transactions } = randomHistory(`seed ${seed}`, dice, { owners: 5, transactions: 60 });
    const order = shuffled(
      transactions.flatMap((it) => Array<ReadTransaction>(dice.one([1, 2, 3, 4, 5])).fill(it)),
      dice.random,
    );
    const settlements = await sendAll(connection, order);
    const duplicates = settlements.filter(({ outcome }) => outcome === "duplicate");
    expect(duplicates).toHaveLength(order.length - transactions.length);
    expect(duplicates.length).toBeGreaterThan(0);
    const model = receive(receive(emptyModel(), transactions).model, repetitions(order)).model;
    const state = await observed(database.admin);
    expect(differences([...linesOf(state), ...state.counts], [...linesOf(stateOf(model)), ...countsOf(model)])).toEqual(
      [],
    );
  },
);

/** All but the first of each. */
function repetitions(order: readonly ReadTransaction[]): ReadTransaction[] {
  return order.filter((transaction, place) => order.indexOf(transaction) < place);
}

seededTest(
  "row 2: the same signature with another amount is a conflict: the first stays, both are kept, one alert opens",
  async ({ database, connection, seed, dice }) => {
    const history = randomHistory(`seed ${seed}`, dice, { owners: 4, transactions: 40 });
    await sendAll(connection, history.transactions);
    const before = await wholeBook(database.admin);
    const originals = history.transactions.filter(({ events }) => events.some((event) => "amount" in event)).slice(
      0,
      10,
    );
    const forged = originals.map((it) => ({
      ...it,
      events: it.events.map((event) => "amount" in event ? { ...event, amount: event.amount + 1n } : event),
    }));
    const times = forged.map(() => dice.one([1, 2, 3]));
    const settlements = await sendAll(
      connection,
      forged.flatMap((it, place) => Array<ReadTransaction>(times[place] ?? 0).fill(it)),
    );
    expect(new Set(settlements.map(({ outcome, code }) => `${outcome} ${code}`))).toEqual(
      new Set(["conflict signature_has_other_content"]),
    );
    expect(await wholeBook(database.admin)).toEqual(before);
    const alerts = (await openAlerts(database.admin)).filter((line) => line.startsWith("conflict"));
    expect(alerts.sort()).toEqual(
      originals.map((it, place) => `conflict ${it.signature.slice(0, 8)} × ${times[place]}`).sort(),
    );
    const kept = await database.admin`
    select count(*)::integer as rows, count(distinct content_sha256)::integer as contents from vaultbook.inbox
     where signature = any (${originals.map((it) => it.signature)}) group by signature`;
    expect(kept.map((row) => [row.rows, row.contents])).toEqual(originals.map(() => [2, 2]));
  },
);

/** Four true transactions of one owner: a vault, 100, 50 more, and 30 of it locked. */
function neighbours(name: string, owner: string): unknown[] {
  return [
    [events.initialise(owner)],
    [events.deposit(owner, 100n, 100n)],
    [events.deposit(owner, 50n, 150n)],
    [events.lock(owner, 30n, 30n, 120n)],
  ].map((emitted, place) =>
    rawTransaction({ signature: signature(`${name} ${place}`), slot: 10 * place + 1, logs: logOf(...emitted) })
  );
}

Deno.test(`row 4: one of ${POISON_KINDS.length} kinds of poison at every place of a delivery takes nobody with it`, async () => {
  const database = await openTestDatabase();
  const connection = openDatabase(database.url);
  const quarantineAlerts = async (): Promise<string[]> =>
    (await openAlerts(database.admin)).filter((alert) => /^(quarantined|undecodable_event) /.test(alert)).sort();
  const deliver = async (kind: PoisonKind, place: number): Promise<void> => {
    const name = `${kind.name} at ${place}`;
    const owner = key(name);
    const healthy: Healthy = { owner, signature: signature(name), slot: 15 };
    const body = bodyOf(...neighbours(name, owner).toSpliced(place, 0, kind.make(healthy)));
    const told = await ingest(connection, { source: "webhook", body, transactions: readDelivery(body, program) });
    const expected = Array(4).fill("applied null").toSpliced(place, 0, `${kind.outcome} ${kind.code}`);
    expect([name, ...told.map(({ outcome, code }) => `${outcome} ${code}`)]).toEqual([name, ...expected]);
    expect([name, await vaultBalances(database.admin, owner)]).toEqual([name, ["150", "30", "120", "150", "0"]]);
  };
  try {
    await database.admin.unsafe(
      `alter table public.transactions add constraint transactions_unforeseen check (amount <> ${UNFORESEEN})`,
    );
    expect(POISON_KINDS.length).toBeGreaterThanOrEqual(30);
    let cases = 0;
    const told = new Map<string, number>();
    for (const kind of POISON_KINDS) {
      for (const place of placesOf(kind)) {
        await deliver(kind, place);
        cases++;
        if (kind.outcome === "quarantined") {
          const type = kind.code === "undecodable_event" ? "undecodable_event" : "quarantined";
          told.set(type, (told.get(type) ?? 0) + 1);
        }
        // One alert stays open for all of a type, and counts.
        const expected = [...told].map(([type, times]) => `${type} inbox × ${times}`).sort();
        expect([kind.name, place, ...await quarantineAlerts()]).toEqual([kind.name, place, ...expected]);
      }
    }
    const quarantined = [...told.values()].reduce((sum, times) => sum + times, 0);
    expect([...told.keys()].sort()).toEqual(["quarantined", "undecodable_event"]);
    const rows = await database
      .admin`select outcome, count(*)::integer as count from vaultbook.inbox group by outcome order by outcome`;
    expect(rows.map((row) => `${row.outcome} ${row.count}`)).toEqual([
      `applied ${4 * cases}`,
      `parked ${cases - quarantined}`,
      `quarantined ${quarantined}`,
    ]);
    expect(await brokenInvariants(database.admin)).toEqual([]);
  } finally {
    await connection.close();
    await database.close();
  }
});
