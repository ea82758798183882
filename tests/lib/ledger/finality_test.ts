/**
 * What the sweep makes final, beside what happens at the same time.
 *
 * @module
 */
import { expect } from "expect";
import { setTimeout as delay } from "node:timers/promises";
import { beginScan, notePage } from "@/lib/ledger/scans.ts";
import { askFor, finalizeSighted } from "@/lib/ledger/sightings.ts";
import { at, bookTest, deposit, initialise } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");

bookTest("what becomes final while what it waits for arrives is final in the ledger too", async (book) => {
  await book.take(at(2, [deposit(alice, 900n)], { name: "d" }));
  const landing = { signature: signature("d"), slot: 2, failed: false, transactionIndex: 0, blockTime: null };
  await askFor(book.database, 1, [landing]);
  // The ingest that brings the vault has written all of it, and takes a second to commit.
  await book.sql.unsafe(`
    create function public.slow() returns trigger language plpgsql as $$ begin perform pg_sleep(1); return null; end $$;
    create constraint trigger slow after insert on public.vaults initially deferred for each row execute function public.slow()`);
  const opened = book.take(at(1, [initialise(alice)]));
  await delay(400);
  const finalized = await finalizeSighted(book.database, 10);
  await opened;
  const rows = await book.sql`
    select i.outcome, i.finalized_at is not null as inbox, t.finalized_at is not null as ledger
      from vaultbook.inbox as i join public.transactions as t using (signature) where i.signature = ${signature("d")}`;
  expect([finalized, ...rows.map((row) => ({ ...row }))]).toEqual([1, {
    outcome: "applied",
    inbox: true,
    ledger: true,
  }]);
});

bookTest("a scan from slot 0 that was left is gone on with, where there is a watermark", async ({ database }) => {
  const scope = { address: key("some vault"), source: 1, tipSlot: 100 };
  const row = (slot: number) => ({
    ...{ signature: signature(`row ${slot}`), slot },
    ...{ failed: false, blockTime: null, transactionIndex: 0 },
  });
  let scan = await beginScan(database, scope);
  for (const rows of [[row(50), row(40)], [row(40)], [], []]) scan = await notePage(database, scan, rows) ?? scan;
  expect(scan.outcome).toBe("proven");
  const first = await beginScan(database, { ...scope, fromSlot: 0 });
  await notePage(database, first, [row(60), row(50)]);
  const second = await beginScan(database, { ...scope, fromSlot: 0 });
  expect([second.id, second.lowestSlot]).toEqual([first.id, 50]);
});
