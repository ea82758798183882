/**
 * The reconciliation on a sound node: books that are right, short of something, wrong, or not there yet.
 *
 * @module
 */
import { expect } from "expect";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { deposit, donation, trader } from "@/tests/support/odd_transactions.ts";
import { findings, mismatchAlerts, reconcileOn, reconcileTest, summary } from "@/tests/support/reconciling.ts";
import { program, sweepTest } from "@/tests/support/sweeping.ts";

reconcileTest("a book that is right matches, vault by vault and as a whole", [], async (stage, reconciled) => {
  expect(await reconciled()).toBe("done matched 6");
  const logs = await stage.sql`
    select vault_owner, expected_balance, actual_balance, difference, auto_fixed, notes from public.reconciliation_logs`;
  expect(logs.map(({ difference, auto_fixed }) => [difference, auto_fixed])).toEqual(Array(7).fill(["0", false]));
  const whole = logs.find(({ vault_owner }) => vault_owner === null);
  const total = [...stage.node.chain.state().vaults.values()].reduce((sum, vault) => sum + vault.total, 0n);
  expect([whole?.expected_balance, whole?.actual_balance]).toEqual([String(total), String(total)]);
  expect(logs.find(({ vault_owner }) => vault_owner !== null)?.notes).toMatch(/^At slot 461\d{6}$/);
  expect(await mismatchAlerts(stage)).toEqual([]);
  expect(await brokenInvariants(stage.sql)).toEqual([]);
});

sweepTest("a deposit that nobody brought is found, and the vault is fixed", [], async (stage) => {
  const { node, sql } = stage;
  await stage.hear();
  await stage.sweep();
  const owner = trader(node);
  node.wait(500);
  node.send(deposit(owner, 7_000_000n));
  node.waitUntilFinal();
  expect(summary(await reconcileOn(stage))).toBe("done matched 5 fixed 1");
  expect(await findings(stage)).toEqual([`${owner} 7000000 fixed`]);
  expect(await mismatchAlerts(stage)).toEqual([`${owner} critical over`]);
  expect(await stage.differences()).toEqual([]);
  const [log] = await sql`select notes from public.reconciliation_logs where auto_fixed`;
  expect(log?.notes).toMatch(/^At slot \d+: the total is [\d,.]+ USDT, not [\d,.]+ USDT; available are/);
  expect(summary(await reconcileOn(stage))).toBe("done matched 6");
});

sweepTest("a book that heard nothing at all has nothing to compare", [], async (stage) => {
  expect(summary(await reconcileOn(stage))).toBe("done");
  expect(await stage.sql`select from public.reconciliation_logs`).toHaveLength(0);
});

reconcileTest(
  "a sweep that walks over the same vault at the same time costs nothing but a page",
  [],
  async (stage, reconciled) => {
    const { node, sql } = stage;
    const owner = trader(node);
    const { address } = node.chain.book.vaultOf(owner);
    node.wait(500);
    node.send(deposit(owner, 7_000_000n));
    node.waitUntilFinal();
    await sql`select vaultbook.want_vault(${address}, 'a test')`;
    let swept: string | null = null;
    const amid: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (swept === null && String(init?.body).includes(`"getSignaturesForAddress","params":["${address}"`)) {
        swept = "begun";
        swept = (await stage.sweep()).status;
      }
      return answer;
    };
    expect(await reconciled({ rpc: { fetch: amid } })).toMatch(/^done matched (5 fixed 1|6)$/);
    expect(swept).toBe("done");
    expect(await stage.differences()).toEqual([]);
  },
);

reconcileTest("what happened after the slot that was read is in nobody's way", [], async (stage, reconciled) => {
  const { node } = stage;
  node.trade(10);
  await stage.hear();
  expect(await reconciled()).toBe("done matched 6");
  expect(await mismatchAlerts(stage)).toEqual([]);
});

