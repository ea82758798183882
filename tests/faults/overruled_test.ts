/**
 * Rows 2, 8 and 13: what the chain finalized goes before what was said, also where the chain's list and its copy disagree. What
 * needs no list is told in `tests/support/model/stories_of_overruling.ts`.
 */
import { expect } from "expect";
import { at, bookTest, deposit, initialise } from "@/tests/support/book.ts";
import { openAlerts, vaultBalances } from "@/tests/support/ledger_state.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";
import { askFor, finalizeSighted } from "@/lib/ledger/sightings.ts";

const alice = key("alice");

bookTest("row 8: where a forged content was listed says nothing of the true one", async (book) => {
  await book.take(at(1, [initialise(alice)]), at(2, [deposit(alice, 900n)], { name: "d" }));
  await book.take(at(5, [deposit(alice, 900n)], { name: "d" }));
  const listed = { signature: signature("d"), slot: 5, failed: false, transactionIndex: 0, blockTime: null };
  await askFor(book.database, 1, [listed]);
  expect(await finalizeSighted(book.database, 10)).toBe(1);
  // A node that lists it in another slot than it then tells.
  expect(await book.takeFinalized(at(4, [deposit(alice, 100n)], { name: "d" }))).toEqual(["applied"]);
  const rows = await book.sql`
    select outcome, slot::integer, content -> 'events' -> 0 ->> 'amount' as amount
      from vaultbook.inbox where signature = ${signature("d")} order by 1`;
  expect([...rows]).toEqual([
    { outcome: "applied", slot: 4, amount: "100" },
    { outcome: "conflict", slot: 5, amount: "900" },
  ]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["100", "0", "100", "100", "0"]);
});

bookTest("row 13: an amount that the chain's own copy does not show is taken back, and told of", async (book) => {
  const landing = { signature: signature("d"), slot: 2, transactionIndex: 0, blockTime: null };
  const unreadable = {
    ...landing,
    verdict: "quarantined",
    code: "undecodable_event",
    reason: "of another length",
  } as const;
  await book.take(at(1, [initialise(alice)]), at(2, [deposit(alice, 900n)], { name: "d" }));
  expect(await book.takeFinalized(unreadable)).toEqual(["quarantined undecodable_event"]);
  expect(await vaultBalances(book.sql, alice)).toEqual(["0", "0", "0", "0", "0"]);
  expect(await openAlerts(book.sql)).toEqual([
    "conflict 2TdUWimB × 1",
    "rolled_back 3x9az88D × 1",
    "undecodable_event inbox × 1",
  ]);
  expect(await book.take(at(2, [deposit(alice, 900n)], { name: "d" }))).toEqual([
    "conflict signature_has_other_content",
  ]);
});
