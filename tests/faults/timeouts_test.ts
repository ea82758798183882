/**
 * Row 57: a timeout of the database's own ends a call.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { VaultbookError } from "@/lib/domain/errors.ts";
import { at, deposit, initialise } from "@/tests/support/book.ts";
import { vaultBalances } from "@/tests/support/ledger_state.ts";
import { foundAfterwards } from "@/tests/support/model/afterwards.ts";
import { histories } from "@/tests/support/model/histories.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { batches, chosenSeed, generator, jostled } from "@/tests/support/seeded.ts";
import { sendAll } from "@/tests/support/sender.ts";
import { openWriters, type Writers } from "@/tests/support/writers.ts";

const WRITERS = 4;
const alice = key("alice");
const OPENING = at(1, [initialise(alice)]);

/** PostgreSQL's settings, and the SQLSTATE that each ends a call with. */
const TIMEOUTS = [["statement_timeout", "57014"], ["lock_timeout", "55P03"]] as const;

/** Runs a test on a book in which alice has a vault. */
function timeoutTest(name: string, run: (book: Writers) => Promise<void>): void {
  Deno.test(`row 57: ${name}`, async () => {
    const book = await openWriters(WRITERS);
    try {
      // Every writer has worked before, as one does when trouble begins.
      for (let writer = 0; writer < WRITERS; writer++) await book.take([OPENING], writer);
      await run(book);
    } finally {
      await book.close();
    }
  });
}

/** Nobody else passes the table while the work lasts. */
async function behindLock(admin: Sql, table: string, work: () => Promise<void>): Promise<void> {
  await admin.begin(async (sql) => {
    await sql.unsafe(`lock table ${table} in access exclusive mode`);
    await work();
  });
}

for (const [setting, code] of TIMEOUTS) {
  timeoutTest(`whatever a call waits for, after a ${setting} it says try again and has left nothing`, async (book) => {
    const { database: { admin }, take, thrown } = book;
    const news = at(2, [deposit(alice, 100n)]);
    await book.each((sql) => sql.unsafe(`set ${setting} = '50ms'`));
    const tables = ["vaultbook.deliveries", "vaultbook.inbox", "public.vaults", "public.transactions"];
    for (const [number, table] of tables.entries()) {
      await behindLock(admin, table, async () => {
        await expect(take([news])).rejects.toMatchObject({ code: "database_unavailable" });
      });
      expect([table, thrown(code)]).toEqual([table, number + 1]);
      expect(await vaultBalances(admin, alice)).toEqual(["0", "0", "0", "0", "0"]);
      expect([table, ...await foundAfterwards(admin, [OPENING])]).toEqual([table]);
    }
    await book.each((sql) => sql.unsafe(`reset ${setting}`));
    expect(await take([news])).toMatchObject([{ outcome: "applied" }]);
    expect(await foundAfterwards(admin, [OPENING, news])).toEqual([]);
  });

  timeoutTest(`a history among sessions that block, with a ${setting}, ends as the auditor says`, async (book) => {
    const { database: { admin }, take, thrown } = book;
    const seed = chosenSeed();
    const dice = diceOf(generator(seed));
    const transactions = histories(`seed ${seed}`, dice, 4, { owners: 3, transactions: 20 });
    const order = batches(jostled(transactions, 10, dice.random), 3, dice.random);
    await book.each((sql) => sql.unsafe(`set ${setting} = '50ms'`));
    const refused: ChainTransaction[][] = [];
    let isOver = false;
    const pause = (): Promise<void> => new Promise((resume) => setTimeout(resume, 60 + 60 * dice.random()));
    const blocking = (async (): Promise<void> => {
      for (; !isOver; await pause()) await behindLock(admin, dice.one(["public.vaults", "vaultbook.inbox"]), pause);
    })();
    await sendAll(order, WRITERS, async (delivery, writer) => {
      const settled = await take(delivery, writer).catch((error: VaultbookError) => error);
      if (settled instanceof Error && settled.code !== "database_unavailable") throw settled;
      if (settled instanceof Error) refused.push(delivery);
    }).finally(() => isOver = true);
    await blocking;
    expect([`seed ${seed}`, thrown(code)]).toEqual([`seed ${seed}`, refused.length]);
    expect(refused.length).toBeGreaterThan(0);
    await book.each((sql) => sql.unsafe(`reset ${setting}`));
    await sendAll(refused, WRITERS, take);
    expect([`seed ${seed}`, ...await foundAfterwards(admin, [OPENING, ...transactions])]).toEqual([`seed ${seed}`]);
  });
}
