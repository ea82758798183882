/**
 * Faults that promise an alert, each on a book of its own: exactly that alert is open afterwards, and no other. Rows 31 and 34 (nodes),
 * 43 and 44 (alerts themselves) have tests of their own: lying_nodes, reconciled, alert_storm and alert_failure.
 *
 * @module
 */
import { expect } from "expect";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { at, type Book, bookTest, close, deposit, initialise, withdrawal } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";
import { sweepTest } from "@/tests/support/sweeping.ts";
import type { Sql } from "postgres";

const alice = key("alice");

/** A transaction that could not be read. */
function unread(code: "undecodable_event" | "field_missing" | "no_log", slot: number): ChainTransaction {
  const verdict = code === "no_log" ? "parked" : "quarantined";
  return {
    verdict,
    signature: signature(code),
    slot,
    transactionIndex: 0,
    blockTime: 1_700_000_000,
    code,
    reason: "as it came",
  } as ChainTransaction;
}

/** Type, subject and severity of every alert that is open. */
async function told(sql: Sql): Promise<string[]> {
  const rows = await sql`
    select alert_type, subject, severity from public.alerts where resolved_at is null order by alert_type, subject`;
  return rows.map(({ alert_type, subject, severity }) => `${alert_type} ${severity} ${subject}`);
}

/** As the monitor looks, eleven minutes later. */
async function elevenMinutesLater({ sql }: Book): Promise<void> {
  await sql`select vaultbook.judge_parked(clock_timestamp() + interval '11 minutes')`;
}

const opened = at(1, [initialise(alice), deposit(alice, 500n, 500n)], { name: "opening" });

const FAULTS: Readonly<Record<string, { happen(book: Book): Promise<unknown>; alerts: readonly string[] }>> = {
  "row 2: a signature with another content": {
    async happen({ take }): Promise<void> {
      await take(opened, at(2, [deposit(alice, 5n)], { name: "twice" }));
      await take(at(2, [deposit(alice, 6n)], { name: "twice" }));
    },
    alerts: [`conflict critical ${signature("twice")}`],
  },
  "row 4: an event that is not in the IDL": {
    happen: ({ take }) => take(opened, unread("undecodable_event", 2)),
    alerts: ["undecodable_event critical inbox"],
  },
  "row 4: a transaction that lacks what it must have": {
    happen: ({ take }) => take(opened, unread("field_missing", 2)),
    alerts: ["quarantined warning inbox"],
  },
  "row 5: a deposit that nobody delivers": {
    happen: ({ take }) => take(opened, at(3, [withdrawal(alice, 100n, 1_400n)])),
    alerts: [`gap_detected warning ${alice}`],
  },
  "row 7: the chain takes back what was confirmed": {
    async happen({ take, lose }): Promise<void> {
      const gone = at(2, [deposit(alice, 5n)]);
      await take(opened, gone);
      await lose(gone);
    },
    alerts: [`rolled_back critical ${alice}`],
  },
  "row 10: a log that is missing and stays so": {
    async happen(book): Promise<void> {
      await book.take(opened, unread("no_log", 2));
      await elevenMinutesLater(book);
    },
    alerts: ["gap_detected warning inbox"],
  },
  "row 13: an amount that the chain does not show": {
    async happen({ take, takeFinalized }): Promise<void> {
      await take(opened, at(2, [deposit(alice, 900n)], { name: "forged" }));
      await takeFinalized(at(2, [deposit(alice, 9n)], { name: "forged" }));
    },
    alerts: [`conflict critical ${signature("forged")}`],
  },
  "row 22: a vault whose initialisation nobody finds": {
    async happen(book): Promise<void> {
      await book.take(at(2, [deposit(alice, 5n)]));
      await elevenMinutesLater(book);
    },
    alerts: ["gap_detected warning inbox"],
  },
  "row 53: a deposit into a closed vault": {
    async happen({ take }): Promise<void> {
      await take(at(1, [initialise(alice)]), at(2, [close(alice)]));
      await take(at(3, [deposit(alice, 5n)]));
    },
    alerts: [`vault_closed info ${alice}`],
  },
};

for (const [name, { happen, alerts }] of Object.entries(FAULTS)) {
  bookTest(`${name} raises its alert and no other`, async (book) => {
    await book.take(at(0, [initialise(key("bystander"))], { name: "bystander" }));
    expect(await told(book.sql)).toEqual([]);
    await happen(book);
    expect(await told(book.sql)).toEqual(alerts);
  });
}

sweepTest("row 6: an hour of silence raises its alert and no other", [], async (stage) => {
  // The demo's traders deposit what is worth telling of.
  await stage.sql`update public.alert_rules set enabled = false where alert_type in ('large_tx', 'failed_tx')`;
  await stage.hear();
  await stage.sweep();
  expect(await told(stage.sql)).toEqual([]);
  stage.node.trade(60, 60_000);
  stage.node.waitUntilFinal();
  await stage.hear({ silence: { from: 0, milliseconds: stage.node.now() + 60_000, then: "lost" } });
  await stage.sweep();
  expect(await told(stage.sql)).toEqual(["ingest_stalled critical webhook"]);
});
