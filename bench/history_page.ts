/**
 * A page of 50 rows deep in a long ledger, as the API reads it for who may see all, beside the bare index scan that serves it: one page of
 * one owner behind a position, over the same connection.
 *
 * @module
 */
import type { Sql } from "postgres";
import { openDatabase } from "@/lib/ledger/database.ts";
import { readLedgerPage } from "@/lib/ledger/ledger_page.ts";
import { statement } from "@/lib/ledger/statement.ts";
import { fillLedger } from "./books/long_ledger.ts";
import { fillVaults, isWanted, median, onDatabase, quantile, report, sizeOf, tell, timeOf } from "./measure.ts";

const rows = sizeOf("rows", 10_000_000);
const vaults = sizeOf("vaults", 10_000);

const PAGE = 50;
const CALLS = 2_000;
const WARM_UP = 100;
const NOBODY = "00000000-0000-0000-0000-000000000000";

async function bench(sql: Sql, url: string): Promise<void> {
  await fillVaults(sql, vaults);
  await fillLedger(sql, vaults, rows);
  const owners = await sql<{ owner: string }[]>`select owner from public.vaults order by owner limit 1000`;
  const database = openDatabase(url);
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let call = -WARM_UP; call < CALLS; call++) {
    const owner = owners[Math.abs(call * 7919) % owners.length]?.owner ?? "";
    // fillLedger puts a hundred rows into a slot. Somewhere between the first tenth and the last.
    const slot = Math.floor(rows / 100 * (0.1 + 0.8 * (Math.abs(call * 104_729) % 1000) / 1000));
    const after = { at: "chain", slot, place: [0, 0, false], id: NOBODY } as const;
    const ours = await timeOf(async () => {
      const page = await readLedgerPage(database, { kind: "service" }, { owner, after, limit: PAGE });
      if (page.rows.length === 0) throw new Error("The page is empty");
    });
    const bare = await timeOf(() =>
      database.run((own) =>
        own.unsafe(String(statement`
          select * from public.transactions
           where vault_owner = ${owner} and (slot, transaction_index, event_index) < (${slot}, 0, 0)
           order by vault_owner desc, slot desc, transaction_index desc, event_index desc limit ${PAGE + 1}`))
      )
    );
    if (call < 0) continue;
    times.ours.push(ours);
    times.bare.push(bare);
  }
  await database.close();
  for (const [way, of] of Object.entries(times)) tell(`${way}: p99 ${quantile(of, 0.99).toFixed(2)} ms`);
  report({
    ...{ name: "history/page", unit: "ms", ours: median(times.ours), ceiling: median(times.bare) },
    ...{ ceiling_name: "the bare index scan", goal: "<= 1.5" },
  });
}

if (isWanted("history/page")) await onDatabase(bench);
