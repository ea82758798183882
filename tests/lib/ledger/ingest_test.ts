import { expect } from "expect";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { LedgerEvent, TransferReason } from "@/lib/domain/ledger_event.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants, ledgerOf, openAlerts, vaultBalances, wholeBook } from "@/tests/support/ledger_state.ts";
import { key, signature, vaultOf } from "@/tests/support/raw_delivery.ts";

type Without<T> = T extends unknown ? Omit<T, "ordinal"> : never;
type Unplaced = Without<LedgerEvent>;

const initialise = (owner: string): Unplaced => ({ kind: "initialise", owner, ...vaultOf(owner), at: 1_700_000_000 });
const deposit = (owner: string, amount: bigint): Unplaced => ({
  kind: "deposit",
  owner,
  vault: vaultOf(owner).vault,
  amount,
  totalAfter: null,
});
const withdrawal = (
  owner: string,
  amount: bigint,
): Unplaced => ({ ...deposit(owner, amount), kind: "withdrawal" } as Unplaced);
const lock = (owner: string, amount: bigint): Unplaced => ({
  kind: "lock",
  owner,
  vault: vaultOf(owner).vault,
  amount,
  lockedAfter: null,
  availableAfter: null,
  authority: key("authority"),
});
const unlock = (owner: string, amount: bigint): Unplaced => ({ ...lock(owner, amount), kind: "unlock" } as Unplaced);
const transfer = (from: string, to: string, amount: bigint, reason: TransferReason = "Settlement"): Unplaced => ({
  kind: "transfer",
  vault: vaultOf(from).vault,
  toVault: vaultOf(to).vault,
  amount,
  authority: key("authority"),
  reason,
});

/** A transaction that landed in this slot; its signature is made from its name, by default from the slot. */
function at(slot: number, events: Unplaced[], options: { failed?: boolean; name?: string } = {}): ChainTransaction {
  return {
    verdict: "read",
    signature: signature(options.name ?? `slot ${slot}`),
    slot,
    transactionIndex: 0,
    blockTime: 1_700_000_000 + slot,
    failed: options.failed ?? false,
    events: events.map((event, ordinal) => ({ ...event, ordinal } as LedgerEvent)),
    tokenBalances: [],
  };
}

interface Book {
  /** Ingests one delivery and gives the outcomes, with their codes. */
  take(...transactions: ChainTransaction[]): Promise<string[]>;
  readonly sql: Awaited<ReturnType<typeof openTestDatabase>>["admin"];
}

/** Runs a test on an empty book of its own, and looks at every invariant when it is done. */
function bookTest(name: string, run: (book: Book) => Promise<void>): void {
  Deno.test(name, async () => {
    const database = await openTestDatabase();
    const connection = openDatabase(database.url, { max: 4 });
    let count = 0;
    try {
      await run({
        sql: database.admin,
        async take(...transactions): Promise<string[]> {
          const body = new TextEncoder().encode(`delivery ${count++}`);
          const settlements = await ingest(connection, { source: "webhook", body, transactions });
          return settlements.map(({ outcome, code }) => (code ? `${outcome} ${code}` : outcome));
        },
      });
      expect(await brokenInvariants(database.admin)).toEqual([]);
    } finally {
      await connection.close();
      await database.close();
    }
  });
}

const alice = key("alice");
const bob = key("bob");
const carol = key("carol");

bookTest("ingest() applies every kind of event and keeps the balances", async ({ take, sql }) => {
  const outcomes = await take(
    at(1, [initialise(alice)]),
    at(2, [initialise(bob)]),
    at(3, [deposit(alice, 1_000n)]),
    at(4, [lock(alice, 600n)]),
    at(5, [unlock(alice, 100n)]),
    at(6, [transfer(alice, bob, 700n)]),
    at(7, [withdrawal(alice, 50n)]),
    at(8, [transfer(bob, alice, 5n, "FeeCollection")]),
  );
  expect(outcomes).toEqual(Array(8).fill("applied"));
  expect(await vaultBalances(sql, alice)).toEqual(["255", "0", "255", "1000", "50"]);
  expect(await vaultBalances(sql, bob)).toEqual(["695", "0", "695", "0", "0"]);
  expect(await ledgerOf(sql, alice)).toEqual([
    "deposit confirmed 1000 0 1000",
    "lock confirmed 600 1000 400",
    "unlock confirmed 100 400 500",
    "transfer_out confirmed 700 1000 300",
    "withdrawal confirmed 50 300 250",
    "transfer_in confirmed 5 250 255",
  ]);
  expect(await ledgerOf(sql, bob)).toEqual(["transfer_in confirmed 700 0 700", "fee confirmed 5 700 695"]);
});

bookTest("ingest() takes a transfer from the locked part first and then from available", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [initialise(bob)]), at(3, [deposit(alice, 100n), lock(alice, 30n)]));
  await take(at(4, [transfer(alice, bob, 20n)]));
  expect(await vaultBalances(sql, alice)).toEqual(["80", "10", "70", "100", "0"]);
  await take(at(5, [transfer(alice, bob, 20n)]));
  expect(await vaultBalances(sql, alice)).toEqual(["60", "0", "60", "100", "0"]);
});

