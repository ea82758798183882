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
import { diceOf, randomHistory } from "@/tests/support/model/history.ts";
import { emptyModel, type Model, receive } from "@/tests/support/model/model.ts";
import { countsOf, implied, observed } from "@/tests/support/model/observed.ts";
import { poisoned } from "@/tests/support/model/poison.ts";
import { linesOf, stateOf } from "@/tests/support/model/state.ts";
import { batches, chosenSeed, generator } from "@/tests/support/seeded.ts";

const HISTORIES = 20;
const SIZE = { owners: 4, transactions: 40 };
const POISON = 10;
const BATCH = 12;

/** A ledger and its auditor, who hear the same. */
interface Audit {
  model: Model;
  readonly database: TestDatabase;
  readonly connection: Database;
  deliveries: number;
}

/** Delivers one batch to both. Gives what each says has become of its elements. */
async function deliver(audit: Audit, transactions: ChainTransaction[]): Promise<[Settlement[], Settlement[]]> {
  const body = new TextEncoder().encode(`delivery ${audit.deliveries++}`);
  const settlements = await ingest(audit.connection, { source: "webhook", body, transactions });
  const { model, settlements: expected } = receive(audit.model, transactions);
  audit.model = model;
  return [settlements, expected];
}

async function audited(run: (audit: Audit) => Promise<void>): Promise<void> {
  const database = await openTestDatabase();
  const connection = openDatabase(database.url, { max: 1 });
  try {
    await run({ model: emptyModel(), database, connection, deliveries: 0 });
    expect(await brokenInvariants(database.admin)).toEqual([]);
  } finally {
    await connection.close();
    await database.close();
  }
}

Deno.test("ingest() leaves what the auditor says, whatever order a history comes in and whatever comes beside it", async () => {
  const base = chosenSeed();
  for (let number = 0; number < HISTORIES; number++) {
    const seed = base + number;
    const dice = diceOf(generator(seed));
    const name = `seed ${seed}`;
    const history = randomHistory(name, dice, SIZE);
    const order = poisoned(name, history, dice, POISON);
    const missing = new Set(history.transactions.map(({ signature }) => signature));
    await audited(async (audit) => {
      for (const batch of batches(order, BATCH, dice.random)) {
        for (const { verdict, signature } of batch) if (verdict === "read") missing.delete(signature);
        const [settlements, expected] = await deliver(audit, batch);
        const state = await observed(audit.database.admin);
        expect([name, ...linesOf(state)]).toEqual([name, ...implied(audit.model, state)]);
        if (missing.size === 0) expect([name, ...settlements]).toEqual([name, ...expected]);
      }
      const state = await observed(audit.database.admin);
      expect([name, ...linesOf(state)]).toEqual([name, ...linesOf(stateOf(audit.model))]);
      expect([name, ...state.counts]).toEqual([name, ...countsOf(audit.model)]);
    });
  }
});
