import { expect } from "expect";
import type { ChainTransaction, ReadingCode } from "@/lib/domain/chain_transaction.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { at, bookTest, deposit, initialise } from "@/tests/support/book.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");

/** What could be read of it is that nothing of ours happened, or not even that. */
function ignored(slot: number, code: ReadingCode): ChainTransaction {
  return { verdict: "ignored", code, reason: code, signature: signature(`slot ${slot}`), slot };
}

bookTest("ingest() completes what had nothing readable in it when it came first", async ({ take, sql }) => {
  await take(at(1, [initialise(alice)]));
  expect(await take(ignored(2, "no_instructions"), ignored(3, "no_instructions")))
    .toEqual(["ignored no_instructions", "ignored no_instructions"]);
  expect(await take(ignored(2, "no_vault_event"), at(3, [deposit(alice, 5n)])))
    .toEqual(["ignored no_vault_event", "applied"]);
  expect(await take(ignored(2, "no_vault_event"), at(3, [deposit(alice, 5n)]))).toEqual(["duplicate", "duplicate"]);
  const rows = await sql`
    select slot, outcome, times_seen, decided_at is not null as is_decided from vaultbook.inbox where slot > 1 order by slot`;
  expect(rows).toEqual([
    { slot: "2", outcome: "ignored", times_seen: 3, is_decided: true },
    { slot: "3", outcome: "applied", times_seen: 3, is_decided: true },
  ]);
});

bookTest("ingest() takes nothing of ours and something of ours for two contents of a signature", async ({ take }) => {
  await take(at(1, [initialise(alice)]), at(2, [deposit(alice, 5n)]), ignored(3, "no_vault_event"));
  expect(await take(ignored(2, "no_vault_event"), at(3, [deposit(alice, 5n)])))
    .toEqual(["conflict signature_has_other_content", "conflict signature_has_other_content"]);
});

bookTest("ingest() knows an element without a signature again by where it lies", async ({ sql }) => {
  const database = { run: <Result>(work: (own: typeof sql) => Promise<Result>) => work(sql), close: async () => {} };
  const transactions: ChainTransaction[] = [{ verdict: "quarantined", code: "malformed", reason: "signatures" }];
  const delivery = { source: "webhook", body: new TextEncoder().encode("[{}]"), transactions } as const;
  const outcomes = [...await ingest(database, delivery), ...await ingest(database, delivery)];
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(["quarantined", "duplicate"]);
  const [kept] = await sql`select count(*) as rows, max(times_seen) as seen from vaultbook.inbox`;
  expect(kept).toEqual({ rows: "1", seen: 2 });
});
