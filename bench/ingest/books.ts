/**
 * Two books of the same vaults on one durable PostgreSQL: one that the ingest fills, and one for plain INSERTs.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { type Delivery, ingest } from "@/lib/ledger/ingest.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { onDatabase, tell } from "../measure.ts";
import { Chain } from "./chain.ts";

export interface Books {
  /** The superuser in ours. */
  readonly ours: Sql;
  /** The superuser in the other one; the same driver with the same options as ours has. */
  readonly plain: Sql;
  /** Into ours, over one connection. */
  ingest(delivery: Delivery): Promise<void>;
  /** Into ours, over one of eight. */
  ingestBeside(delivery: Delivery): Promise<void>;
  /** What the server's clock says. */
  moment(): Promise<string>;
  /** Bytes of the write-ahead log so far. */
  walBytes(): Promise<number>;
}

/** Connections of many writers together. */
const WRITERS = 8;

/** Opens so many vaults in both, and works on them and on the chain that goes on from there. */
export async function openBooks(vaults: number, work: (books: Books, chain: Chain) => Promise<void>): Promise<void> {
  await onDatabase(async (ours, url, server) => {
    const other = await openTestDatabase({ server });
    const [one, many] = [openDatabase(url), openDatabase(url, { max: WRITERS })];
    const plain = postgres(other.adminUrl, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
    try {
      const chain = new Chain(vaults);
      tell(`Opening ${vaults} vaults`);
      // What only stands in for a real project's Realtime, which reads the write-ahead log.
      for (const sql of [ours, plain]) await sql.unsafe("alter table realtime.messages disable trigger user");
      for (const delivery of chain.openings()) await ingest(one, delivery);
      await copyVaults(ours, plain);
      for (const sql of [ours, plain]) await sql.unsafe("vacuum analyze");
      await ours.unsafe("checkpoint");
      const into = {
        ingest: (delivery: Delivery) => take(one, delivery),
        ingestBeside: (delivery: Delivery) => take(many, delivery),
      };
      await work({ ours, plain, ...into, ...clockOf(ours) }, chain);
    } finally {
      await one.close();
      await many.close();
      await plain.end();
      await other.close();
    }
  }, { durable: true });
}

async function take(client: Database, delivery: Delivery): Promise<void> {
  const settlements = await ingest(client, delivery);
  const strange = settlements.find(({ outcome }) => outcome !== "applied");
  if (strange) throw new Error(`A transaction was ${strange.outcome} ${strange.code ?? ""}`);
}

function clockOf(sql: Sql): Pick<Books, "moment" | "walBytes"> {
  return {
    async moment(): Promise<string> {
      const [row] = await sql<{ moment: string }[]>`select clock_timestamp()::text as moment`;
      return row?.moment ?? "";
    },
    async walBytes(): Promise<number> {
      const [row] = await sql<{ bytes: string }[]>`select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes`;
      return Number(row?.bytes);
    },
  };
}

/** The vaults, for the rows that refer to them; and no trigger of ours from here on. */
async function copyVaults(from: Sql, to: Sql): Promise<void> {
  await to.unsafe(`do $$ declare t record; begin
    for t in select distinct tgrelid::regclass as name from pg_trigger
      where not tgisinternal and tgrelid::regclass::text !~ '^(auth|realtime)' loop
      execute format('alter table %s disable trigger user', t.name);
    end loop; end $$`);
  const vaults = await from`select * from public.vaults`;
  for (let start = 0; start < vaults.length; start += 1000) {
    await to`insert into public.vaults ${to(vaults.slice(start, start + 1000))}`;
  }
}
