/**
 * What each caller sees of two tenants, by supabase-js as an app uses it.
 *
 * @module
 */
import type { SupabaseClient } from "@supabase/supabase-js";
import { expect } from "expect";
import { newWallet, openTestPlatform, type TestPlatform, type Wallet } from "@/tests/support/platform.ts";
import { encode, events, key, logOf, PROGRAM, rawTransaction, vaultOf } from "@/tests/support/raw_delivery.ts";

interface Scene {
  readonly platform: TestPlatform;
  readonly alice: Wallet;
  readonly bob: Wallet;
}

/** Two owners with a vault, a ledger, a snapshot and an alert each; alice holds 20 000 USDT, bob 30 000. */
function sceneTest(name: string, run: (scene: Scene) => Promise<void>): void {
  Deno.test(name, async () => {
    const platform = await openTestPlatform();
    const [alice, bob] = [newWallet(), newWallet()];
    try {
      await platform.deliver(
        rawTransaction({
          slot: 1,
          logs: logOf(
            events.initialise(alice.address),
            events.deposit(alice.address, 20_000_000_000n, 20_000_000_000n),
          ),
        }),
        rawTransaction({
          slot: 2,
          logs: logOf(events.initialise(bob.address), events.deposit(bob.address, 30_000_000_000n, 30_000_000_000n)),
        }),
      );
      await run({ platform, alice, bob });
    } finally {
      await platform.close();
    }
  });
}

/** Every relation that holds rows of owners, with the column that names the owner. */
const OWNED = [
  ["vaults", "owner"],
  ["vault_balances", "owner"],
  ["transactions", "vault_owner"],
  ["vault_ledger", "vault_owner"],
  ["balance_snapshots", "vault_owner"],
  ["alerts", "vault_owner"],
  ["open_alerts", "vault_owner"],
] as const;

async function ownersSeen(client: SupabaseClient, relation: string, column: string): Promise<unknown[]> {
  const { data, error } = await client.from(relation).select(column);
  if (error) throw new Error(`${relation}: ${error.code} ${error.message}`);
  return (data as unknown as Record<string, unknown>[]).map((row) => row[column]);
}

sceneTest("an owner sees the own rows of every relation, and no other's", async ({ platform, alice, bob }) => {
  for (const [own, other] of [[alice, bob], [bob, alice]] as const) {
    const client = platform.client();
    await own.signIn(client);
    for (const [relation, column] of OWNED) {
      expect([relation, ...await ownersSeen(client, relation, column)]).toEqual([relation, own.address]);
      const foreign = await client.from(relation).select("*", { count: "exact" }).eq(column, other.address);
      expect([relation, foreign.data, foreign.count]).toEqual([relation, [], 0]);
    }
    const embedded = await client.from("vaults").select("owner, transactions(amount), alerts(alert_type)");
    expect(embedded.data).toHaveLength(1);
  }
});

sceneTest(
  "an operator sees everybody's rows; a user without a wallet and a spoofed one see none",
  async ({ platform, alice, bob }) => {
    const admin = platform.client(platform.secret);
    const password = "a long enough password";
    await admin.auth.admin.createUser({
      email: "ops@example.com",
      password,
      email_confirm: true,
      app_metadata: { role: "ops" },
    });
    const operator = platform.client();
    await operator.auth.signInWithPassword({ email: "ops@example.com", password });
    const spoofer = platform.client();
    await spoofer.auth.signUp({ email: "spoof@example.com", password });
    await spoofer.auth.updateUser({
      data: { wallet_address: alice.address, role: "ops", app_metadata: { role: "ops" } },
    });
    await spoofer.auth.refreshSession();
    for (const [relation, column] of OWNED) {
      const seen = await ownersSeen(operator, relation, column);
      expect([relation, ...seen].sort()).toEqual([relation, alice.address, bob.address].sort());
      expect([relation, ...await ownersSeen(spoofer, relation, column)]).toEqual([relation]);
    }
  },
);

sceneTest("nobody without a session reads anything but the TVL", async ({ platform }) => {
  const anonymous = platform.client();
  for (const [relation] of OWNED) {
    const { data, error, status } = await anonymous.from(relation).select("*");
    expect([relation, data, error?.code, status]).toEqual([relation, null, "42501", 401]);
  }
  expect((await anonymous.from("tvl_snapshots").select("*")).data).toEqual([]);
  expect((await anonymous.from("tvl_history").select("*")).data).toEqual([]);
});

