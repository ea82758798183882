/**
 * The current TVL, beside the look-up of one row; and what keeping it costs the ingest.
 *
 * @module
 */
import type { Sql } from "postgres";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { at, deposit, initialise } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { fillVaults, isWanted, median, onDatabase, report, sizeOf, timeOf } from "./measure.ts";

const vaults = sizeOf("vaults", 1_000_000);

const READS = 2_000;
/** Events of a delivery, each of another vault; and deliveries by turns with and without totals. */
const BATCH = 100;
const ROUNDS = 40;

async function benchRead(sql: Sql): Promise<void> {
  const [row] = await sql<{ owner: string }[]>`select owner from public.vaults offset 500 limit 1`;
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let call = 0; call < READS; call++) {
    times.ours.push(await timeOf(() => sql`select * from vaultbook.current_tvl`));
    times.bare.push(await timeOf(() => sql`select total_balance from public.vaults where owner = ${row?.owner ?? ""}`));
  }
  report({
    ...{ name: "tvl/read", unit: "ms", ours: median(times.ours), ceiling: median(times.bare) },
    ceiling_name: "look-up of one vault",
  });
}

/** The function that moves balances: as it is, and without its last step, which follows in the totals. */
async function waysToPost(sql: Sql): Promise<{ with: string; without: string }> {
  const [row] = await sql<{ text: string }[]>`select pg_get_functiondef('vaultbook.post'::regproc) as text`;
  const text = row?.text ?? "";
  const without = text
    .replace("  ), balanced as (\n", "  )\n")
    .replace(/ {4}returning v\.owner, v\.vault_address[^;]*;\n/, "    ;\n");
  if (without.includes("vault_totals") || !text.includes("vault_totals")) throw new Error("post() is another one now");
  return { with: text, without };
}

async function benchWrite(sql: Sql, url: string): Promise<void> {
  const database = openDatabase(url);
  const post = await waysToPost(sql);
  const owners = Array.from({ length: BATCH * 20 }, (_, number) => key(`owner ${number}`));
  let slot = 1;
  const send = async (transactions: Parameters<typeof ingest>[1]["transactions"]): Promise<void> => {
    await ingest(database, { source: "webhook", body: new TextEncoder().encode(`${slot}`), transactions });
  };
  for (let from = 0; from < owners.length; from += BATCH) {
    await send(owners.slice(from, from + BATCH).map((owner) => at(slot++, [initialise(owner)])));
  }
  const times = { with: [] as number[], without: [] as number[] };
  for (let round = 0; round < ROUNDS * 2 + 10; round++) {
    const way = round % 2 ? "with" : "without";
    await sql.unsafe(post[way]);
    const first = (round >> 1) % 20 * BATCH;
    const delivery = owners.slice(first, first + BATCH).map((owner) => at(slot++, [deposit(owner, 5n)]));
    const time = await timeOf(() => send(delivery));
    if (round >= 10) times[way].push(time);
  }
  await database.close();
  const [ours, ceiling] = [times.with, times.without].map((of) => BATCH * 1000 / median(of));
  report({
    ...{ name: "tvl/write", unit: "events/s", ours: ours ?? 0, ceiling: ceiling ?? 0 },
    ceiling_name: `ingest of ${BATCH} without totals`,
  });
}

if (isWanted("tvl/write")) await onDatabase(benchWrite);
if (isWanted("tvl/read")) {
  await onDatabase(async (sql) => {
    await fillVaults(sql, vaults);
    await benchRead(sql);
  });
}
