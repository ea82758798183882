import { expect } from "expect";
import type { Sql } from "postgres";
import type { Database } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { type AnnouncedTransaction, attachSignature, expirePending, openPending } from "@/lib/ledger/pending.ts";
import { announcement, census, eventOf, fate, landing, letTimePass, refusal } from "@/tests/support/announced.ts";
import { at, type Book, bookTest, deposit, initialise } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");
const intent = announcement(alice, "deposit", 5n);

async function oneVault({ take }: Book): Promise<void> {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)]));
}

/** Does the first in a transaction that is still open while the second begins, and waits until that waits for it. */
async function during<First, Second>(
  sql: Sql,
  first: (held: Database) => Promise<First>,
  second: () => Promise<Second>,
): Promise<[First, Second]> {
  let waiting: Promise<Second> | undefined;
  const done = await sql.begin(async (transaction) => {
    const held: Database = { run: (work) => work(transaction as unknown as Sql), close: () => Promise.resolve() };
    const result = await first(held);
    waiting = second();
    for (let tries = 0;; tries++) {
      const blocked = await sql`
        select from pg_locks where not granted and locktype = 'advisory'
           and database = (select oid from pg_database where datname = current_database())`;
      if (blocked.length > 0) return { result };
      if (tries === 1000) throw new Error("The second did not wait for the first");
      await new Promise((resume) => setTimeout(resume, 10));
    }
  });
  if (!waiting) throw new Error("The second never began");
  return [done.result, await waiting];
}

bookTest("row 26: openPending() makes one row of 16 requests at once with one key", async (book) => {
  const { database, sql } = book;
  await oneVault(book);
  const all = await Promise.all(Array.from({ length: 16 }, () => openPending(database, intent)));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect(await census(sql)).toMatchObject({ pending: 1 });
});

bookTest("row 23: attachSignature() attaches one signature to one row, of 16 at once", async (book) => {
  const { database, sql } = book;
  await oneVault(book);
  const rows = await Promise.all(
    Array.from({ length: 16 }, (_, n) => openPending(database, { ...intent, idempotencyKey: `key ${n}` })),
  );
  const attach = ({ id }: AnnouncedTransaction, name: string): Promise<string> =>
    refusal(attachSignature(database, { id, owner: alice, signature: signature(name) }));
  const oneToAll = await Promise.all(rows.map((row) => attach(row, "shared")));
  expect(oneToAll.sort()).toEqual(["done", ...Array(15).fill("signature_taken")]);
  const [unsigned] =
    await sql`select id from public.transactions where status = 'pending' and submitted_signature is null`;
  const row = { id: String(unsigned?.id) } as AnnouncedTransaction;
  const allToOne = await Promise.all(rows.map((_, n) => attach(row, `signature ${n}`)));
  expect(allToOne.sort()).toEqual(["done", ...Array(15).fill("signature_attached")]);
  const sameToOne = await Promise.all(rows.map(() => attach(row, "shared")));
  expect(sameToOne).toEqual(Array(16).fill("signature_attached"));
});

bookTest("row 23: a signature that is attached while its event comes is in one row, whoever is first", async (book) => {
  const { database, take, sql } = book;
  await oneVault(book);
  // Of a block so old that nothing but the signature can tell.
  const event = (name: string, slot: number) => landing(slot, name, [eventOf(intent)], { secondsAgo: 900 });
  const body = new TextEncoder().encode("during");

  const early = await openPending(database, { ...intent, idempotencyKey: "early" });
  const [, outcome] = await during(
    sql,
    (held) => attachSignature(held, { id: early.id, owner: alice, signature: signature("attached first") }),
    () => take(event("attached first", 5)),
  );
  expect([outcome, await fate(sql, early.id, "attached first")]).toEqual([
    ["applied"],
    "confirmed deposit 5 attached first",
  ]);

  const late = await openPending(database, { ...intent, idempotencyKey: "late" });
  const transactions = [event("heard of first", 6)];
  const [, shown] = await during(
    sql,
    (held) => ingest(held, { source: "webhook", body, transactions }),
    () => attachSignature(database, { id: late.id, owner: alice, signature: signature("heard of first") }),
  );
  expect([shown.status, shown.signature]).toEqual(["confirmed", signature("heard of first")]);
  expect(await fate(sql, late.id)).toBe("pending deposit 5");
  expect(await census(sql)).toMatchObject({ pending: 1, confirmed: 3 });
});

bookTest("expirePending() leaves alone what is being settled just now", async (book) => {
  const { database, sql } = book;
  await oneVault(book);
  const { id } = await openPending(database, intent);
  const signing = { id, owner: alice, signature: signature("signed") };
  await attachSignature(database, signing);
  await letTimePass(sql);
  await sql.begin(async (transaction) => {
    const held: Database = { run: (work) => work(transaction as unknown as Sql), close: () => Promise.resolve() };
    const body = new TextEncoder().encode("settling");
    await ingest(held, { source: "webhook", body, transactions: [landing(5, "signed", [eventOf(intent)])] });
    expect(await expirePending(database)).toBe(0);
  });
  expect(await fate(sql, id, "signed")).toBe("confirmed deposit 5 signed");
  expect(await expirePending(database)).toBe(0);
});

bookTest(
  "rows 1 and 23: 16 wallets at once, their events, repetitions and expiries leave every row settled once",
  async (book) => {
    const { database, take, sql } = book;
    await oneVault(book);
    const wallets = Array.from({ length: 16 }, async (_, n) => {
      const own = { ...intent, idempotencyKey: `wallet ${n}` };
      const { id } = await openPending(database, own);
      const signing = { id, owner: alice, signature: signature(`wallet ${n}`) };
      const event = landing(100 + n, `wallet ${n}`, [eventOf(intent)], { secondsAgo: 900 });
      await Promise.all([
        attachSignature(database, signing).then(() => take(event)),
        openPending(database, own),
        expirePending(database),
        attachSignature(database, signing),
      ]);
      expect(await take(event)).toEqual(["duplicate"]);
      expect(await attachSignature(database, signing)).toMatchObject({ id, status: "confirmed" });
    });
    await Promise.all(wallets);
    expect(await census(sql)).toEqual({ pending: 0, confirmed: 17, failed: 0, off_chain: 0 });
  },
);
