/**
 * Row 24: transfers that oppose each other never deadlock; and where something else makes a call fail because of another
 * transaction, the call is made again and its caller hears nothing of it.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { at, deposit, initialise, transfer, withdrawal } from "@/tests/support/book.ts";
import { foundAfterwards } from "@/tests/support/model/afterwards.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { waitingForLocks, watchingLocks } from "@/tests/support/watched_database.ts";
import { type Writers, writersTest } from "@/tests/support/writers.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

const CLIENTS = 8;
const ROUNDS = 4;

const [alice, bob, carol] = [key("alice"), key("bob"), key("carol")];
const OPENING = [
  at(1, [initialise(alice), initialise(bob), initialise(carol)]),
  at(2, [deposit(alice, 1_000n), deposit(bob, 1_000n), deposit(carol, 1_000n)]),
];

/** The writer as another session sees it: a role's settings hold from its next connection on. */
async function withSetting(sql: Sql, name: string, value: string): Promise<void> {
  const [database] = await sql<{ name: string }[]>`select current_database() as name`;
  await sql.unsafe(`alter role postgres in database ${database?.name} set ${name} = '${value}'`);
  await endSessions(sql);
}

async function endSessions(sql: Sql): Promise<void> {
  await sql`
    select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and usename = 'postgres'`;
}

/** Deadlocks that PostgreSQL had to end. A backend tells of them at the latest when it ends. */
async function deadlocks(sql: Sql): Promise<number> {
  await endSessions(sql);
  const [row] = await sql`select deadlocks from pg_stat_database where datname = current_database()`;
  return Number(row?.deadlocks);
}

writersTest("row 24: 8 clients with opposing transfers over three vaults never deadlock", CLIENTS, async (writers) => {
  const { database: { admin }, take } = writers;
  await take(OPENING);
  const heard: ChainTransaction[] = [...OPENING];
  const pairs = [[alice, bob], [bob, alice], [bob, carol], [carol, alice]] as const;
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    for (let round = 0; round < ROUNDS; round++) {
      // Each delivery goes both ways, and every client begins with another way.
      const both = pairs.map(([from, to], pair) => at(100 * client + 4 * round + pair + 10, [transfer(from, to, 3n)]));
      const turned = [...both.slice(client % both.length), ...both.slice(0, client % both.length)];
      heard.push(...turned);
      const settled = await take(turned, client);
      expect(settled.map(({ outcome }) => outcome)).toEqual(both.map(() => "applied"));
    }
  });
  const { most } = await watchingLocks(admin, Promise.all(clients));
  expect(most).toBeGreaterThanOrEqual(CLIENTS / 2);
  expect(writers.thrown("40P01")).toBe(0);
  expect(await foundAfterwards(admin, heard)).toEqual([]);
  expect(await deadlocks(admin)).toBe(0);
});

/** A session takes up a delivery, but does not commit before `writer` waits for it. Gives what the writer was answered then. */
async function behind(writers: Writers, first: ChainTransaction, second: ChainTransaction): Promise<Settlement[]> {
  const { database: { admin }, take } = writers;
  let answer: Promise<Settlement[]> | undefined;
  await admin.begin(async (sql) => {
    const session = {
      run: <Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> => work(sql as unknown as Sql),
      close: noop,
    };
    await ingest(session, { source: "webhook", body: new TextEncoder().encode("first"), transactions: [first] });
    answer = take([second]);
    await eventually("the writer to wait", async () => await waitingForLocks(admin) === 1);
  });
  return await answer ?? [];
}

const noop = (): Promise<void> => Promise.resolve();

writersTest(
  "row 24: a call that PostgreSQL ends as the victim of a deadlock (40P01) is made again",
  1,
  async (writers) => {
    const { database: { admin }, take } = writers;
    await take(OPENING);
    // Of two that wait for each other PostgreSQL ends the one that looks first: the writer, not the session that provokes it.
    await withSetting(admin, "deadlock_timeout", "400ms");
    const news = at(5, [transfer(alice, bob, 100n)]);
    let answer: Promise<Settlement[]> | undefined;
    await admin.begin(async (sql) => {
      await sql`set local deadlock_timeout = '1min'`;
      await sql`select from public.vaults where owner = ${bob} for update`;
      answer = take([news]);
      await eventually("the writer to wait for bob's vault", async () => await waitingForLocks(admin) === 1);
      // What the writer has written to already.
      await sql`lock table vaultbook.inbox in access exclusive mode`;
    });
    expect(await answer).toMatchObject([{ outcome: "applied" }]);
    const times = writers.thrown("40P01");
    expect(times).toBeGreaterThan(0);
    expect(await foundAfterwards(admin, [...OPENING, news])).toEqual([]);
    expect(await deadlocks(admin)).toBe(times);
  },
);

writersTest("row 24: a call that could not be serialised (40001) is made again", 1, async (writers) => {
  const { database: { admin }, take } = writers;
  await take(OPENING);
  await withSetting(admin, "default_transaction_isolation", "repeatable read");
  const [first, second] = [at(5, [withdrawal(alice, 100n)]), at(6, [withdrawal(alice, 10n)])];
  expect(await behind(writers, first, second)).toMatchObject([{ outcome: "applied" }]);
  expect(writers.thrown("40001")).toBe(1);
  expect(await foundAfterwards(admin, [...OPENING, first, second])).toEqual([]);
});

writersTest("row 24: a call that draws in what arrived while it waited is made again with that", 1, async (writers) => {
  const { database: { admin }, take } = writers;
  await take(OPENING);
  const [first, second] = [at(6, [transfer(alice, carol, 1_500n)]), at(5, [deposit(alice, 500n)])];
  expect(await behind(writers, first, second)).toMatchObject([{ outcome: "applied" }]);
  expect(writers.thrown("40001")).toBe(1);
  expect(await foundAfterwards(admin, [...OPENING, first, second])).toEqual([]);
});
