/**
 * What an ingest inserted, and the same by plain INSERTs.
 *
 * @module
 */
import type { Sql } from "postgres";

/** Every table that a delivery makes rows in, and which of them one made since a moment. */
const TABLES: Readonly<Record<string, string>> = {
  "vaultbook.deliveries": "received_at",
  "vaultbook.inbox": "first_seen_at",
  "public.transactions": "updated_at",
  "public.balance_snapshots": "timestamp",
  "realtime.messages": "inserted_at at time zone 'utc'",
};

/** Rows by table, as the driver reads them. */
export type Rows = ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>;

/** What was inserted between two moments that the server's clock said. */
export async function rowsBetween(sql: Sql, from: string, to: string): Promise<Rows> {
  const rows = new Map<string, Record<string, unknown>[]>();
  for (const [table, moment] of Object.entries(TABLES)) {
    rows.set(table, [
      ...await sql.unsafe(`select * from ${table} where ${moment} >= '${from}' and ${moment} < '${to}'`),
    ]);
  }
  return rows;
}

/** Inserts the rows in one transaction, table by table, without waiting for an answer in between. */
export async function insertPlainly(sql: Sql, rows: Rows): Promise<void> {
  await sql.begin((own) =>
    [...rows].filter(([, of]) => of.length > 0).map(([table, of]) => {
      const columns = Object.keys(of[0] ?? {}).filter((column) => column !== "body_sha256");
      const values = of.map((_, row) => `(${columns.map((_, column) => `$${row * columns.length + column + 1}`)})`);
      const text = `insert into ${table} (${columns}) overriding system value values ${values}`;
      // deno-lint-ignore no-explicit-any -- as they came
      return own.unsafe(text, of.flatMap((row) => columns.map((column) => parameter(row[column]) as any)));
    })
  );
}

/** A list of addresses as PostgreSQL writes it: the driver was not asked to learn the types of lists. */
function parameter(value: unknown): unknown {
  return Array.isArray(value) ? `{${value}}` : value;
}
