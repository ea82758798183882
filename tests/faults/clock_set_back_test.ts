/**
 * Row 39: somebody sets the server's clock back. What the ledger took back before then is marked with moments that are yet to
 * come; it is not taken for the doing of whoever writes next.
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { at, bookTest, deposit, initialise, withdrawal } from "@/tests/support/book.ts";
import { openAlerts, vaultBalances } from "@/tests/support/ledger_state.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const [alice, bob] = [key("alice"), key("bob")];

bookTest("row 39: after the clock was set back, nobody answers for what others took back", async (book) => {
  await book.take(at(1, [initialise(alice)]), at(2, [initialise(bob)]), at(3, [deposit(alice, 5n)], { name: "d" }));
  await book.lose(at(3, [], { name: "d" }));
  await setBack(book.sql, "1 hour");
  const alerts = await openAlerts(book.sql);
  expect(await book.take(at(4, [deposit(bob, 7n)]), at(6, [withdrawal(bob, 7n)]))).toEqual(["applied", "applied"]);
  // An earlier one: the settling looks at what it takes back.
  expect(await book.take(at(5, [withdrawal(bob, 3n)]))).toEqual(["parked balance_would_be_negative"]);
  expect(await vaultBalances(book.sql, bob)).toEqual(["0", "0", "0", "7", "7"]);
  expect(await openAlerts(book.sql)).toEqual(alerts);
});

bookTest(
  "row 39: within a transaction the ledger's moments follow each other, whatever the clock does",
  async ({ sql }) => {
    await sql.begin(async (own) => {
      // As after a moment in the next hour, when the clock was right.
      await own`select set_config('vaultbook.moment', (now() + interval '1 hour')::text, true)`;
      const [order] = await own`
      select array_agg(moment) = array_agg(moment order by moment) and count(distinct moment) = 1000 as is_strict,
             min(moment) > now() + interval '1 hour' as is_later
        from (select vaultbook.moment() as moment from generate_series(1, 1000)) as m`;
      expect(order).toEqual({ is_strict: true, is_later: true });
    });
  },
);

/** As if the clock had gone right until now, and was set back by that much: all that is on record lies ahead. */
async function setBack(sql: Sql, by: string): Promise<void> {
  await sql.begin(async (own) => {
    await own`alter table vaultbook.compensations disable trigger user`;
    await own`update vaultbook.compensations set compensated_at = compensated_at + ${by}::interval`;
    await own`alter table vaultbook.compensations enable always trigger compensations_append_only`;
  });
}
