/**
 * The ledger against the auditor: random histories, delivered in disorder to both.
 *
 * @module
 */
import { expect } from "expect";
import { type Audit, openAudit } from "@/tests/support/model/audit.ts";
import { type Dice, diceOf } from "@/tests/support/model/dice.ts";
import { randomHistory } from "@/tests/support/model/history.ts";
import { poisoned, temptations } from "@/tests/support/model/poison.ts";
import type { LedgerState } from "@/tests/support/model/state.ts";
import { batches, chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";

/** How much of it fits into some twenty seconds. `SEED=…` starts with the history of that seed. */
const HISTORIES = 25;
const TEMPTED = 15;
const SIZE = { owners: 5, transactions: 40, heirs: 1 };
const POISON = 12;
const TEMPTATIONS = 8;
const BATCH = 12;

/** Runs so many audits, each on an empty ledger of its own and with its own seed, and names the seed of one that fails. */
async function audits(count: number, run: (audit: Audit, name: string, dice: Dice) => Promise<void>): Promise<void> {
  const base = chosenSeed();
  for (let number = 0; number < count; number++) {
    const seed = base + number;
    const audit = await openAudit();
    try {
      await run(audit, `seed ${seed}`, diceOf(generator(seed)));
    } catch (error) {
      throw new Error(`SEED=${seed} repeats it: ${error instanceof Error ? error.message : error}`, { cause: error });
    } finally {
      await audit.close();
    }
  }
}

Deno.test("ingest() leaves what the auditor says, whatever order a history comes in and whatever comes beside it", () =>
  audits(HISTORIES, async (audit, name, dice) => {
    const history = randomHistory(name, dice, SIZE);
    const order = poisoned(name, history, dice, POISON);
    const missing = new Set(history.transactions.map(({ signature }) => signature));
    for (const batch of batches(order, BATCH, dice.random)) {
      expect(await audit.deliver(batch)).toEqual([]);
      for (const { verdict, signature } of batch) if (verdict === "read") missing.delete(signature);
      if (missing.size === 0) expect(audit.disagreements()).toEqual([]);
    }
    expect(await audit.conclude()).toEqual([]);
    const [{ outcomes }] = audit.states();
    const left = history.transactions.filter(({ signature, failed }) =>
      outcomes.get(signature) !== (failed ? "failed" : "applied")
    );
    expect(left).toEqual([]);
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
    for (const batch of batches(order, BATCH, dice.random)) expect(await audit.deliver(batch)).toEqual([]);
    const own = (state: LedgerState): unknown => state.vaults.filter(({ owner }) => apart.town.owners.includes(owner));
    const [ledger, auditor] = audit.states();
    expect(own(ledger)).toEqual(own(auditor));
  }));
