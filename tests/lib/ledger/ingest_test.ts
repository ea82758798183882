import { expect } from "expect";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import {
  at,
  bookTest,
  deposit,
  initialise,
  lock,
  transfer,
  unlock,
  type Unplaced,
  withdrawal,
} from "@/tests/support/book.ts";
import { ledgerOf, openAlerts, vaultBalances, wholeBook } from "@/tests/support/ledger_state.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

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
    [at(50, [{ ...deposit(bob, 1n), owner: alice } as Unplaced]), "parked vault_of_another_owner"],
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

bookTest(
  "ingest() pauses and resumes the protocol in chain order, whatever order the news come in",
  async ({ take, sql }) => {
    const pause = (slot: number, paused: boolean): ChainTransaction =>
      at(slot, [{ kind: "pause", vault: null, paused, authority: key("admin") }]);
    await take(pause(10, true));
    expect(await openAlerts(sql)).toEqual(["vault_paused protocol × 1"]);
    await take(pause(30, false));
    expect(await openAlerts(sql)).toEqual([]);
  },
);

bookTest(
  "ingest() orders two signatures that claim one place by their signatures, whichever comes first",
  async ({ take, sql }) => {
    await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)]));
    const claims = ["one claim", "another claim"].map((name) => at(3, [deposit(alice, 7n), lock(alice, 5n)], { name }));
    const [first, second] = claims.sort((a, b) => ((a.signature ?? "") < (b.signature ?? "") ? 1 : -1));
    if (first) expect(await take(first)).toEqual(["applied"]);
    if (second) expect(await take(second)).toEqual(["applied"]);
    expect(await vaultBalances(sql, alice)).toEqual(["114", "10", "104", "114", "0"]);
  },
);

bookTest(
  "ingest() writes nothing into a vault's history for a failed transaction of somebody else",
  async ({ take, sql }) => {
    await take(at(1, [initialise(alice)]), at(2, [initialise(bob)]));
    const foreign = { ...withdrawal(alice, 5n), owner: bob } as Unplaced;
    expect(await take(at(3, [foreign], { failed: true }))).toEqual(["failed"]);
    expect(await ledgerOf(sql, alice)).toEqual([]);
    expect(await openAlerts(sql)).toEqual([]);
  },
);

bookTest("ingest() lets a failed transaction wait whole until all its vaults are known", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 9n)]));
  expect(await take(at(3, [withdrawal(alice, 5n), transfer(alice, bob, 4n)], { failed: true }))).toEqual([
    "failed vault_unknown",
  ]);
  expect(await ledgerOf(sql, alice)).toEqual(["deposit confirmed 9 0 9"]);
  expect(await take(at(4, [initialise(bob)]))).toEqual(["applied"]);
  expect((await ledgerOf(sql, alice)).slice(1)).toEqual(["withdrawal failed 5 9 9", "transfer_out failed 4 9 9"]);
});

bookTest("ingest() counts a conflict as often as it comes, within one delivery too", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 1n)]));
  await take(at(2, [deposit(alice, 2n)]), at(2, [deposit(alice, 2n)]), at(2, [deposit(alice, 3n)]));
  const seen = await sql`select times_seen from vaultbook.inbox where outcome = 'conflict' order by times_seen`;
  expect(seen.map((row) => row.times_seen)).toEqual([1, 2]);
});
