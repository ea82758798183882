import { expect } from "expect";
import { attachSignature, expirePending, openPending } from "@/lib/ledger/pending.ts";
import { announcement, census, eventOf, fate, landing, letTimePass, refusal } from "@/tests/support/announced.ts";
import { at, type Book, bookTest, deposit, initialise, lock } from "@/tests/support/book.ts";
import { brokenInvariants, vaultBalances, wholeBook } from "@/tests/support/ledger_state.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");
const bob = key("bob");

/** Two vaults: alice holds 100, 40 of it locked; bob nothing. */
async function twoVaults({ take }: Book): Promise<void> {
  await take(at(1, [initialise(alice)]), at(2, [initialise(bob)]), at(3, [deposit(alice, 100n), lock(alice, 40n)]));
}

bookTest("openPending() announces and moves nothing", async (book) => {
  const { database, sql } = book;
  await twoVaults(book);
  const before = await wholeBook(sql);
  const opened = await openPending(database, announcement(alice, "withdrawal", 60n));
  expect(opened).toMatchObject({
    owner: alice,
    type: "withdrawal",
    amount: 60n,
    status: "pending",
    signature: null,
    submittedSignature: null,
  });
  expect(opened.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 590_000);
  const huge = 2n ** 63n - 1n;
  expect((await openPending(database, announcement(bob, "deposit", huge))).amount).toBe(huge);
  const rows = await sql`select balance_before, balance_after, slot from public.transactions where status = 'pending'
                          order by transaction_type desc`;
  expect(rows.map((row) => Object.values(row))).toEqual([["100", "100", null], ["0", "0", null]]);
  expect(await wholeBook(sql)).toEqual(before);
  expect(await vaultBalances(sql, alice)).toEqual(["100", "40", "60", "100", "0"]);
  expect(await brokenInvariants(sql)).toEqual([]);
});

bookTest(
  "row 26: openPending() gives the same row again under the same key, whatever has become of it",
  async (book) => {
    const { database, sql, take } = book;
    await twoVaults(book);
    const intent = announcement(alice, "deposit", 5n);
    const { id } = await openPending(database, intent);
    expect(await openPending(database, intent)).toMatchObject({ id, status: "pending" });
    await letTimePass(sql);
    expect(await expirePending(database)).toBe(1);
    expect(await openPending(database, intent)).toMatchObject({ id, status: "failed" });
    const next = await openPending(database, { ...intent, idempotencyKey: "another" });
    await take(landing(9, "next", [eventOf(intent)]));
    expect(await openPending(database, { ...intent, idempotencyKey: "another" })).toMatchObject({
      id: next.id,
      status: "confirmed",
      signature: signature("next"),
      expiresAt: null,
    });
    // The key is the owner's own.
    expect((await openPending(database, { ...intent, owner: bob })).id).not.toBe(id);
    expect(await census(sql)).toMatchObject({ pending: 1, failed: 1, off_chain: 2 });
  },
);

bookTest("openPending() refuses a key that came with something else before", async (book) => {
  const { database, sql } = book;
  await twoVaults(book);
  await openPending(database, announcement(alice, "deposit", 5n, "key"));
  expect(await refusal(openPending(database, announcement(alice, "deposit", 6n, "key")))).toBe(
    "idempotency_key_reused",
  );
  expect(await refusal(openPending(database, announcement(alice, "withdrawal", 5n, "key")))).toBe(
    "idempotency_key_reused",
  );
  expect(await census(sql)).toMatchObject({ pending: 1 });
});

bookTest("openPending() refuses amounts that cannot be", async (book) => {
  const { database, sql } = book;
  await twoVaults(book);
  for (const amount of [0n, -1n, 2n ** 63n, 2n ** 64n - 1n]) {
    expect(await refusal(openPending(database, announcement(alice, "deposit", amount)))).toBe("amount_out_of_range");
  }
  expect(await refusal(openPending(database, announcement(alice, "withdrawal", 61n)))).toBe("amount_not_available");
  expect(await census(sql)).toMatchObject({ pending: 0 });
});

bookTest("openPending() counts on withdrawals that are signed, and on no others", async (book) => {
  const { database, sql } = book;
  await twoVaults(book);
  const first = await openPending(database, announcement(alice, "withdrawal", 60n, "first"));
  await openPending(database, announcement(alice, "withdrawal", 60n, "left in the wallet"));
  await attachSignature(database, { id: first.id, owner: alice, signature: signature("first") });
  expect(await refusal(openPending(database, announcement(alice, "withdrawal", 1n)))).toBe("amount_not_available");
  await letTimePass(sql);
  expect(await refusal(openPending(database, announcement(alice, "withdrawal", 1n)))).toBe("done");
});

