/**
 * Row 20: amounts below zero, which no road may bring into the ledger.
 *
 * @module
 */
import { expect } from "expect";
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";
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
import { openTestDatabase } from "@/tests/support/database.ts";
import { wholeBook } from "@/tests/support/ledger_state.ts";
import { bodyOf, events, key, logOf, PROGRAM, rawTransaction } from "@/tests/support/raw_delivery.ts";
import { openWebhook } from "@/tests/support/webhook.ts";

const [alice, bob] = [key("alice"), key("bob")];
/** Every type of row there is. */
const OPENING = at(1, [
  initialise(alice),
  initialise(bob),
  deposit(alice, 100n),
  lock(alice, 50n),
  unlock(alice, 10n),
  withdrawal(alice, 5n),
  transfer(alice, bob, 20n),
  transfer(bob, alice, 1n, "FeeCollection"),
]);

Deno.test("row 20: minus one in the chain's bytes is no amount: every kind is quarantined as it is read", async () => {
  const minusOne = 2n ** 64n - 1n;
  const database = await openTestDatabase();
  const webhook = openWebhook(database.url, { program: PROGRAM });
  const kinds = [
    events.deposit(alice, minusOne, 0n),
    events.withdraw(alice, minusOne, 0n),
    events.lock(alice, minusOne, 0n, 0n),
    events.unlock(alice, minusOne, 0n, 0n),
    events.transfer(alice, bob, minusOne, 0),
    events.transfer(alice, bob, minusOne, 2),
  ];
  try {
    const answer = await webhook.send(
      bodyOf(...kinds.map((event, slot) => rawTransaction({ slot, logs: logOf(event) }))),
    );
    expect(answer).toMatchObject({ received: kinds.length, quarantined: kinds.length });
    expect(await wholeBook(database.admin)).toEqual([]);
  } finally {
    await webhook.close();
    await database.close();
  }
});

/** Every kind of event that has an amount. */
const NEGATIVE: Record<Extract<LedgerEvent, { amount: bigint }>["kind"], Unplaced> = {
  deposit: deposit(alice, -1n),
  withdrawal: withdrawal(alice, -1n),
  lock: lock(alice, -1n),
  unlock: unlock(alice, -1n),
  transfer: transfer(alice, bob, -1n),
};

for (const [kind, event] of Object.entries(NEGATIVE)) {
  bookTest(
    `row 20: ${kind} of less than nothing moves nothing, even where it got past the reader`,
    async ({ take, sql }) => {
      await take(OPENING);
      const before = await wholeBook(sql);
      const outcomes = await take(at(2, [event]), at(3, [deposit(alice, 1n)]), at(4, [event], { failed: true }));
      expect(outcomes).toEqual([
        expect.stringMatching(/^quarantined /),
        "applied",
        expect.stringMatching(/^(failed|quarantined)/),
      ]);
      const added = (await wholeBook(sql)).filter((line) => !before.includes(line));
      // One deposit, and the vault that holds it now.
      expect(added).toHaveLength(2);
    },
  );
}

bookTest(
  "row 20: PostgreSQL itself refuses amounts and balances below zero (23514), even to the ledger's own role",
  async ({ take, sql }) => {
    await take(OPENING);
    const refused = async (statement: string): Promise<void> => {
      const attempt = sql.begin(async (own) => {
        await own`set local role vaultbook_ledger`;
        await own.unsafe(statement);
      });
      await expect(attempt.then(() => `accepted: ${statement}`)).rejects.toMatchObject({ code: "23514" });
    };
    const types = await sql<{ type: string }[]>`select distinct transaction_type as type from public.transactions`;
    expect(types).toHaveLength(7);
    for (const { type } of types) {
      for (const column of ["amount", "balance_before", "balance_after"]) {
        await refused(`update public.transactions set ${column} = -1 where transaction_type = '${type}'`);
      }
    }
    for (
      const column of ["total_balance", "locked_balance", "available_balance", "total_deposited", "total_withdrawn"]
    ) {
      await refused(`update public.vaults set ${column} = -1 where owner = '${alice}'`);
    }
    await refused(`
    insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance)
    values ('${alice}', -1, 0, -1)`);
  },
);