reconcileTest(
  "tokens that somebody sent are a surplus and no mismatch, until they are gone",
  [],
  async (stage, reconciled) => {
    const { node, sql } = stage;
    const owner = trader(node);
    node.wait(500);
    node.send(donation(node, owner, 1_234_567n));
    node.waitUntilFinal();
    expect(await reconciled()).toBe("done matched 6");
    expect(await reconciled()).toBe("done matched 6");
    expect(await findings(stage)).toEqual([]);
    expect(await mismatchAlerts(stage)).toEqual([]);
    expect(await mismatchAlerts(stage, "token_surplus")).toEqual([`${owner} info open`]);
    const [alert] = await sql`select data, message from public.alerts where alert_type = 'token_surplus'`;
    expect([alert?.data, alert?.message]).toEqual([
      { surplus: "1234567", count: 1 },
      expect.stringContaining("1.234567 USDT that no event brought"),
    ]);
  },
);

reconcileTest(
  "what is missing because something of the vault is parked is no mismatch",
  [],
  async (stage, reconciled) => {
    const { node, sql } = stage;
    const owner = trader(node);
    const { address } = node.chain.book.vaultOf(owner);
    node.wait(500);
    node.send(deposit(owner, 7_000_000n));
    await stage.hear();
    // Not read to its end, and no node gives it.
    await sql.begin(async (own) => {
      await own`set local role vaultbook_ledger`;
      await own`select vaultbook.roll_back(jsonb_build_array(jsonb_build_object('signature', signature, 'slot', slot)))
      from vaultbook.inbox order by id desc limit 1`;
      await own`update vaultbook.inbox set outcome = 'parked', code = 'vault_unknown', vaults = array[${address}::text]
      where id = (select max(id) from vaultbook.inbox)`;
    });
    node.waitUntilFinal();
    node.faults.on("missing_transaction", { share: 1 });
    expect(await reconciled()).toBe("done matched 5 behind 1");
    expect(await findings(stage)).toEqual([]);
    expect(await mismatchAlerts(stage)).toEqual([]);
    const [suspect] = await sql`select owner, reason from vaultbook.suspects`;
    expect([suspect?.owner, suspect?.reason]).toEqual([owner, expect.stringContaining("parked")]);
  },
);

reconcileTest(
  "what cannot be repaired is a mismatch with its alert, which ends when the book is right again",
  [],
  async (stage, reconciled) => {
    const { sql, node } = stage;
    const owner = trader(node);
    const drift = (by: number): Promise<unknown> =>
      sql.begin(async (own) => {
        await own`set local role vaultbook_ledger`;
        await own`update public.vaults set total_balance = total_balance + ${by}, available_balance = available_balance + ${by}
        where owner = ${owner}`;
      });
    await drift(1);
    for (let times = 1; times <= 2; times++) expect(await reconciled()).toBe("done matched 5 mismatched 1");
    expect(await findings(stage)).toEqual([`${owner} -1`, "system -1", `${owner} -1`, "system -1"]);
    expect(await mismatchAlerts(stage)).toEqual([
      `${owner} critical open`,
      "system critical open",
    ]);
    const messages =
      await sql`select message from public.alerts where alert_type = 'reconcile_mismatch' order by subject = 'system'`;
    const amount = "[\\d,]+\\.\\d{2,6} USDT";
    expect(messages.map(({ message }) => String(message))).toEqual([
      expect.stringMatching(
        `^The vault of ${owner} is not what the chain says at slot \\d+: vaults holds a total of ${amount} and ${amount} locked`,
      ),
      expect.stringMatching(`^All vaults together hold ${amount} on the chain and ${amount} in the book$`),
    ]);
    await drift(-1);
    expect(await reconciled()).toBe("done matched 6");
    expect((await mismatchAlerts(stage)).filter((line) => line.endsWith("open"))).toEqual([]);
  },
);

reconcileTest(
  "it takes the owners it is told, and goes on with the round where a limit stopped it",
  [],
  async (stage, reconciled) => {
    const owner = trader(stage.node);
    expect(await reconciled({ limit: 4 })).toBe("partial matched 4");
    expect(await reconciled({ owners: [owner] })).toBe("done matched 1");
    expect(await reconciled({ limit: 4 })).toBe("done matched 6");
    expect(await stage.sql`select from public.reconciliation_logs where vault_owner is null`).toHaveLength(1);
    expect(await reconciled({ owners: ["nobody"] })).toBe("done");
    expect(program.accounts.vault).toBeDefined();
  },
);
