import { expect } from "expect";
import type { Sql } from "postgres";
import { type Announcement, attachSignature, expirePending, openPending } from "@/lib/ledger/pending.ts";
import { announcement, census, eventOf, fate, landing, letTimePass, refusal } from "@/tests/support/announced.ts";
import { at, type Book, bookTest, deposit, initialise, lock, withdrawal } from "@/tests/support/book.ts";
import { ledgerOf, openAlerts, vaultBalances } from "@/tests/support/ledger_state.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");
const bob = key("bob");

async function twoVaults({ take }: Book): Promise<void> {
  await take(at(1, [initialise(alice)]), at(2, [initialise(bob)]), at(3, [deposit(alice, 100n), deposit(bob, 100n)]));
}

/** Announces it, and attaches this signature where one is named. */
async function announced({ database }: Book, intent: Announcement, name: string | null = null): Promise<string> {
  const { id, owner } = await openPending(database, intent);
  if (name !== null) await attachSignature(database, { id, owner, signature: signature(name) });
  return id;
}

/** What was said to the owner about a row: its states, in order. */
async function told(sql: Sql, id: string): Promise<unknown[]> {
  const rows = await sql`
    select payload ->> 'status' as status, payload ->> 'signature' as signature from realtime.messages
     where event = 'transaction_recorded' and payload ->> 'id' = ${id} order by inserted_at, payload ->> 'status' desc`;
  return rows.map((row) => Object.values(row));
}

const intent = announcement(alice, "deposit", 5n);

bookTest(
  "the chain confirms a signed announcement in its own row, which is then as if nobody had announced it",
  async (book) => {
    const { take, sql } = book;
    await twoVaults(book);
    const large = announcement(alice, "deposit", 10_000_000_000n);
    const event = landing(7, "signed", [eventOf(large)], { secondsAgo: 3_000 });
    const id = await announced(book, large, "signed");
    expect(await take(event)).toEqual(["applied"]);
    expect(await fate(sql, id, "signed")).toBe("confirmed deposit 10000000000 signed");
    expect(await census(sql)).toEqual({ pending: 0, confirmed: 3, failed: 0, off_chain: 0 });
    expect(await told(sql, id)).toEqual([["pending", null], ["confirmed", signature("signed")]]);
    expect(await openAlerts(sql)).toEqual([`large_tx ${alice.slice(0, 8)} × 1`]);
    const [snapshots] = await sql`select count(*) from public.balance_snapshots where vault_owner = ${alice}`;
    expect(snapshots?.count).toBe("1"); // The first deposit was too small for one.
    const rows = await sql`
      select slot::integer, transaction_index, event_index, balance_before, balance_after, total_after, locked_after,
             created_at = to_timestamp(${event.blockTime}) and confirmed_at = created_at as has_the_blocks_time,
             num_nonnulls(submitted_signature, expires_at, note) as left_over
        from public.transactions where id = ${id}`;
    expect(rows.map((row) => Object.values(row))).toEqual([
      [7, 0, 0, "100", "10000000100", "10000000100", "0", true, 0],
    ]);
  },
);

bookTest("row 9: the chain fails a signed announcement in its own row", async (book) => {
  const { take, sql } = book;
  await twoVaults(book);
  const id = await announced(book, announcement(alice, "withdrawal", 90n), "signed");
  const outcome = await take(landing(7, "signed", [withdrawal(alice, 90n)], { failed: true }));
  expect(outcome).toEqual(["failed"]);
  expect(await fate(sql, id, "signed")).toBe("failed withdrawal 90 signed");
  expect(await ledgerOf(sql, alice)).toEqual(["deposit confirmed 100 0 100", "withdrawal failed 90 100 100"]);
  expect(await openAlerts(sql)).toEqual([`failed_tx ${alice.slice(0, 8)} × 1`]);
  expect(await told(sql, id)).toEqual([["pending", null], ["failed", signature("signed")]]);
});

bookTest("row 9: nobody's failed transaction fails what is not signed yet", async (book) => {
  const { take, sql } = book;
  await twoVaults(book);
  const id = await announced(book, intent);
  await take(landing(7, "of a stranger", [eventOf(intent)], { failed: true }));
  expect(await fate(sql, id)).toBe("pending deposit 5");
  // It may have been the owner's own try after all, who can sign again.
  const signing = { id, owner: alice, signature: signature("of a stranger") };
  expect(await attachSignature(book.database, signing)).toMatchObject({
    status: "failed",
    signature: signing.signature,
  });
  await take(landing(8, "second try", [eventOf(intent)]));
  expect(await fate(sql, id, "second try")).toBe("confirmed deposit 5 second try");
});

bookTest("the chain confirms after all what was signed and has expired, and nothing else that has", async (book) => {
  const { take, sql, database } = book;
  await twoVaults(book);
  const signed = await announced(book, announcement(alice, "deposit", 5n, "signed"), "signed");
  const unsigned = await announced(book, announcement(alice, "deposit", 5n, "unsigned"));
  await letTimePass(sql);
  expect(await expirePending(database)).toBe(2);
  expect(await fate(sql, signed, "signed")).toBe("failed deposit 5 awaits signed expired");
  await take(landing(7, "other", [eventOf(intent)]), landing(8, "signed", [eventOf(intent)]));
  expect(await fate(sql, signed, "signed")).toBe("confirmed deposit 5 signed");
  expect(await fate(sql, unsigned)).toBe("failed deposit 5 expired");
  // Too late for a row of its own to be this one: the wallet is shown where it is.
  const shown = await attachSignature(database, { id: unsigned, owner: alice, signature: signature("other") });
  expect([shown.id === unsigned, shown.status, shown.signature]).toEqual([false, "confirmed", signature("other")]);
});

