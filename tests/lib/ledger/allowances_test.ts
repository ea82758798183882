import { expect } from "expect";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { forgetAllowances, takeAllowance } from "@/lib/ledger/allowances.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { type Book, bookTest } from "@/tests/support/book.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

/** Sets a rule. */
async function allow({ sql }: Book, most: number, period: string, enabled = true): Promise<void> {
  await sql`update public.rate_limits set most = ${most}, period = ${period}::text::interval, enabled = ${enabled} where activity = 'history'`;
}

/** Takes one use; gives the seconds to wait, 0 where it is allowed. */
async function take({ database }: Pick<Book, "database">, caller: string): Promise<number> {
  try {
    await takeAllowance(database, "history", caller);
    return 0;
  } catch (error) {
    if (!(error instanceof VaultbookError) || error.code !== "rate_limited") throw error;
    return Number(error.details.retry_after_seconds);
  }
}

/** As if so much time had passed. */
async function pass({ sql }: Book, time: string): Promise<void> {
  await sql`update vaultbook.allowances set used_until = used_until - ${time}::text::interval`;
}

async function times(count: number, work: () => Promise<number>): Promise<number[]> {
  const results: number[] = [];
  for (let i = 0; i < count; i++) results.push(await work());
  return results;
}

bookTest("takeAllowance() allows so many at once and then as they come back, each caller for itself", async (book) => {
  await allow(book, 3, "1 hour");
  expect(await times(3, () => take(book, "a"))).toEqual([0, 0, 0]);
  const [wait = 0, same = 0] = await times(2, () => take(book, "a"));
  expect(wait).toBeGreaterThan(1190);
  expect(wait).toBeLessThanOrEqual(1200);
  // A refusal uses nothing.
  expect(Math.abs(same - wait)).toBeLessThanOrEqual(1);
  expect(await times(3, () => take(book, "b"))).toEqual([0, 0, 0]);
  await pass(book, "20 minutes");
  expect(await times(2, () => take(book, "a"))).toEqual([0, expect.any(Number)]);
  await pass(book, "40 minutes");
  expect((await times(3, () => take(book, "a"))).map((wait) => wait > 0)).toEqual([false, false, true]);
  // Silence saves up no more than a period.
  await pass(book, "3 days");
  expect((await times(4, () => take(book, "a"))).map((wait) => wait > 0)).toEqual([false, false, false, true]);
});

Deno.test("takeAllowance() lets through exactly so many of those that come at once", async () => {
  const test = await openTestDatabase();
  const database = openDatabase(test.url, { max: 8 });
  try {
    await test.admin`update public.rate_limits set most = 20, period = '1 hour'`;
    const waits = await Promise.all(Array.from({ length: 60 }, () => take({ database }, "a")));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(20);
    expect(waits.filter((wait) => wait > 0 && wait <= 180)).toHaveLength(40);
  } finally {
    await database.close();
    await test.close();
  }
});

bookTest(
  "takeAllowance() follows its rule at once, allows all without one, and forgives a clock that was set back",
  async (book) => {
    await allow(book, 1, "1 hour");
    expect(await times(2, () => take(book, "a"))).toEqual([0, 3600]);
    await allow(book, 1, "1 hour", false);
    expect(await times(5, () => take(book, "a"))).toEqual([0, 0, 0, 0, 0]);
    await allow(book, 1, "1 second");
    expect(await take(book, "a")).toBe(0);
    await allow(book, 1, "1 hour");
    await book.sql`update vaultbook.allowances set used_until = now() + interval '3 days'`;
    expect((await times(2, () => take(book, "a"))).map((wait) => wait > 0)).toEqual([false, true]);
    await book.sql`delete from public.rate_limits where activity = 'history'`;
    expect(await times(5, () => take(book, "a"))).toEqual([0, 0, 0, 0, 0]);
  },
);

bookTest("forgetAllowances() forgets who has used nothing that still counts", async (book) => {
  await allow(book, 2, "1 hour");
  for (const caller of ["a", "b", "c"]) await take(book, caller);
  await book.sql`update vaultbook.allowances set used_until = now() - interval '1 second' where caller = 'a'`;
  await book.sql`update vaultbook.allowances set used_until = now() + interval '2 days' where caller = 'b'`;
  expect(await forgetAllowances(book.database)).toBe(2);
  expect((await book.sql`select caller from vaultbook.allowances`).map(({ caller }) => caller)).toEqual(["c"]);
});