bookTest("openPending() refuses vaults that are unknown, closed or paused, and while the protocol is", async (book) => {
  const { database, sql, take } = book;
  await twoVaults(book);
  const tried = (owner: string): Promise<string> => refusal(openPending(database, announcement(owner, "deposit", 1n)));
  expect(await tried(key("carol"))).toBe("vault_unknown");
  for (const status of ["closed", "paused"]) {
    await sql.begin(async (transaction) => {
      await transaction`set local role vaultbook_ledger`;
      await transaction`update public.vaults set status = ${status} where owner = ${bob}`;
    });
    expect(await tried(bob)).toBe(`vault_${status}`);
  }
  const admin = key("admin");
  await take(at(10, [{ kind: "pause", vault: null, paused: true, authority: admin }]));
  expect(await tried(alice)).toBe("protocol_paused");
  await take(at(11, [{ kind: "pause", vault: null, paused: false, authority: admin }]));
  expect(await tried(alice)).toBe("done");
});

bookTest("openPending() lets an owner have 20 at once, expired ones aside", async (book) => {
  const { database, sql } = book;
  await twoVaults(book);
  const all = Array.from(
    { length: 25 },
    (_, n) => openPending(database, announcement(alice, "deposit", 1n, `key ${n}`)),
  );
  const refusals = (await Promise.all(all.map(refusal))).sort();
  expect(refusals).toEqual([...Array(20).fill("done"), ...Array(5).fill("too_many_pending")]);
  expect(await refusal(openPending(database, announcement(bob, "deposit", 1n)))).toBe("done");
  await letTimePass(sql);
  expect(await refusal(openPending(database, announcement(alice, "deposit", 1n, "later")))).toBe("done");
});

bookTest("attachSignature() says once which signature is awaited", async (book) => {
  const { database, sql } = book;
  await twoVaults(book);
  const { id } = await openPending(database, announcement(alice, "deposit", 5n));
  const other = await openPending(database, announcement(alice, "deposit", 5n, "other"));
  const signing = { id, owner: alice, signature: signature("one") };
  for (let times = 0; times < 2; times++) {
    expect(await attachSignature(database, signing)).toMatchObject({ id, submittedSignature: signature("one") });
  }
  expect(await refusal(attachSignature(database, { ...signing, signature: signature("two") }))).toBe(
    "signature_attached",
  );
  expect(await refusal(attachSignature(database, { ...signing, id: other.id }))).toBe("signature_taken");
  // Nobody can tell another owner's row from none, nor occupy a signature before another owner.
  expect(await refusal(attachSignature(database, { ...signing, owner: bob }))).toBe("transaction_unknown");
  expect(await refusal(attachSignature(database, { ...signing, id: crypto.randomUUID() }))).toBe("transaction_unknown");
  const bobs = await openPending(database, announcement(bob, "deposit", 5n));
  expect(await refusal(attachSignature(database, { ...signing, id: bobs.id, owner: bob }))).toBe("done");
  expect(await fate(sql, other.id)).toBe("pending deposit 5");
});

bookTest("attachSignature() refuses one that has expired, and still gives what was attached in time", async (book) => {
  const { database, sql } = book;
  await twoVaults(book);
  const late = await openPending(database, { ...announcement(alice, "deposit", 5n, "late"), waitSeconds: 0 });
  const early = await openPending(database, announcement(alice, "deposit", 5n, "early"));
  await attachSignature(database, { id: early.id, owner: alice, signature: signature("early") });
  const both = async (): Promise<string[]> => [
    await refusal(attachSignature(database, { id: late.id, owner: alice, signature: signature("late") })),
    await refusal(attachSignature(database, { id: early.id, owner: alice, signature: signature("early") })),
  ];
  await letTimePass(sql);
  expect(await both()).toEqual(["transaction_expired", "done"]);
  expect(await expirePending(database)).toBe(2);
  expect(await both()).toEqual(["transaction_expired", "done"]);
});

bookTest("expirePending() fails what is due, the longest due first, and so many at most", async (book) => {
  const { database, sql } = book;
  await twoVaults(book);
  const ids: string[] = [];
  for (const waitSeconds of [-1, -3, -2, 600]) {
    ids.push((await openPending(database, { ...announcement(alice, "deposit", 5n, `${ids.length}`), waitSeconds })).id);
  }
  const fates = (): Promise<string[]> => Promise.all(ids.map((id) => fate(sql, id)));
  const [pending, expired] = ["pending deposit 5", "failed deposit 5 expired"];
  expect(await expirePending(database, 2)).toBe(2);
  expect(await fates()).toEqual([pending, expired, expired, pending]);
  expect([await expirePending(database), await expirePending(database)]).toEqual([1, 0]);
  expect(await fates()).toEqual([expired, expired, expired, pending]);
  expect(await vaultBalances(sql, alice)).toEqual(["100", "40", "60", "100", "0"]);
});
