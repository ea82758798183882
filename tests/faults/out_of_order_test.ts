/**
 * Rows 21 and 22: what happened later is heard of first: a withdrawal before its deposit, an event before its vault.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import type { ChainTransaction, ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, deposit, initialise, lock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { foundAfterwards } from "@/tests/support/model/afterwards.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { randomHistory } from "@/tests/support/model/history.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { batches, chosenSeed, generator, jostled } from "@/tests/support/seeded.ts";
import { sendAll } from "@/tests/support/sender.ts";
import { writersTest } from "@/tests/support/writers.ts";

const WRITERS = 6;

/** Looks at all that is shown, again and again, until the work is done. Gives how often it looked. */
async function watchingBalances(sql: Sql, work: Promise<unknown>): Promise<number> {
  let [looks, isDone] = [0, false];
  const watch = (async (): Promise<void> => {
    while (!isDone || looks === 0) {
      const wrong = await sql`
        select 'vault ' || owner as what from public.vaults
         where least(total_balance, locked_balance, available_balance, total_deposited, total_withdrawn) < 0
            or total_balance <> locked_balance + available_balance
        union all
        select 'row of ' || vault_owner from public.transactions where least(amount, balance_before, balance_after) < 0
        union all
        select 'snapshot of ' || vault_owner from public.balance_snapshots
         where least(total_balance, locked_balance, available_balance) < 0`;
      expect([...wrong]).toEqual([]);
      looks++;
    }
  })();
  await work.finally(() => isDone = true);
  await watch;
  return looks;
}

/** Every order of the items. */
function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, place) => permutations(items.toSpliced(place, 1)).map((rest) => [item, ...rest]));
}

writersTest(
  "row 21: in every order of four events no balance is ever shown below zero",
  WRITERS,
  async ({ database, take }) => {
    const story = (owner: string): Unplaced[] => [
      initialise(owner),
      deposit(owner, 100n),
      withdrawal(owner, 60n),
      lock(owner, 40n),
    ];
    const orders = permutations([0, 1, 2, 3]);
    const heard: ChainTransaction[] = [];
    let waited = 0;
    const sending = sendAll(orders, WRITERS, async (order, writer) => {
      const name = `order ${order.join("")}`;
      const owner = key(name);
      const told = story(owner).map((event, n) =>
        at(orders.indexOf(order) * 10 + n, [event], { name: `${name} ${n}` })
      );
      heard.push(...told);
      for (const n of order) {
        const [settled] = await take(told.slice(n, n + 1), writer);
        if (settled?.outcome === "parked") waited++;
      }
    });
    const looks = await watchingBalances(database.admin, sending);
    expect([orders.length, waited > orders.length, looks > 10]).toEqual([24, true, true]);
    expect(await foundAfterwards(database.admin, heard)).toEqual([]);
  },
);

writersTest(
  "row 21: while the end of a history comes before its beginning, no balance is ever shown below zero",
  WRITERS,
  async (book) => {
    const { database: { admin }, take } = book;
    const seed = chosenSeed();
    const dice = diceOf(generator(seed));
    const { transactions } = randomHistory(`seed ${seed}`, dice, { owners: 3, transactions: 40 });
    const order = [
      ...jostled(transactions.slice(15), 8, dice.random),
      ...jostled(transactions.slice(0, 15), 8, dice.random),
    ];
    let waited = 0;
    const sending = sendAll(batches(order, 2, dice.random), WRITERS, async (delivery, writer) => {
      waited += (await take(delivery, writer)).filter(({ outcome }) => outcome === "parked").length;
    });
    const looks = await watchingBalances(admin, sending);
    expect([`seed ${seed}`, waited > 0, looks > 10]).toEqual([`seed ${seed}`, true, true]);
    expect([`seed ${seed}`, ...await foundAfterwards(admin, transactions)]).toEqual([`seed ${seed}`]);
  },
);

writersTest(
  "row 22: all that happens to a vault nobody knows waits, and nothing of it is lost when it is initialised",
  WRITERS,
  async (book) => {
    const { database: { admin }, take } = book;
    const seed = chosenSeed();
    const dice = diceOf(generator(seed));
    const { transactions, town: { owners } } = randomHistory(`seed ${seed}`, dice, { owners: 4, transactions: 40 });
    const dropped = new Set(owners.slice(2));
    const isDropped = ({ events }: ReadTransaction): boolean =>
      events.some((event) => event.kind === "initialise" && dropped.has(event.owner));
    const order = jostled(transactions.filter((transaction) => !isDropped(transaction)), 8, dice.random);
    await sendAll(batches(order, 3, dice.random), WRITERS, take);

    const [shown] = await admin`
    select (select count(*)::integer from vaultbook.inbox) as heard,
           (select count(*)::integer from vaultbook.inbox
             where outcome = 'parked' or (outcome = 'failed' and code = 'vault_unknown')) as waiting,
           (select count(*)::integer from public.vaults where owner = any (${[...dropped]})) as vaults,
           (select count(*)::integer from public.transactions where vault_owner = any (${[...dropped]})) as rows`;
    expect([`seed ${seed}`, shown]).toMatchObject([`seed ${seed}`, { heard: order.length, vaults: 0, rows: 0 }]);
    expect([`seed ${seed}`, Number(shown?.waiting) > 0]).toEqual([`seed ${seed}`, true]);

    await sendAll(batches(transactions.filter(isDropped), 1, dice.random), WRITERS, take);
    expect([`seed ${seed}`, ...await foundAfterwards(admin, transactions)]).toEqual([`seed ${seed}`]);
  },
);
