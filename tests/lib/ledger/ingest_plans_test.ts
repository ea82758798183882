/** No call of the ledger looks through the whole inbox: it grows for ever. */
import { expect } from "expect";
import type { Sql } from "postgres";
import { at, type Book, bookTest, deposit, initialise } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");

bookTest("this test sees a sequential scan", async (book) => {
  expect(await scansOf(book, (sql) => sql`select from vaultbook.inbox where reason = 'x'`)).toBe(1);
});

bookTest("a repeated delivery is known by index", async (book) => {
  const digest = await delivered(book);
  expect(await scansOf(book, (sql) => take(sql, "webhook", item(digest, false), false))).toBe(0);
});

bookTest("a conflict is known by index", async (book) => {
  await delivered(book);
  expect(await scansOf(book, (sql) => take(sql, "webhook", item("00", false), false))).toBe(0);
});

bookTest("what is overruled is found by index", async (book) => {
  await delivered(book);
  expect(await scansOf(book, (sql) => take(sql, "sweep", item("00", true), true))).toBe(0);
});

bookTest("what is rolled back is found by index", async (book) => {
  await delivered(book);
  const lost = JSON.stringify([{ signature: signature("d"), slot: 2 }]);
  expect(await scansOf(book, (sql) => sql`select vaultbook.roll_back(${lost}::text::jsonb)`)).toBe(0);
});

/** One deposit. @returns the digest of its content, in hexadecimal. */
async function delivered({ take, sql }: Book): Promise<string> {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 1n)], { name: "d" }));
  const [row] = await sql`select encode(content_sha256, 'hex') as hex from vaultbook.inbox where signature = ${
    signature("d")
  }`;
  return row?.hex as string;
}

/** The same place with this content: nothing of ours, if it is another. */
function item(digest: string, finalized: boolean): string {
  const nothing = {
    outcome: "ignored",
    code: "other_program",
    reason: "x",
    vaults: [],
    content: { failed: false, events: [] },
  };
  const place = { position: 0, signature: signature("d"), slot: 2, transaction_index: 0 };
  return JSON.stringify([{ ...place, ...nothing, content_sha256: digest, finalized }]);
}

function take(sql: Sql, source: string, items: string, isAlone: boolean): Promise<unknown> {
  return sql`select from vaultbook.ingest(${source}, 'x'::bytea, ${items}::text::jsonb, ${isAlone})`;
}

/** Sequential scans of the inbox by this work, where the planner takes any index that there is. */
async function scansOf({ sql }: Book, work: (sql: Sql) => Promise<unknown>): Promise<number> {
  return await sql.begin(async (own) => {
    await own`set local enable_seqscan = off`;
    // The counter begins with what this session has not reported yet.
    const count = async (): Promise<number> => {
      const [row] = await own`select pg_stat_get_xact_numscans('vaultbook.inbox'::regclass)::integer as count`;
      return row?.count as number;
    };
    const before = await count();
    await work(own as unknown as Sql);
    return await count() - before;
  }) as number;
}
