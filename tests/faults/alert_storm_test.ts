/**
 * Row 43: a hundred thousand things to tell at once.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { tellUntold } from "@/lib/ledger/alerting.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { chainItems, openWebhook } from "@/tests/support/webhook.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";

const SUBJECTS = 10_000;
const ROUNDS = 10;
const BATCH = 2_500;
/** What operators hear of one by one in a minute: the rules' default. */
const TOLD = 100;

/** Raises one occurrence for each of these subjects, numbered from `first`, in the order of `direction`. */
async function raise(sql: Sql, first: number, direction: "asc" | "desc"): Promise<void> {
  await sql.unsafe(`
    select vaultbook.raise_alerts(array(
      select row ('reconcile_mismatch', 'vault ' || n, null, 'Not what the chain says', '{}')::vaultbook.occurrence
        from generate_series(${first}, ${first + BATCH - 1}) as n order by n ${direction}
    ))`);
}

async function one<Value>(sql: Sql, query: string): Promise<Value> {
  const [row] = await sql.unsafe(query);
  return Object.values(row ?? {})[0] as Value;
}

/** What two writers tell, each of everything, in opposite orders. */
async function storm(sql: Sql): Promise<void> {
  const batches = Array.from({ length: SUBJECTS / BATCH }, (_, i) => 1 + i * BATCH);
  const writer = async (direction: "asc" | "desc"): Promise<void> => {
    for (let round = 0; round < ROUNDS / 2; round++) {
      for (const first of direction === "asc" ? batches : batches.toReversed()) await raise(sql, first, direction);
    }
  };
  await Promise.all([writer("asc"), writer("desc")]);
}

Deno.test("row 43: of 100 000 mismatches one alert a subject is open, every one is counted, and operators hear of few", async () => {
  const test = await openTestDatabase();
  const database = openDatabase(test.url, { max: 1 });
  try {
    const { admin } = test;
    await storm(admin);
    const rows = await admin`
      select count(*)::integer as rows, count(distinct subject)::integer as subjects,
             min((data ->> 'count')::integer) as least, max((data ->> 'count')::integer) as most,
             sum((data ->> 'count')::integer)::integer as counted
        from public.alerts where not acknowledged and resolved_at is null`;
    expect([...rows]).toEqual([
      { rows: SUBJECTS, subjects: SUBJECTS, least: ROUNDS, most: ROUNDS, counted: SUBJECTS * ROUNDS },
    ]);
    const heard = Number(await one(admin, "select count(*) from realtime.messages where topic = 'alerts:ops'"));
    // Two writers do not see what the other one has not committed.
    expect(heard).toBeGreaterThanOrEqual(TOLD);
    expect(heard).toBeLessThanOrEqual(2 * TOLD);
    expect(await tellUntold(database)).toBe(SUBJECTS - heard);
    const summaries = await admin`
      select payload ->> 'alert_type' as type, (payload ->> 'suppressed')::integer as suppressed
        from realtime.messages where event = 'alerts_suppressed' and topic = 'alerts:ops'`;
    expect([...summaries]).toEqual([{ type: "reconcile_mismatch", suppressed: SUBJECTS - heard }]);
    // deno-lint-ignore no-console -- figures for whoever asks
    console.log(`${SUBJECTS * ROUNDS} occurrences: ${SUBJECTS} alerts, ${heard} told one by one, 1 summary`);
  } finally {
    await database.close();
    await test.close();
  }
});

Deno.test("row 43: ingest waits for no storm: a delivery is settled while one is under way", async () => {
  const test = await openTestDatabase();
  const webhook = openWebhook(test.url);
  const other = await test.admin.reserve();
  try {
    await other.unsafe("begin");
    for (let first = 1; first <= SUBJECTS / 2; first += BATCH) await raise(other, first, "asc");
    // Its own alerts included: they are of other subjects. Whoever waits is told so at once.
    await test.admin.unsafe(`alter database ${test.admin.options.database} set lock_timeout = '1s'`);
    let applied = 0;
    for (const item of chainItems("a storm", 60)) {
      const answer = await webhook.send(bodyOf(item));
      applied += Number(answer.applied);
    }
    expect(applied).toBeGreaterThan(20);
    expect(await one(test.admin, "select count(*)::integer from vaultbook.alert_failures")).toBe(0);
    expect(await one(test.admin, "select count(*)::integer from public.alerts where alert_type = 'reconcile_mismatch'"))
      .toBe(0);
    await other.unsafe("commit");
    expect(await one(test.admin, "select count(*)::integer from public.alerts where alert_type = 'reconcile_mismatch'"))
      .toBe(SUBJECTS / 2);
  } finally {
    other.release();
    await webhook.close();
    await test.close();
  }
});
