/**
 * The reconciliation of thousands of vaults, and of addresses that had a life before.
 *
 * @module
 */
import bs58 from "bs58";
import { expect } from "expect";
import type { Sql } from "postgres";
import { reconcile } from "@/functions/reconcile/reconcile.ts";
import { createNode } from "@/lib/chain/rpc.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { USDT_MINT } from "@/supabase/local/demo/address.ts";
import type { VaultState } from "@/supabase/local/demo/state.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { fakeVault, type FakeVaults, openFakeVaults, SLOT } from "@/tests/support/fake_vaults.ts";
import { findings, mismatchAlerts, summary } from "@/tests/support/reconciling.ts";
import { program } from "@/tests/support/sweeping.ts";

interface Many extends FakeVaults {
  readonly sql: Sql;
  /** The first of them by owner. */
  readonly first: VaultState;
  reconciled(limit?: number): Promise<string>;
}

function manyTest(name: string, count: number, run: (many: Many) => Promise<void>): void {
  Deno.test(name, async () => {
    const { url, admin: sql, close } = await openTestDatabase();
    const database = openDatabase(url);
    try {
      const fake = await openFakeVaults(sql, name, count);
      const [first] = [...fake.vaults.values()].sort((one, other) => one.owner < other.owner ? -1 : 1);
      if (!first) throw new Error("There must be a vault");
      await run({
        ...fake,
        sql,
        first,
        async reconciled(limit = Infinity): Promise<string> {
          const nodes = [
            createNode({ url: "http://accounts.example/", fetch: fake.fetch, sleep: () => Promise.resolve() }),
          ];
          const sleep = (): Promise<void> => Promise.resolve(void (fake.clock.slot += 20));
          return summary(await reconcile({ database, program, mint: USDT_MINT, nodes, now: Date.now, sleep, limit }));
        },
      });
    } finally {
      await database.close();
      await close();
    }
  });
}

/** As the ledger's own functions write. */
async function enter(sql: Sql, write: (own: Sql) => Promise<unknown>): Promise<void> {
  await sql.begin(async (own) => {
    await own`set local role vaultbook_ledger`;
    await write(own as unknown as Sql);
  });
}

manyTest(
  "one base unit in one of 10 000 vaults is found in one run",
  10_000,
  async ({ sql, vaults, tokens, reconciled }) => {
    const odd = [...vaults.values()][6_543];
    if (!odd) throw new Error("There must be such a vault");
    vaults.set(odd.address, { ...odd, total: odd.total + 1n });
    tokens.set(odd.tokenAccount, { owner: odd.address, amount: odd.total + 1n });
    expect(await reconciled()).toBe("done matched 9999 mismatched 1");
    expect(await findings({ sql })).toEqual([`${odd.owner} 1`, "system 1"]);
    expect(await mismatchAlerts({ sql })).toEqual([`${odd.owner} critical open`, "system critical open"]);
  },
);

manyTest(
  "a chain that stands still proves nothing: its lists may not have caught up with its accounts",
  2,
  async (many) => {
    const { sql, vaults, first, clock, reconciled } = many;
    vaults.set(first.address, { ...first, total: first.total - 1n });
    Object.defineProperty(clock, "slot", { get: () => SLOT, set: () => {} });
    expect(await reconciled()).toBe("done matched 1 behind 1");
    expect(await findings({ sql })).toEqual([]);
  },
);

manyTest("every balance is compared, whether it is in the vault or in its token account", 1, async (many) => {
  const { sql, vaults, tokens, first, reconciled } = many;
  const changes: Partial<VaultState>[] = [
    { locked: 1n },
    { totalDeposited: first.total + 1n },
    { totalWithdrawn: 1n },
    { total: first.total + 1n },
    { owner: first.tokenAccount },
    { tokenAccount: first.owner },
  ];
  for (const change of changes) {
    vaults.set(first.address, { ...first, ...change });
    expect([change, await reconciled()]).toEqual([change, "done mismatched 1"]);
  }
  vaults.set(first.address, first);
  tokens.set(first.tokenAccount, { owner: first.address, amount: first.total - 1n });
  expect(await reconciled()).toBe("done mismatched 1");
  vaults.delete(first.address);
  expect(await reconciled()).toBe("done mismatched 1");
  const notes =
    await sql`select notes, difference from public.reconciliation_logs where vault_owner is not null order by created_at`;
  expect(
    notes.map(({ notes }) =>
      String(notes).replace(/^At slot \d+: /, "").replaceAll(/\d+/g, "N").split(" ").slice(0, 2).join(" ")
    ),
  )
    .toEqual([
      "locked are",
      "deposited are",
      "withdrawn are",
      "the total",
      "on the",
      "on the",
      "its tokens",
      "the chain",
    ]);
  expect(notes.map(({ difference }) => difference)).toEqual(["0", "0", "0", "1", "0", "0", "-1", String(-first.total)]);
});