bookTest("ingest() takes a transfer to oneself out before it comes in", async ({ take, sql }) => {
  await take(
    at(1, [initialise(alice)]),
    at(2, [deposit(alice, 100n), lock(alice, 100n)]),
    at(3, [transfer(alice, alice, 40n)]),
  );
  expect(await vaultBalances(sql, alice)).toEqual(["100", "60", "40", "100", "0"]);
  expect((await ledgerOf(sql, alice)).slice(2)).toEqual([
    "transfer_out confirmed 40 100 60",
    "transfer_in confirmed 40 60 100",
  ]);
});

bookTest("ingest() applies a signature once, however often and in whatever company it comes", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)]));
  const before = await wholeBook(sql);
  expect(await take(at(2, [deposit(alice, 100n)]))).toEqual(["duplicate"]);
  expect(await take(at(2, [deposit(alice, 100n)]), at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)])))
    .toEqual(["duplicate", "duplicate", "duplicate"]);
  expect(await wholeBook(sql)).toEqual(before);
  const [seen] = await sql`select times_seen from vaultbook.inbox where signature = ${signature("slot 2")}`;
  expect(seen?.times_seen).toBe(4);
});

bookTest(
  "ingest() keeps the first content of a signature and records the other as a conflict",
  async ({ take, sql }) => {
    await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)]));
    expect(await take(at(2, [deposit(alice, 999n)]))).toEqual(["conflict signature_has_other_content"]);
    expect(await take(at(2, [deposit(alice, 999n)]))).toEqual(["conflict signature_has_other_content"]);
    expect(await vaultBalances(sql, alice)).toEqual(["100", "0", "100", "100", "0"]);
    expect(await openAlerts(sql)).toEqual([`conflict ${signature("slot 2").slice(0, 8)} × 2`]);
    const kept = await sql`select times_seen from vaultbook.inbox where outcome = 'conflict'`;
    expect(kept.map((row) => row.times_seen)).toEqual([2]);
  },
);

bookTest("ingest() threads a late event in where it belongs", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(3, [deposit(alice, 100n)]), at(9, [withdrawal(alice, 40n)]));
  await take(at(5, [lock(alice, 20n)]), at(7, [deposit(alice, 1n)]));
  await take(at(2, [deposit(alice, 1_000n)]));
  expect(await ledgerOf(sql, alice)).toEqual([
    "deposit confirmed 1000 0 1000",
    "deposit confirmed 100 1000 1100",
    "lock confirmed 20 1100 1080",
    "deposit confirmed 1 1100 1101",
    "withdrawal confirmed 40 1101 1061",
  ]);
});

bookTest(
  "ingest() parks what a balance does not allow yet and applies it when the missing event comes",
  async ({ take, sql }) => {
    await take(at(1, [initialise(alice)]), at(2, [initialise(bob)]));
    expect(await take(at(5, [transfer(alice, bob, 70n)]))).toEqual(["parked balance_would_be_negative"]);
    expect(await take(at(6, [withdrawal(bob, 70n)]))).toEqual(["parked balance_would_be_negative"]);
    expect(await vaultBalances(sql, bob)).toEqual(["0", "0", "0", "0", "0"]);
    expect(await take(at(3, [deposit(alice, 70n)]))).toEqual(["applied"]);
    expect(await vaultBalances(sql, alice)).toEqual(["0", "0", "0", "70", "0"]);
    expect(await vaultBalances(sql, bob)).toEqual(["0", "0", "0", "0", "70"]);
  },
);

bookTest(
  "ingest() parks an event of an unknown vault and applies it when the vault is initialised",
  async ({ take, sql }) => {
    expect(await take(at(4, [deposit(alice, 10n)]), at(5, [deposit(alice, 3n)], { failed: true })))
      .toEqual(["parked vault_unknown", "failed vault_unknown"]);
    expect(await take(at(1, [initialise(alice)]))).toEqual(["applied"]);
    expect(await ledgerOf(sql, alice)).toEqual(["deposit confirmed 10 0 10", "deposit failed 3 10 10"]);
  },
);

bookTest("ingest() records a failed transaction without moving a balance, and alerts", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)]));
  expect(await take(at(3, [withdrawal(alice, 900n)], { failed: true }))).toEqual(["failed"]);
  expect(await vaultBalances(sql, alice)).toEqual(["100", "0", "100", "100", "0"]);
  expect(await ledgerOf(sql, alice)).toEqual(["deposit confirmed 100 0 100", "withdrawal failed 900 100 100"]);
  expect(await openAlerts(sql)).toEqual([`failed_tx ${alice.slice(0, 8)} × 1`]);
});

