import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import type { Caller } from "@/lib/domain/caller.ts";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { replayItem, resolveItem } from "@/lib/ledger/quarantine.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants, openAlerts } from "@/tests/support/ledger_state.ts";
import { bodyOf, events, key, logOf, PROGRAM, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");
const OPERATOR: Caller = { kind: "user", wallet: null, isOps: true, claims: { sub: "operator 7" } };
const OWNER: Caller = { kind: "user", wallet: alice, isOps: false, claims: { sub: "alice" } };

/** The decoder as it is, and one that was never told of withdrawals. */
const whole = compileProgram(PROGRAM, idl, mapping);
const { WithdrawEvent: _, ...known } = mapping.events;
const partial = compileProgram(PROGRAM, idl, { ...mapping, instructions_tell_all: false, events: known });
const read = (body: Uint8Array): ChainTransaction[] => readDelivery(body, whole);

const DELIVERY = bodyOf(
  rawTransaction({
    signature: signature("a"),
    slot: 1,
    logs: logOf(events.initialise(alice), events.deposit(alice, 9n, 9n)),
  }),
  rawTransaction({ signature: signature("b"), slot: 2, logs: logOf(events.withdraw(alice, 4n, 5n)) }),
);

interface Desk extends TestDatabase {
  readonly database: Database;
  /** Takes the delivery by this reading, and gives the id of what is in quarantine. */
  take(transactions: ChainTransaction[]): Promise<string>;
  /** Total of alice's vault. */
  total(): Promise<string | undefined>;
  quarantine(): Promise<string[]>;
}

function deskTest(name: string, run: (desk: Desk) => Promise<void>): void {
  Deno.test(name, async () => {
    const test = await openTestDatabase();
    const database = openDatabase(test.url);
    const quarantine = async (): Promise<string[]> =>
      (await test.admin<{ id: string }[]>`select id from public.quarantine order by id`).map(({ id }) => id);
    try {
      await run({
        ...test,
        database,
        quarantine,
        async take(transactions): Promise<string> {
          await ingest(database, { source: "webhook", body: DELIVERY, transactions });
          return (await quarantine())[0] ?? "";
        },
        total: async () =>
          (await test.admin`select total_balance from public.vaults where owner = ${alice}`)[0]?.total_balance,
      });
      expect(await brokenInvariants(test.admin)).toEqual([]);
    } finally {
      await database.close();
      await test.close();
    }
  });
}

deskTest("replayItem() applies what the decoder has learnt to read, once and in its place", async (desk) => {
  const id = await desk.take(readDelivery(DELIVERY, partial));
  expect([await desk.total(), await openAlerts(desk.admin)]).toEqual(["9", ["undecodable_event inbox × 1"]]);
  const decision = { id, reason: "The mapping lacked withdrawals" };
  const still = await replayItem(desk.database, OPERATOR, decision, (body) => readDelivery(body, partial));
  expect(still).toMatchObject({ id, decision: "replayed", decided_by: "operator 7", outcome: "quarantined" });
  expect([await desk.total(), await desk.quarantine()]).toEqual(["9", [id]]);
  expect(await openAlerts(desk.admin)).toEqual(["undecodable_event inbox × 1"]);

  expect(await replayItem(desk.database, OPERATOR, decision, read)).toMatchObject({ outcome: "applied", code: null });
  expect([await desk.total(), await desk.quarantine(), await openAlerts(desk.admin)]).toEqual(["5", [], []]);
  // What lay beside it was left alone.
  const seen = await desk.admin`select signature, times_seen from vaultbook.inbox order by slot`;
  expect(seen.map(({ times_seen }) => times_seen)).toEqual([1, 3]);
  const again = replayItem(desk.database, OPERATOR, decision, read);
  await expect(again).rejects.toMatchObject({ code: "item_settled", details: { id } });
  expect(await desk.total()).toBe("5");
});

deskTest("replayItem() gives an item its signature when it can be read at last", async (desk) => {
  const [first, second] = read(DELIVERY) as [ChainTransaction, ChainTransaction];
  const nameless: ChainTransaction = { verdict: "quarantined", code: "malformed", reason: "it could not be read" };
  expect(second.verdict).toBe("read");
  const id = await desk.take([first, nameless]);
  const decision = { id, reason: "Read now" };
  expect(await replayItem(desk.database, { kind: "service" }, decision, read))
    .toMatchObject({ id, decided_by: "service", outcome: "applied" });
  expect([await desk.total(), await desk.quarantine(), await openAlerts(desk.admin)]).toEqual(["5", [], []]);
  await expect(replayItem(desk.database, OPERATOR, decision, read)).rejects.toMatchObject({ code: "item_settled" });
  // It is still known by where it lies: nothing was removed.
  const rows = await desk.admin`select outcome from vaultbook.inbox where id = ${id}`;
  expect(rows[0]?.outcome).toBe("quarantined");
});

deskTest(
  "resolveItem() puts on record who looked and why, closes the alert, and changes nothing else",
  async (desk) => {
    const id = await desk.take(readDelivery(DELIVERY, partial));
    const before = await desk.admin`select * from vaultbook.inbox order by id`;
    const resolved = await resolveItem(desk.database, OPERATOR, { id, reason: "A test of the provider's" });
    expect(resolved).toMatchObject({
      ...{ id, decision: "resolved", reason: "A test of the provider's", decided_by: "operator 7" },
      ...{ outcome: "quarantined", code: expect.any(String), decided_at: expect.any(String) },
    });
    expect([await desk.quarantine(), await openAlerts(desk.admin)]).toEqual([[], []]);
    expect(await desk.admin`select * from vaultbook.inbox order by id`).toEqual(before);
    // The first stays on record; what was resolved by mistake can still be replayed.
    expect(await resolveItem(desk.database, { kind: "service" }, { id, reason: "Again" })).toEqual(resolved);
    expect(await replayItem(desk.database, OPERATOR, { id, reason: "After all" }, read)).toMatchObject({
      outcome: "applied",
    });
    const decisions = await desk.admin`select decision from public.quarantine_decisions order by id`;
    expect(decisions.map(({ decision }) => decision)).toEqual(["resolved", "replayed"]);
  },
);

deskTest("resolveItem() closes a conflict and leaves the alerts of others open", async (desk) => {
  const id = await desk.take(readDelivery(DELIVERY, partial));
  const forged = rawTransaction({
    signature: signature("a"),
    slot: 1,
    logs: logOf(events.initialise(alice), events.deposit(alice, 8n, 8n)),
  });
  await ingest(desk.database, { source: "webhook", body: bodyOf(forged), transactions: read(bodyOf(forged)) });
  const [conflict] = (await desk.quarantine()).filter((other) => other !== id);
  expect(await openAlerts(desk.admin)).toHaveLength(2);
  await resolveItem(desk.database, OPERATOR, { id: conflict ?? "", reason: "Forged: the secret was changed" });
  expect([await openAlerts(desk.admin), await desk.quarantine()]).toEqual([["undecodable_event inbox × 1"], [id]]);
  const replay = replayItem(desk.database, OPERATOR, { id: conflict ?? "", reason: "x" }, read);
  await expect(replay).rejects.toMatchObject({ code: "item_settled" });
});

deskTest("nobody but operators and the service decides, and about nothing that is not there", async (desk) => {
  const id = await desk.take(readDelivery(DELIVERY, partial));
  const forbidden = { code: "operators_only" };
  await expect(resolveItem(desk.database, OWNER, { id, reason: "Mine" })).rejects.toMatchObject(forbidden);
  await expect(replayItem(desk.database, OWNER, { id, reason: "Mine" }, read)).rejects.toMatchObject(forbidden);
  const [applied] = await desk.admin`select id from vaultbook.inbox where outcome = 'applied'`;
  for (const [item, code] of [["999", "item_unknown"], [applied?.id, "item_settled"]] as const) {
    const decision = { id: item, reason: "x" };
    await expect(resolveItem(desk.database, OPERATOR, decision)).rejects.toMatchObject({ code });
    await expect(replayItem(desk.database, OPERATOR, decision, read)).rejects.toMatchObject({ code });
  }
  expect([await desk.quarantine(), await desk.total()]).toEqual([[id], "9"]);
  expect(await desk.admin`select from vaultbook.resolutions`).toHaveLength(0);
});
