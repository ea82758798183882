/**
 * Two books of the same vaults on one durable PostgreSQL: one that the ingest fills, and one for plain INSERTs.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import { openDatabase } from "@/lib/ledger/database.ts";
import { type Delivery, ingest } from "@/lib/ledger/ingest.ts";
import { withTestServer } from "@/tasks/test/server.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { tell } from "../measure.ts";
import { Chain } from "./chain.ts";

export interface Books {
  /** The superuser in ours. */
  readonly ours: Sql;
  /** The superuser in the other one; the same driver with the same options as ours has. */
  readonly plain: Sql;
  /** Into ours, over one connection. */
  ingest(delivery: Delivery): Promise<void>;
  /** What the server's clock says. */
  moment(): Promise<string>;
  /** Bytes of the write-ahead log so far. */
  walBytes(): Promise<number>;
}

/** Connections of the ingest at most. Whoever calls one after the other uses one. */
const WRITERS = 8;

/** As a small project has it, with commits that wait for the disk. */
const SETTINGS = {
  ...{ fsync: "on", full_page_writes: "on", shared_buffers: "1GB", maintenance_work_mem: "512MB" },
  ...{ max_wal_size: "8GB", checkpoint_timeout: "1h" },
};

export async function openBooks(vaults: number, work: (books: Books, chain: Chain) => Promise<void>): Promise<void> {
  await withTestServer({ fresh: true, settings: SETTINGS, onProgress: tell }, async ({ adminUrl }) => {
    const [ours, plain] = [await openTestDatabase({ server: adminUrl }), await openTestDatabase({ server: adminUrl })];
    const client = openDatabase(ours.url, { max: WRITERS });
    const bare = postgres(plain.adminUrl, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
    try {
      const chain = new Chain(vaults);
      tell(`Opening ${vaults} vaults`);
      // What only stands in for a real project's Realtime, which reads the write-ahead log.
      for (const sql of [ours.admin, bare]) await sql.unsafe("alter table realtime.messages disable trigger user");
      const openings = [...chain.openings()];
      for (const delivery of openings) await ingest(client, delivery);
      await copyVaults(ours.admin, bare);
      for (const sql of [ours.admin, bare]) await sql.unsafe("vacuum analyze");
      await ours.admin.unsafe("checkpoint");
      await work({
        ours: ours.admin,
        plain: bare,
        async ingest(delivery): Promise<void> {
          const settlements = await ingest(client, delivery);
          const strange = settlements.find(({ outcome }) => outcome !== "applied");
          if (strange) throw new Error(`A transaction was ${strange.outcome} ${strange.code ?? ""}`);
        },
        async moment(): Promise<string> {
          const [row] = await ours.admin<{ moment: string }[]>`select clock_timestamp()::text as moment`;
          return row?.moment ?? "";
        },
        async walBytes(): Promise<number> {
          const [row] = await ours.admin<
            { bytes: string }[]
          >`select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes`;
          return Number(row?.bytes);
        },
      }, chain);
    } finally {
      await client.close();
      await bare.end();
      await ours.close();
      await plain.close();
    }
  });
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
