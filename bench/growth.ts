/**
 * What grows with the book: a delivery, a page, a balance as of a time and a tick of snapshots at ten thousand, a hundred thousand and a
 * million rows or vaults, each beside the same at ten thousand.
 *
 * @module
 */
import type { Sql } from "postgres";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { readLedgerPage } from "@/lib/ledger/ledger_page.ts";
import { Deposits } from "./books/deposits.ts";
import { fillVaults, isWanted, median, onDatabase, report, sizeOf, tell, timeOf } from "./measure.ts";

const most = sizeOf("rows", 1_000_000);
const SIZES = [10_000, 100_000, 1_000_000].filter((size) => size <= most);
/** Few enough that a page is full at the smallest size. */
const VAULTS = 100;

/** Transactions of a delivery that is measured, and of one that only fills. */
const BATCH = 100;
const FILLING = 1_000;
/** Deliveries and questions of each size, and ticks. */
const DELIVERIES = 30;
const QUESTIONS = 300;
const TICKS = 3;

/** Says figures of growing sizes, each beside the first of its name. */
function growing(): (name: string, unit: string, size: number, value: number) => void {
  const first = new Map<string, number>();
  return (name, unit, size, value) => {
    const ceiling = first.get(name) ?? value;
    first.set(name, ceiling);
    report({ name: `growth/${name}/${size}`, unit, ours: value, ceiling, ceiling_name: `at ${SIZES[0]}` });
  };
}

async function benchLedger(sql: Sql, url: string): Promise<void> {
  const say = growing();
  const chain = new Deposits(VAULTS);
  const database = openDatabase(url);
  for (const delivery of chain.openings()) await ingest(database, delivery);
  let rows = 0;
  for (const size of SIZES) {
    tell(`Up to ${size} rows`);
    for (; rows < size - DELIVERIES * BATCH; rows += FILLING) await ingest(database, chain.delivery(FILLING));
    await sql`vacuum analyze`;
    const times: number[] = [];
    for (let round = 0; round < DELIVERIES; round++, rows += BATCH) {
      const delivery = chain.delivery(BATCH);
      times.push(await timeOf(() => ingest(database, delivery)));
    }
    say("ingest", "ms", size, median(times));
    const [span] = await sql<{ first: string; last: string }[]>`
      select min(slot) as first, max(slot) as last from public.transactions`;
    const slotAt = (part: number): number =>
      Math.floor(Number(span?.first) + part * (Number(span?.last) - Number(span?.first)));
    const [pages, balances] = [[] as number[], [] as number[]];
    for (let call = 0; call < QUESTIONS; call++) {
      const owner = chain.owners[(call * 7919) % VAULTS] ?? "";
      const slot = slotAt(0.6 + 0.4 * ((call * 104_729) % 1000) / 1000);
      const after = { at: "chain", slot, place: [0, 0, false], id: crypto.randomUUID() } as const;
      pages.push(await timeOf(() => readLedgerPage(database, { kind: "service" }, { owner, after, limit: 50 })));
      const moment = new Date((1_700_000_000 + slot) * 1000).toISOString();
      balances.push(await timeOf(() => sql`select * from vaultbook.balance_as_of(${owner}, ${moment})`));
    }
    say("history", "ms", size, median(pages));
    say("asof", "ms", size, median(balances));
  }
  await database.close();
}

async function benchSnapshots(sql: Sql): Promise<void> {
  const say = growing();
  let tick = 0;
  for (const size of SIZES) {
    await fillVaults(sql, size);
    const times: number[] = [];
    for (let round = 0; round < TICKS; round++) {
      tick++;
      times.push(
        await timeOf(() => sql`select vaultbook.take_snapshots('periodic', now() + ${tick} * interval '5 minutes')`),
      );
    }
    // Of a vault, since there are as many rows as vaults.
    say("snapshot", "µs a vault", size, median(times) * 1000 / size);
  }
}

const wanted = (name: string): boolean => isWanted(`growth/${name}`);
if (["ingest", "history", "asof"].some(wanted)) await onDatabase(benchLedger, { durable: true });
if (wanted("snapshot")) await onDatabase(benchSnapshots, { durable: true });
