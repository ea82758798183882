/**
 * What each index of `transactions` costs: inserting rows of many vaults with all of them, and with all but it; and, where another kind
 * could do, with that instead. Sizes are told beside.
 *
 * @module
 */
import type { Sql } from "postgres";
import { fillLedger } from "./books/long_ledger.ts";
import { fillVaults, isWanted, median, onDatabase, report, sizeOf, tell, timeOf } from "./measure.ts";

const rows = sizeOf("rows", 200_000);
const VAULTS = 10_000;
const ROUNDS = 5;
/** Rows of a statement, as of a delivery. */
const PART = 1_000;

interface Variant {
  readonly name: string;
  /** An index of `transactions` that is left out. */
  readonly without: string | null;
  /** One in its place. */
  readonly instead?: string;
}

const VARIANTS: readonly Variant[] = [
  { name: "all", without: null },
  ...["vault_owner", "type", "status", "created_at", "signature"].map((column) => ({
    name: `idx_transactions_${column}`,
    without: `idx_transactions_${column}`,
  })),
  {
    name: "created_at by BRIN",
    without: "idx_transactions_created_at",
    instead: "create index on probe using brin (created_at)",
  },
  {
    name: "created_at by btree",
    without: "idx_transactions_created_at",
    instead: "create index on probe (created_at)",
  },
];

/** Microseconds a row, and bytes of all indexes a row. */
async function insertInto(sql: Sql, { without, instead }: Variant): Promise<{ time: number; bytes: number }> {
  await sql`drop table if exists probe`;
  await sql`create table probe (like public.transactions including defaults including constraints)`;
  const indexes = await sql<{ definition: string }[]>`
    select pg_get_indexdef(i.indexrelid) as definition from pg_catalog.pg_index as i
     where i.indrelid = 'public.transactions'::regclass and i.indexrelid is distinct from ${without}::text::regclass`;
  for (const { definition } of indexes) {
    await sql.unsafe(definition.replace(/ INDEX \S+ ON public\.transactions /, " INDEX ON probe "));
  }
  if (instead) await sql.unsafe(instead);
  await sql`checkpoint`;
  const time = await timeOf(async () => {
    for (let from = 0; from < rows; from += PART) {
      await sql.unsafe(
        `insert into probe select * from ready where slot >= ${from / 100} and slot < ${(from + PART) / 100}`,
      );
    }
  });
  const [row] = await sql<{ bytes: string }[]>`select pg_indexes_size('probe') as bytes`;
  // not an amount: bytes
  return { time: time * 1000 / rows, bytes: Number(row?.bytes) / rows };
}

async function bench(sql: Sql): Promise<void> {
  await fillVaults(sql, VAULTS);
  await fillLedger(sql, VAULTS, rows);
  await sql`create table ready as select * from public.transactions`;
  await sql`create index on ready (slot)`;
  await sql`vacuum analyze ready`;
  const times = new Map(VARIANTS.map(({ name }) => [name, [] as number[]]));
  const bytes = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    tell(`Round ${round + 1} of ${ROUNDS}`);
    for (const variant of VARIANTS) {
      const measured = await insertInto(sql, variant);
      times.get(variant.name)?.push(measured.time);
      bytes.set(variant.name, measured.bytes);
    }
  }
  const [all, allBytes] = [median(times.get("all") ?? []), bytes.get("all") ?? 0];
  for (const { name, instead } of VARIANTS.slice(1)) {
    const own = median(times.get(name) ?? []);
    const size = allBytes - (bytes.get(name) ?? 0);
    tell(`${name}: ${Math.abs(size).toFixed(1)} bytes a row ${size >= 0 ? "more" : "less"} as it is`);
    report({
      ...{ name: `indexes/${name}`, unit: "µs a row", ours: all, ceiling: own },
      ceiling_name: instead ? "with it instead" : "without it",
    });
  }
}

if (VARIANTS.some(({ name }) => isWanted(`indexes/${name}`))) await onDatabase(bench, { durable: true });