sceneTest(
  "no caller writes a balance, a ledger row or an inbox row, not even with the secret key",
  async ({ platform, alice }) => {
    const owner = platform.client();
    await alice.signIn(owner);
    const service = platform.client(platform.secret);
    const row = {
      vault_owner: alice.address,
      transaction_type: "deposit",
      amount: "1",
      balance_before: "0",
      balance_after: "1",
    };
    for (const client of [owner, service, platform.client()]) {
      const refusals = [
        await client.from("vaults").update({ total_balance: "1" }).eq("owner", alice.address),
        await client.from("vaults").delete().eq("owner", alice.address),
        await client.from("transactions").insert(row),
        await client.from("transactions").update({ amount: "1" }).eq("vault_owner", alice.address),
        await client.from("transactions").delete().eq("vault_owner", alice.address),
        await client.from("reconciliation_logs").insert({ expected_balance: 0, actual_balance: 0, difference: 0 }),
      ];
      for (const { error } of refusals) expect(error?.code).toBe("42501");
    }
    const hidden = await service.schema("vaultbook").from("inbox").select("*");
    expect(hidden.error?.code).toBe("PGRST106");
  },
);

/** Joins a private channel; resolves with what the server says. */
function join(client: SupabaseClient, topic: string, heard: unknown[]): Promise<string> {
  return new Promise((resolve) => {
    client.channel(topic, { config: { private: true } })
      .on("broadcast", { event: "*" }, ({ event, payload }) => heard.push([event, payload]))
      .subscribe((status) => resolve(status));
  });
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 5_000; !condition() && performance.now() < deadline;) {
    await new Promise((resume) => setTimeout(resume, 10));
  }
}

sceneTest(
  "an owner hears the own alerts and vault on private channels, and nobody else does",
  async ({ platform, alice, bob }) => {
    const client = platform.client();
    await alice.signIn(client);
    await client.realtime.setAuth();
    const alerts: [string, Record<string, unknown>][] = [];
    const vault: [string, Record<string, unknown>][] = [];
    const foreign: unknown[] = [];
    expect(await join(client, `alerts:${alice.address}`, alerts)).toBe("SUBSCRIBED");
    expect(await join(client, `vault:${alice.address}`, vault)).toBe("SUBSCRIBED");
    for (const topic of [`alerts:${bob.address}`, `vault:${bob.address}`, "alerts:ops", "alerts:", "anything"]) {
      expect([topic, await join(client, topic, foreign)]).toEqual([topic, "CHANNEL_ERROR"]);
    }
    expect(await join(platform.client(), `alerts:${alice.address}`, foreign)).toBe("CHANNEL_ERROR");

    const failed = { InstructionError: [0, { Custom: 6001 }] };
    await platform.deliver(rawTransaction({ slot: 9, logs: logOf(events.withdraw(bob.address, 1n, 29_999_999_999n)) }));
    await platform.deliver(
      rawTransaction({ slot: 10, logs: logOf(events.withdraw(alice.address, 9_007_199_254n, 10_992_800_746n)) }),
      rawTransaction({ slot: 11, err: failed, ...failingWithdrawal(alice.address) }),
    );
    await until(() => alerts.length >= 1 && vault.length >= 2);
    expect(alerts.map(([event, payload]) => [event, payload.alert_type, payload.vault_owner])).toEqual([[
      "alert_created",
      "failed_tx",
      alice.address,
    ]]);
    expect(vault.map(([event]) => event)).toContain("transaction_recorded");
    expect(vault.find(([event]) => event === "vault_updated")?.[1]).toMatchObject({
      owner: alice.address,
      total_balance: "10992800746",
    });
    expect(vault.every(([, payload]) => (payload.owner ?? payload.vault_owner) === alice.address)).toBe(true);
    expect(foreign).toEqual([]);
  },
);

/** A withdrawal's instruction, for a transaction that failed. */
function failingWithdrawal(owner: string): { calls: { program: string; data: Uint8Array; accounts: string[] }[] } {
  const { vault, tokenAccount } = vaultOf(owner);
  const data = encode("b712469c946da122", [{ u64: 5n }]);
  return {
    calls: [{
      program: PROGRAM,
      data,
      accounts: [owner, vault, key("wallet tokens"), tokenAccount, key("authority"), key("token")],
    }],
  };
}
