import { expect } from "expect";
import type { Sql } from "postgres";
import { at, bookTest, deposit, initialise } from "@/tests/support/book.ts";
import { openAlerts } from "@/tests/support/ledger_state.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");

/** The open gaps: after which slot and before which, and how often they showed. */
async function gaps(sql: Sql): Promise<unknown[]> {
  const rows = await sql`
    select data -> 'after_slot' as after, data -> 'before_slot' as before, data -> 'count' as count
      from public.alerts where alert_type = 'gap_detected' and resolved_at is null`;
  return rows.map((row) => [row.after, row.before, row.count]);
}

bookTest(
  "ingest() names the vault and the slots between which an event is missing, until it comes",
  async ({ take, sql }) => {
    await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 100n, 100n)]));
    expect(await gaps(sql)).toEqual([]);
    // The deposit of 5 in slot 3 was lost.
    await take(at(4, [deposit(alice, 7n, 112n)]));
    expect(await gaps(sql)).toEqual([[2, 4, 1]]);
    expect(await openAlerts(sql)).toEqual([`gap_detected ${alice.slice(0, 8)} × 1`]);
    // What comes behind the gap shows it again, and does not move it.
    await take(at(6, [deposit(alice, 1n, 113n)]));
    expect(await gaps(sql)).toEqual([[2, 4, 2]]);
    await take(at(3, [deposit(alice, 5n, 105n)]));
    expect(await gaps(sql)).toEqual([]);
  },
);

bookTest("ingest() moves a gap to where it begins when that becomes known", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]));
  // Of the deposits in slots 2, 4 and 6 only the last arrives first.
  await take(at(6, [deposit(alice, 1n, 111n)]));
  expect(await gaps(sql)).toEqual([[null, 6, 1]]);
  await take(at(4, [deposit(alice, 10n, 110n)]));
  expect(await gaps(sql)).toEqual([[null, 4, 2]]);
  await take(at(2, [deposit(alice, 100n, 100n)]));
  expect(await gaps(sql)).toEqual([]);
});

bookTest("ingest() goes on to the next gap when the first one is filled", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 1n, 1n)]));
  // Those of slots 3 and 5 are missing.
  await take(at(4, [deposit(alice, 1n, 3n)]), at(6, [deposit(alice, 1n, 5n)]));
  expect(await gaps(sql)).toEqual([[2, 4, 1]]);
  await take(at(3, [deposit(alice, 1n, 2n)]));
  expect(await gaps(sql)).toEqual([[4, 6, 2]]);
  await take(at(5, [deposit(alice, 1n, 4n)]));
  expect(await gaps(sql)).toEqual([]);
});
