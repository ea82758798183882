/**
 * The ledger against the auditor: random histories, delivered in disorder to both.
 *
 * @module
 */
import { expect } from "expect";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { type Dice, diceOf, randomHistory } from "@/tests/support/model/history.ts";
import { emptyModel, type Model, receive } from "@/tests/support/model/model.ts";
import { countsOf, implied, observed } from "@/tests/support/model/observed.ts";
import { poisoned, temptations } from "@/tests/support/model/poison.ts";
import { differences, type LedgerState, linesOf, stateOf } from "@/tests/support/model/state.ts";
import { batches, chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";

/** How much of it fits into some twenty seconds. `SEED=…` starts with the history of that seed. */
const HISTORIES = 25;
const TEMPTED = 15;
const SIZE = { owners: 4, transactions: 40 };
const POISON = 12;
const TEMPTATIONS = 8;
const BATCH = 12;

/** A ledger and its auditor, who hear the same. */
interface Audit {
  readonly database: TestDatabase;
  readonly connection: Database;
  model: Model;
  deliveries: number;
}

/** Delivers one batch to both. Gives what each says has become of its elements, and whether the ledger is as it has to be. */
async function deliver(
  audit: Audit,
  transactions: ChainTransaction[],
): Promise<{ settlements: Settlement[]; expected: Settlement[] }> {
  const body = new TextEncoder().encode(`delivery ${audit.deliveries++}`);
  const settlements = await ingest(audit.connection, { source: "webhook", body, transactions });
  const { model, settlements: expected } = receive(audit.model, transactions);
  audit.model = model;
  return { settlements, expected };
}

/** Runs so many audits, each on an empty ledger of its own and with its own seed, and names the seed of one that fails. */
async function audits(count: number, run: (audit: Audit, name: string, dice: Dice) => Promise<void>): Promise<void> {
  const base = chosenSeed();
  for (let number = 0; number < count; number++) {
    const seed = base + number;
    const database = await openTestDatabase();
    const connection = openDatabase(database.url, { max: 1 });
    try {
      await run({ database, connection, model: emptyModel(), deliveries: 0 }, `seed ${seed}`, diceOf(generator(seed)));
      expect(await brokenInvariants(database.admin)).toEqual([]);
    } catch (error) {
      throw new Error(`SEED=${seed} repeats it: ${error instanceof Error ? error.message : error}`, { cause: error });
    } finally {
      await connection.close();
      await database.close();
    }
  }
}

Deno.test("ingest() leaves what the auditor says, whatever order a history comes in and whatever comes beside it", () =>
  audits(HISTORIES, async (audit, name, dice) => {
    const history = randomHistory(name, dice, SIZE);
    const order = poisoned(name, history, dice, POISON);
    const missing = new Set(history.transactions.map(({ signature }) => signature));
    for (const batch of batches(order, BATCH, dice.random)) {
      for (const { verdict, signature } of batch) if (verdict === "read") missing.delete(signature);
      const { settlements, expected } = await deliver(audit, batch);
      const state = await observed(audit.database.admin);
      expect(differences(linesOf(state), implied(audit.model, state))).toEqual([]);
      if (missing.size === 0) expect(settlements).toEqual(expected);
    }
    const state = await observed(audit.database.admin);
    expect(differences(linesOf(state), linesOf(stateOf(audit.model)))).toEqual([]);
    expect(differences(state.counts, countsOf(audit.model))).toEqual([]);
    const outcomes = history.transactions.map(({ signature, failed }) => [failed, state.outcomes.get(signature)]);
    expect(outcomes.filter(([failed, outcome]) => outcome !== (failed ? "failed" : "applied"))).toEqual([]);
  }));

Deno.test("ingest() takes up all that is possible beside what was taken for true first", () =>
  audits(TEMPTED, async (audit, name, dice) => {
    const tempted = randomHistory(`${name} tempted`, dice, { owners: 3, transactions: 25 });
    const apart = randomHistory(`${name} apart`, dice, { owners: 2, transactions: 15 });
    const elsewhere = apart.transactions.map((transaction) => ({
      ...transaction,
      transactionIndex: (transaction.transactionIndex ?? 0) + 500,
    }));
    const others = temptations(name, tempted, dice, TEMPTATIONS);
    const order = shuffled([...tempted.transactions, ...others, ...elsewhere], dice.random);
    for (const batch of batches(order, BATCH, dice.random)) {
      await deliver(audit, batch);
      const state = await observed(audit.database.admin);
      expect(differences(linesOf(state), implied(audit.model, state))).toEqual([]);
    }
    const own = (state: LedgerState): unknown => state.vaults.filter(({ owner }) => apart.owners.includes(owner));
    expect(own(await observed(audit.database.admin))).toEqual(own(stateOf(audit.model)));
  }));