manyTest("what cannot be read is neither a match nor a mismatch", 1, async ({ sql, tokens, first, reconciled }) => {
  tokens.set(first.tokenAccount, { owner: first.owner, amount: first.total });
  expect(await reconciled()).toBe("done behind 1");
  const [suspect] = await sql`select reason from vaultbook.suspects`;
  expect(suspect?.reason).toBe(`its token account ${first.tokenAccount} belongs to another`);
  expect(await findings({ sql })).toEqual([]);
});

/** The vault is emptied and closed. */
async function closeVault({ sql, vaults, tokens, first }: Many): Promise<void> {
  await enter(sql, async (own) => {
    await own`insert into public.transactions (
        vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, slot, transaction_index, event_index,
        total_after, locked_after, confirmed_at, finalized_at)
      values (${first.owner}, 'withdrawal', ${String(first.total)}, 'withdrawal', 'confirmed', ${
      String(first.total)
    }, 0, ${SLOT - 80}, 0, 0,
        0, 0, now(), now())`;
    await own`insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, vault_address, change)
      values ('close', 0, ${SLOT - 70}, 0, ${first.address}, 'close')`;
    await own`update public.vaults set status = 'closed', total_balance = 0, available_balance = 0, total_withdrawn = ${
      String(first.total)
    }
      where owner = ${first.owner}`;
  });
  vaults.delete(first.address);
  tokens.delete(first.tokenAccount);
}

manyTest("row 54: a closed vault is gone on the chain, and one that is there after all is told of", 2, async (many) => {
  const { vaults, first, reconciled } = many;
  await closeVault(many);
  expect(await reconciled()).toBe("done matched 2");
  vaults.set(first.address, { ...first, total: 0n, totalDeposited: 0n });
  expect(await reconciled()).toBe("done matched 1 mismatched 1");
});

manyTest("row 54: a vault that its owner opened again counts its deposits from there", 2, async (many) => {
  const { sql, vaults, tokens, first, reconciled } = many;
  await closeVault(many);
  await enter(sql, async (own) => {
    await own`insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, vault_address, change, owner)
      values ('again', 0, ${SLOT - 60}, 0, ${first.address}, 'initialise', ${first.owner})`;
    await own`insert into public.transactions (
        vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, slot, transaction_index, event_index,
        total_after, locked_after, confirmed_at, finalized_at)
      values (${first.owner}, 'deposit', 5, 'deposit again', 'confirmed', 0, 5, ${
      SLOT - 50
    }, 0, 0, 5, 0, now(), now())`;
    await own`update public.vaults set status = 'active', total_balance = 5, available_balance = 5, total_deposited = total_deposited + 5
      where owner = ${first.owner}`;
  });
  vaults.set(first.address, { ...first, total: 5n, totalDeposited: 5n });
  tokens.set(first.tokenAccount, { owner: first.address, amount: 5n });
  expect(await reconciled()).toBe("done matched 2");
});

manyTest(
  "row 54: an address that is another owner's now is compared with that one's book, not with the first one's",
  2,
  async (many) => {
    const { sql, vaults, tokens, first, reconciled } = many;
    await closeVault(many);
    const next = fakeVault(bs58.encode(new Uint8Array(32).fill(9)), first.address, first.tokenAccount, 0n);
    await enter(sql, async (own) => {
      await own`insert into public.vaults (owner, vault_address, token_account) values (${next.owner}, ${next.address}, ${next.tokenAccount})`;
      await own`insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, vault_address, change, owner)
      values ('of another', 0, ${SLOT - 60}, 0, ${next.address}, 'initialise', ${next.owner})`;
    });
    tokens.set(next.tokenAccount, { owner: next.address, amount: 0n });
    vaults.set(next.address, next);
    expect(await reconciled()).toBe("done matched 2");
    const logs = await sql`select from public.reconciliation_logs where vault_owner = ${first.owner}`;
    expect(logs).toHaveLength(0);
  },
);

manyTest("a vault that was opened after the slot that was read is not looked for in it", 1, async (many) => {
  const { sql, vaults, tokens, first, reconciled } = many;
  await enter(sql, async (own) => {
    await own`update vaultbook.status_changes set slot = ${SLOT + 5}`;
    await own`update public.transactions set slot = ${SLOT + 6}`;
  });
  vaults.delete(first.address);
  tokens.delete(first.tokenAccount);
  expect(await reconciled()).toBe("done behind 1");
  expect(await sql`select from public.reconciliation_logs`).toHaveLength(0);
});
