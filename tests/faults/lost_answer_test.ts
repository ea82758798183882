/**
 * Row 26: the work is committed and its answer gets lost on the way.
 *
 * @module
 */
import { expect } from "expect";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { at, deposit, initialise } from "@/tests/support/book.ts";
import { vaultBalances } from "@/tests/support/ledger_state.ts";
import { foundAfterwards } from "@/tests/support/model/afterwards.ts";
import { histories } from "@/tests/support/model/histories.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { batches, chosenSeed, generator, jostled } from "@/tests/support/seeded.ts";
import { sendAll } from "@/tests/support/sender.ts";
import { openToxicProxy, type ToxicProxy } from "@/tests/support/toxic_proxy.ts";
import { waitingForLocks } from "@/tests/support/watched_database.ts";
import { openWriters, type Writers } from "@/tests/support/writers.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

const alice = key("alice");
/** What every call of ingest holds, and nothing else does. */
const CALL = "vaultbook.ingest";
const WRITERS = 4;

/** Runs a test on an empty book whose writers come by a bad road. */
function roadTest(name: string, run: (book: Writers, road: ToxicProxy) => Promise<void>): void {
  Deno.test(name, async () => {
    const road = openToxicProxy(Deno.env.get("VAULTBOOK_TEST_ADMIN_URL") ?? "");
    const book = await openWriters(WRITERS, { through: road.through });
    try {
      await run(book, road);
    } finally {
      await book.close();
      await road.close();
    }
  });
}

function outcomes(settlements: readonly Settlement[]): string[] {
  return settlements.map(({ outcome }) => outcome);
}

roadTest(
  "row 26: a call whose answer is lost once succeeds, has one effect, and learns that it came twice",
  async (book, road) => {
    const news = [at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)])];
    road.loseAnswers(CALL, 1);
    expect(outcomes(await book.take(news))).toEqual(["duplicate", "duplicate"]);
    expect(road.lost).toEqual({ answers: 1, calls: 0 });
    expect(await vaultBalances(book.database.admin, alice)).toEqual(["100", "0", "100", "100", "0"]);
    expect(await foundAfterwards(book.database.admin, news)).toEqual([]);
  },
);

roadTest("row 26: a call whose answer is lost again says try again; the effect is there, once", async (book, road) => {
  const news = [at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)])];
  road.loseAnswers(CALL, 2);
  await expect(book.take(news)).rejects.toMatchObject({ code: "database_unavailable" });
  expect(road.lost).toEqual({ answers: 2, calls: 0 });
  expect(await vaultBalances(book.database.admin, alice)).toEqual(["100", "0", "100", "100", "0"]);
  expect(outcomes(await book.take(news))).toEqual(["duplicate", "duplicate"]);
  expect(await foundAfterwards(book.database.admin, news)).toEqual([]);
});

roadTest("row 26: a call that never arrived is made again, and takes effect", async (book, road) => {
  const news = [at(1, [initialise(alice)]), at(2, [deposit(alice, 100n)])];
  road.loseCalls(CALL, 1);
  expect(outcomes(await book.take(news))).toEqual(["applied", "applied"]);
  expect(road.lost).toEqual({ answers: 0, calls: 1 });
  expect(await foundAfterwards(book.database.admin, news)).toEqual([]);
});

roadTest("row 26: a call that is made again while the server still works at it has one effect", async (book, road) => {
  const { admin } = book.database;
  const opening = at(1, [initialise(alice)]);
  await book.take([opening]);
  const news = at(2, [deposit(alice, 100n)]);
  let answer: Promise<Settlement[]> | undefined;
  await admin.begin(async (sql) => {
    await sql`select from public.vaults where owner = ${alice} for update`;
    answer = book.take([news]);
    await eventually("the call to wait", async () => await waitingForLocks(admin) === 1);
    road.cut();
    await eventually("the same call to wait beside it", async () => await waitingForLocks(admin) === 2);
  });
  expect(outcomes(await answer ?? [])).toEqual(["duplicate"]);
  expect(await foundAfterwards(admin, [opening, news])).toEqual([]);
});

roadTest(
  "row 26: a history of which every third answer or call is lost ends as the auditor says",
  async (book, road) => {
    const seed = chosenSeed();
    const dice = diceOf(generator(seed));
    const transactions = histories(`seed ${seed}`, dice, 4, { owners: 3, transactions: 20 });
    const order = [...batches(jostled(transactions, 10, dice.random), 3, dice.random)];
    // At first more than a repetition of every writer's call can use up: then somebody is refused for certain.
    let [sent, times] = [0, WRITERS * 2];
    const refused = await sendAll(order, WRITERS, async (delivery, writer) => {
      sent++;
      if (sent % 6 === 3) road.loseAnswers(CALL, times);
      if (sent % 6 === 0) road.loseCalls(CALL, times = 1);
      return await book.take(delivery, writer);
    });
    expect([`seed ${seed}`, ...await foundAfterwards(book.database.admin, transactions)]).toEqual([`seed ${seed}`]);
    const { answers, calls } = road.lost;
    expect([`seed ${seed}`, answers > 0, calls > 0, refused > 0]).toEqual([`seed ${seed}`, true, true, true]);
  },
);