bookTest("ingest() never lets one poisoned signature take another with it", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [initialise(bob)]));
  const max = 2n ** 63n - 1n;
  const poisons: [ChainTransaction, string][] = [
    [at(50, [withdrawal(alice, 1_000_000n)]), "parked balance_would_be_negative"],
    [at(50, [unlock(alice, 1n)]), "parked balance_would_be_negative"],
    [at(50, [deposit(alice, max)]), "quarantined amount_out_of_range"],
    [at(50, [deposit(carol, 1n)]), "parked vault_unknown"],
    [at(50, [transfer(alice, carol, 1n)]), "parked vault_unknown"],
    [at(50, [{ ...deposit(bob, 1n), owner: alice } as Unplaced]), "quarantined vault_of_another_owner"],
    [{ verdict: "quarantined", code: "malformed", reason: "x" }, "quarantined malformed"],
  ];
  let slot = 100;
  for (const [n, [poison, verdict]] of poisons.entries()) {
    for (let place = 0; place < 5; place++) {
      const batch = Array.from({ length: 4 }, () => at(slot++, [deposit(alice, 10n)]));
      const named = poison.verdict === "read"
        ? { ...poison, signature: signature(`poison ${n} at ${place}`), slot: slot++ }
        : poison;
      const outcomes = await take(...batch.toSpliced(place, 0, named));
      expect(outcomes).toEqual(Array(4).fill("applied").toSpliced(place, 0, verdict));
    }
  }
  expect(await vaultBalances(sql, alice)).toEqual(["1400", "0", "1400", "1400", "0"]);
});

bookTest("ingest() reaches one state whatever the order, the repetition and the batches", async (reference) => {
  const history = [
    at(1, [initialise(alice)]),
    at(2, [initialise(bob)]),
    at(3, [deposit(alice, 500n)]),
    at(4, [lock(alice, 300n)]),
    at(5, [transfer(alice, bob, 350n)]),
    at(6, [withdrawal(bob, 340n)]),
    at(7, [transfer(bob, alice, 10n, "FeeCollection"), deposit(bob, 1n)]),
    at(8, [withdrawal(alice, 160n)]),
  ];
  await reference.take(...history);
  const expected = await wholeBook(reference.sql);
  const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 32));
  const random = generator(seed);
  for (let run = 0; run < 25; run++) {
    const database = await openTestDatabase();
    const connection = openDatabase(database.url);
    try {
      const order = [...history, ...history].map((item) => ({ item, place: random() })).sort((a, b) =>
        a.place - b.place
      );
      for (let from = 0, size = 0; from < order.length; from += size) {
        size = 1 + Math.floor(random() * 4);
        const transactions = order.slice(from, from + size).map(({ item }) => item);
        await ingest(connection, { source: "webhook", body: new TextEncoder().encode(`from ${from}`), transactions });
      }
      const replay = `seed ${seed}, run ${run}`;
      expect([replay, ...await wholeBook(database.admin)]).toEqual([replay, ...expected]);
      expect(await brokenInvariants(database.admin)).toEqual([]);
    } finally {
      await connection.close();
      await database.close();
    }
  }
});

bookTest("ingest() keeps 16 concurrent writers on hot vaults exact", async ({ take, sql }) => {
  await take(
    at(1, [initialise(alice)]),
    at(2, [initialise(bob)]),
    at(3, [deposit(alice, 100_000n), deposit(bob, 100_000n)]),
  );
  const writers = Array.from({ length: 16 }, async (_, writer) => {
    for (let round = 0; round < 10; round++) {
      const slot = 1_000 + round * 100 + writer;
      const name = `${writer} ${round}`;
      const [from, to] = writer % 2 === 0 ? [alice, bob] : [bob, alice];
      const both = [
        at(slot, [transfer(from, to, 7n)], { name }),
        at(slot + 50, [deposit(from, 1n)], { name: `${name} deposit` }),
      ];
      const outcomes = await take(...(writer % 3 === 0 ? both : both.toReversed()));
      expect(outcomes).toEqual(["applied", "applied"]);
      // The same again, as another writer would deliver it.
      expect(await take(...both)).toEqual(["duplicate", "duplicate"]);
    }
  });
  await Promise.all(writers);
  const [sum] = await sql`select sum(total_balance) as total, count(*) as vaults from public.vaults`;
  expect(sum).toMatchObject({ total: "200160" });
  const [rows] = await sql`select count(*) as count from public.transactions`;
  expect(rows?.count).toBe(String(2 + 16 * 10 * 3));
});

bookTest(
  "ingest() pauses and resumes the protocol in chain order, whatever order the news come in",
  async ({ take, sql }) => {
    const pause = (slot: number, paused: boolean): ChainTransaction =>
      at(slot, [{ kind: "pause", paused, authority: key("admin") }]);
    await take(pause(10, true));
    expect(await openAlerts(sql)).toEqual(["vault_paused protocol × 1"]);
    await take(pause(30, false));
    expect(await openAlerts(sql)).toEqual([]);
  },
);

/** mulberry32, a small seeded generator of numbers from 0 to 1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
