import { expect } from "expect";
import type { Sql } from "postgres";
import type { ChainTransaction, ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { type Announcement, attachSignature, expirePending, openPending } from "@/lib/ledger/pending.ts";
import { announcement, eventOf, landing, letTimePass, refusal } from "@/tests/support/announced.ts";
import { at, type Book, bookTest, deposit, initialise } from "@/tests/support/book.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants, wholeBook } from "@/tests/support/ledger_state.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";
import { chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";

/** Wallets, one after the other, each with so many steps. */
const WALLETS = 4;
const STEPS = 120;

interface Announced {
  readonly intent: Announcement;
  readonly id: string;
  readonly name: string;
  /** Attached before its event came. */
  signed: boolean;
  delivered: boolean;
}

/** What wallets and chain did, and how often. A run that left one out has shown nothing of it. */
const DEEDS = ["announced", "refused", "signed", "signed late", "expired", "delivered", "failed", "repeated"] as const;

interface Day {
  readonly tally: Record<(typeof DEEDS)[number], number>;
  readonly all: Announced[];
  /** What the chain said. */
  readonly chain: ReadTransaction[];
}

/** One random step of a wallet, and of the chain under it. */
async function step(
  book: Book,
  { tally, all, chain }: Day,
  owner: string,
  name: string,
  random: () => number,
): Promise<void> {
  const { database, take, sql } = book;
  const one = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];
  const choice = random();
  if (choice < 0.35) {
    const intent = announcement(owner, random() < 0.7 ? "deposit" : "withdrawal", one([5n, 6n, 7n]) ?? 5n, name);
    const verdict = await refusal(
      openPending(database, intent).then(({ id }) => {
        all.push({ intent, id, name, signed: false, delivered: false });
      }),
    );
    tally[verdict === "done" ? "announced" : "refused"]++;
  } else if (choice < 0.6) {
    const own = one(all.filter((known) => known.intent.owner === owner && !known.signed));
    if (!own) return;
    const signing = { id: own.id, owner, signature: signature(own.name) };
    const done = await refusal(attachSignature(database, signing)) === "done";
    tally[!done ? "refused" : own.delivered ? "signed late" : "signed"]++;
    own.signed = done && !own.delivered;
  } else if (choice < 0.85) {
    const own = random() < 0.8
      ? one(all.filter((known) => known.intent.owner === owner && !known.delivered))
      : undefined;
    const failed = random() < 0.2;
    const event = landing(
      10 + Math.floor(random() * 10_000),
      own?.name ?? `not announced, ${name}`,
      [own ? eventOf(own.intent) : deposit(owner, one([5n, 6n, 8n]) ?? 5n)],
      { failed },
    );
    if (own) own.delivered = true;
    chain.push(event);
    await take(event);
    tally[failed ? "failed" : "delivered"]++;
  } else if (choice < 0.95) {
    const again = one(chain);
    if (again && (await take(again))[0] === "duplicate") tally.repeated++;
  } else {
    await letTimePass(sql);
    tally.expired += await expirePending(database);
  }
}

/** Rows that still wait for a signature that the chain has. */
async function forgotten(sql: Sql): Promise<number> {
  const [row] = await sql`
    select count(*)::integer as count
      from public.transactions as waiting
      join public.transactions as t
        on t.signature = waiting.submitted_signature and t.vault_owner = waiting.vault_owner
       and t.transaction_type = waiting.transaction_type and t.amount = waiting.amount`;
  return row?.count;
}

/** What the chain said, told to an empty book that heard of no announcement. */
async function retold(chain: readonly ChainTransaction[]): Promise<string[]> {
  const other = await openTestDatabase();
  const connection = openDatabase(other.url);
  try {
    const body = new TextEncoder().encode("the chain alone");
    await ingest(connection, { source: "sweep", body, transactions: chain });
    return await wholeBook(other.admin);
  } finally {
    await connection.close();
    await other.close();
  }
}

bookTest(
  "rows 1, 3 and 9: what is announced, signed and expires leaves the book as the chain alone would",
  async (book) => {
    const seed = chosenSeed();
    const random = generator(seed);
    const tally = Object.fromEntries(DEEDS.map((deed) => [deed, 0])) as Day["tally"];
    const day: Day = { tally, all: [], chain: [] };
    const start: ChainTransaction[] = [];
    for (let wallet = 0; wallet < WALLETS; wallet++) {
      const owner = key(`wallet ${wallet}`);
      const opening = at(1 + wallet, [initialise(owner), deposit(owner, 10_000n)]);
      start.push(opening);
      await book.take(opening);
      for (let number = 0; number < STEPS; number++) {
        await step(
          book,
          day,
          owner,
          `wallet ${wallet} step ${number}`,
          random,
        );
      }
    }
    const told = { seed, tally };
    expect({ ...told, never: DEEDS.filter((deed) => tally[deed] === 0) }).toEqual({ ...told, never: [] });
    expect({ ...told, broken: await brokenInvariants(book.sql) }).toEqual({ ...told, broken: [] });
    expect({ ...told, forgotten: await forgotten(book.sql) }).toEqual({ ...told, forgotten: 0 });

    const rows = await book.sql`select id, signature, slot from public.transactions`;
    const rowOf = new Map(rows.map((row) => [row.id, row]));
    const lost = day.all.filter(({ id, name, signed, delivered }) =>
      signed && delivered && rowOf.get(id)?.signature !== signature(name)
    );
    expect({ ...told, lost }).toEqual({ ...told, lost: [] });
    const guessed = day.all.filter(({ id, signed }) => !signed && rowOf.get(id)?.slot !== null);
    expect({ ...told, guessed: guessed.length > 0 }).toEqual({ ...told, guessed: true });

    const alone = await retold(shuffled([...start, ...day.chain], random));
    expect({ ...told, book: await wholeBook(book.sql) }).toEqual({ ...told, book: alone });
  },
);