bookTest("an event confirms the oldest announcement like it that is not signed, while it waits", async (book) => {
  const { take, sql, database } = book;
  await twoVaults(book);
  const signed = await announced(book, announcement(alice, "deposit", 5n, "signed"), "signed");
  const [first, second] = [
    await announced(book, intent),
    await announced(book, { ...intent, idempotencyKey: "second" }),
  ];
  const past = await announced(book, { ...announcement(alice, "deposit", 6n), waitSeconds: -1 });
  await take(
    landing(6, "before it was announced", [eventOf(intent)], { secondsAgo: 90 }),
    landing(7, "unheard of", [eventOf(intent)], { secondsAgo: 20 }),
    landing(8, "after it was waited for", [deposit(alice, 6n)]),
    landing(9, "of another type", [withdrawal(alice, 5n)]),
    landing(10, "of another owner", [deposit(bob, 5n)]),
    landing(11, "of another amount", [deposit(alice, 4n)]),
  );
  expect(await fate(sql, first, "unheard of")).toBe("confirmed deposit 5 unheard of");
  expect(await fate(sql, second)).toBe("pending deposit 5");
  expect(await fate(sql, past)).toBe("pending deposit 6");
  expect(await fate(sql, signed, "signed")).toBe("pending deposit 5 awaits signed");
  const signing = { id: first, owner: alice, signature: signature("unheard of") };
  expect(await attachSignature(database, signing)).toMatchObject({ id: first, status: "confirmed" });
  expect(await refusal(attachSignature(database, { ...signing, signature: signature("x") }))).toBe(
    "signature_attached",
  );
  expect(await refusal(attachSignature(database, { ...signing, id: second, signature: signature("of another type") })))
    .toBe("signature_taken");
});

bookTest("two announcements alike are confirmed by two events, whichever wallet speaks first", async (book) => {
  const { take, sql, database } = book;
  await twoVaults(book);
  const ids = [await announced(book, intent), await announced(book, { ...intent, idempotencyKey: "second" })] as const;
  const attach = (id: string, name: string): Promise<{ id: string; status: string }> =>
    attachSignature(database, { id, owner: alice, signature: signature(name) });
  await take(landing(9, "of the second", [eventOf(intent)]));
  expect(await attach(ids[1], "of the second")).toMatchObject({ id: ids[0], status: "confirmed" });
  expect(await fate(sql, ids[1])).toBe("pending deposit 5");
  await take(landing(8, "of the first", [eventOf(intent)]));
  expect(await attach(ids[0], "of the first")).toMatchObject({ id: ids[1], status: "confirmed" });
  expect(await census(sql)).toMatchObject({ pending: 0, confirmed: 4, off_chain: 0 });
});

bookTest("one transaction with events alike confirms as many announcements, each once", async (book) => {
  const { take, sql } = book;
  await twoVaults(book);
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) {
    ids.push(await announced(book, { ...intent, idempotencyKey: name }, name === "c" ? "all" : null));
  }
  await take(landing(9, "all", [eventOf(intent), eventOf(intent)]));
  const rows = await sql`select id, event_index from public.transactions where signature = ${
    signature("all")
  } order by event_index`;
  expect(rows.map((row) => [row.id, row.event_index])).toEqual([[ids[2], 0], [ids[0], 1]]);
  expect(await fate(sql, String(ids[1]))).toBe("pending deposit 5");
});

bookTest("a signed announcement waits on when its signature did something else", async (book) => {
  const { take, sql, database } = book;
  await twoVaults(book);
  const id = await announced(book, intent, "signed");
  await take(landing(7, "signed", [deposit(alice, 6n)]));
  expect(await fate(sql, id, "signed")).toBe("pending deposit 5 awaits signed");
  await letTimePass(sql);
  await expirePending(database);
  expect(await fate(sql, id, "signed")).toBe("failed deposit 5 awaits signed expired");
  expect(await vaultBalances(sql, alice)).toEqual(["106", "0", "106", "106", "0"]);
});

bookTest(
  "rows 1, 2 and 3: announcements are confirmed once, whatever comes again, otherwise or in disorder",
  async (book) => {
    const { take, sql } = book;
    await twoVaults(book);
    const [coming, going] = [announcement(alice, "deposit", 900n), announcement(alice, "withdrawal", 90n)];
    const ids = [await announced(book, coming, "in"), await announced(book, going, "out")] as const;
    const [first, second] = [
      landing(8, "in", [eventOf(coming)]),
      landing(9, "out", [eventOf(going), withdrawal(alice, 850n)]),
    ];
    expect(await take(second)).toEqual(["parked balance_would_be_negative"]);
    expect(await fate(sql, ids[1], "out")).toBe("pending withdrawal 90 awaits out");
    expect(await take(first, second, first)).toEqual(["applied", "duplicate", "duplicate"]);
    expect(await take(landing(8, "in", [deposit(alice, 901n)]))).toEqual(["conflict signature_has_other_content"]);
    // A late one in between: the announced rows follow like any other.
    expect(await take(landing(5, "late", [lock(alice, 7n), deposit(alice, 1n)]))).toEqual(["applied"]);
    expect(await Promise.all([fate(sql, ids[0], "in"), fate(sql, ids[1], "out")]))
      .toEqual(["confirmed deposit 900 in", "confirmed withdrawal 90 out"]);
    expect(await ledgerOf(sql, alice)).toEqual([
      "deposit confirmed 100 0 100",
      "lock confirmed 7 100 93",
      "deposit confirmed 1 100 101",
      "deposit confirmed 900 101 1001",
      "withdrawal confirmed 90 1001 911",
      "withdrawal confirmed 850 911 61",
    ]);
  },
);
