import { expect } from "expect";
import type { Sql } from "postgres";
import { ingest } from "@/lib/ledger/ingest.ts";
import { at, bookTest, deposit, initialise, transfer, withdrawal } from "@/tests/support/book.ts";
import { openAlerts, vaultBalances } from "@/tests/support/ledger_state.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");
const bob = key("bob");

/** Whether this backend settles with no other writer beside it. */
const ALONE = `exists (
  select from pg_catalog.pg_locks
   where pid = pg_catalog.pg_backend_pid() and locktype = 'advisory' and mode = 'ExclusiveLock' and objsubid = 1
)`;

/** Raises this wherever a row is inserted while the condition holds. */
async function raiseOnInsert(sql: Sql, table: string, code: string, condition = "true"): Promise<void> {
  await sql.unsafe(`
    create function public.raise_${code}() returns trigger language plpgsql as $$
    begin
      if ${condition} then
        raise exception 'Raised by the test' using errcode = '${code}';
      end if;
      return null;
    end $$;
    create trigger raises after insert on ${table} for each statement execute function public.raise_${code}()`)
    .simple();
}

/** Has the database count how often an ingest begins to write. Gives what counts so far: what is rolled back counts too. */
async function countAttempts(sql: Sql): Promise<() => Promise<number>> {
  await sql.unsafe(`
    create sequence public.attempts minvalue 0;
    grant usage, select on sequence public.attempts to public;
    select nextval('public.attempts');
    create function public.count_attempt() returns trigger language plpgsql as $$
    begin
      perform nextval('public.attempts');
      return null;
    end $$;
    create trigger counts before insert on vaultbook.deliveries for each statement execute function public.count_attempt()`)
    .simple();
  return async () => Number((await sql`select last_value from public.attempts`)[0]?.last_value);
}

bookTest("row 24: ingest() settles alone what never settles beside others", async ({ take, sql }) => {
  const attempts = await countAttempts(sql);
  await raiseOnInsert(sql, "vaultbook.deliveries", "40001", `not ${ALONE}`);
  expect(await take(at(1, [initialise(alice), deposit(alice, 5n)]))).toEqual(["applied"]);
  expect(await attempts()).toBe(4);
  expect(await vaultBalances(sql, alice)).toEqual(["5", "0", "5", "5", "0"]);
});

bookTest(
  "row 24: ingest() starts over when something that waits for its vaults arrives while it locks them",
  async ({ take, sql }) => {
    await take(at(1, [initialise(alice)]));
    const attempts = await countAttempts(sql);
    let late: Promise<string[]> = Promise.resolve([]);
    await sql.begin(async (other) => {
      // Waits for the deposit, and for a vault that the deposit knows nothing of.
      const transactions = [at(5, [transfer(alice, bob, 5n)])];
      const database = {
        run: <Result>(work: (sql: Sql) => Promise<Result>) => work(other as unknown as Sql),
        close: async () => {},
      };
      await ingest(database, { source: "webhook", body: new Uint8Array([1]), transactions });
      late = take(at(3, [deposit(alice, 5n)]));
      await waitsForLock(sql);
    });
    expect(await late).toEqual(["applied"]);
    expect(await attempts()).toBe(3);
    expect(await take(at(2, [initialise(bob)]))).toEqual(["applied"]);
    expect(await vaultBalances(sql, bob)).toEqual(["5", "0", "5", "0", "0"]);
  },
);

/** Resolves when a writer of this database waits for another. */
async function waitsForLock(sql: Sql): Promise<void> {
  for (;;) {
    const [waiting] = await sql`
      select from pg_locks
       where not granted and locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;
    if (waiting) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

bookTest("row 44: ingest() goes on without an alert that cannot be raised, and notes it", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]));
  await raiseOnInsert(sql, "public.alerts", "P0001");
  expect(await take(at(2, [withdrawal(alice, 5n)], { failed: true }), at(3, [deposit(alice, 5n)])))
    .toEqual(["failed", "applied"]);
  expect(await vaultBalances(sql, alice)).toEqual(["5", "0", "5", "5", "0"]);
  expect(await openAlerts(sql)).toEqual([]);
  const failures = await sql`select code, message from vaultbook.alert_failures`;
  expect(failures).toEqual([{ code: "P0001", message: "Raised by the test" }]);
});

bookTest("row 44: ingest() starts over when another writer ends it at its alerts", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]));
  const attempts = await countAttempts(sql);
  await raiseOnInsert(sql, "public.alerts", "40001", "(select last_value < 2 from public.attempts)");
  expect(await take(at(2, [withdrawal(alice, 5n)], { failed: true }))).toEqual(["failed"]);
  expect(await attempts()).toBe(2);
  expect(await openAlerts(sql)).toEqual([`failed_tx ${alice.slice(0, 8)} × 1`]);
  expect(await sql`select from vaultbook.alert_failures`).toHaveLength(0);
});
