/**
 * All invariants on a million rows that came in by the ingest, beside one sequential scan of them with a window that holds each row
 * against the one before.
 *
 * @module
 */
import type { Sql } from "postgres";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { Deposits } from "./books/deposits.ts";
import { isWanted, median, onDatabase, report, sizeOf, tell, timeOf } from "./measure.ts";

const rows = sizeOf("rows", 1_000_000);
const vaults = sizeOf("vaults", 10_000);

/** Transactions of a delivery; turns of each side. */
const BATCH = 1_000;
const ROUNDS = 5;

async function bench(sql: Sql, url: string): Promise<void> {
  const chain = new Deposits(vaults);
  const database = openDatabase(url);
  for (const delivery of chain.openings()) await ingest(database, delivery);
  for (let count = 0; count < rows; count += BATCH) {
    if (count % 100_000 === 0) tell(`${count} of ${rows} rows`);
    await ingest(database, chain.delivery(Math.min(BATCH, rows - count)));
  }
  await database.close();
  await sql`vacuum analyze`;
  await sql`set enable_indexscan = off`;
  await sql`set enable_bitmapscan = off`;
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    await sql`reset enable_indexscan`;
    await sql`reset enable_bitmapscan`;
    times.ours.push(
      await timeOf(async () => {
        const broken = await sql`select invariant, violations from vaultbook.verify() where violations <> 0`;
        if (broken.length > 0) throw new Error(`Broken: ${JSON.stringify(broken)}`);
      }),
    );
    await sql`set enable_indexscan = off`;
    await sql`set enable_bitmapscan = off`;
    times.bare.push(
      await timeOf(() =>
        sql`
        select count(*) from (
          select t.balance_before, lag(t.total_after, 1, 0::bigint) over (
                   partition by t.vault_owner order by t.slot, t.transaction_index, t.event_index
                 ) as before
            from public.transactions as t
        ) as thread
         where thread.balance_before <> thread.before`
      ),
    );
  }
  report({
    ...{ name: "verify/1m", unit: "ms", ours: median(times.ours), ceiling: median(times.bare) },
    ...{ ceiling_name: "one sequential scan with a window", goal: "<= 10" },
  });
}

if (isWanted("verify/1m")) await onDatabase(bench);
