/**
 * From the API to the chain and back: what an owner begins, a wallet signs, the demo chain takes, and the ledger confirms or fails.
 *
 * @module
 */
import { Connection, Keypair, Transaction } from "@solana/web3.js";
import type { SupabaseClient } from "@supabase/supabase-js";
import { ed25519 } from "@noble/curves/ed25519.js";
import bs58 from "bs58";
import { expect } from "expect";
import { monitor } from "@/functions/monitor/monitor.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { type Demo, startDemo } from "@/supabase/local/demo/demo.ts";
import { freePort } from "@/supabase/local/postgres/port.ts";
import { letTimePass } from "@/tests/support/announced.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

interface Stage {
  readonly platform: TestPlatform;
  readonly demo: Demo;
  readonly chain: Connection;
}

/** The platform, and a demo chain with a history that trades no more. */
async function onStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  const rpcPort = await freePort("127.0.0.1", 18_899);
  const folder = await Deno.makeTempDir({ prefix: "begun_" });
  const platform = await openTestPlatform({
    environment: { VAULT_PROGRAM_ID: DEMO_PROGRAM, SOLANA_RPC_URL: `http://127.0.0.1:${rpcPort}` },
  });
  const demo = await startDemo({
    ...{ folder, seed: "begun", programId: DEMO_PROGRAM, mint: USDT_MINT, host: "127.0.0.1", rpcPort },
    ...{ webhookUrl: `${platform.url}/functions/v1/api/webhooks/helius`, webhookSecret: platform.webhookSecret },
    ...{ ratePerSecond: 0, owners: 2, history: 20 },
  });
  try {
    await demo.caughtUp;
    await run({ platform, demo, chain: new Connection(demo.rpcUrl, "confirmed") });
    expect(await brokenInvariants(platform.database.admin)).toEqual([]);
  } finally {
    await demo.close();
    await platform.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function signIn(client: SupabaseClient, wallet: Keypair): Promise<void> {
  const message = `localhost:3000 wants you to sign in with your Solana account:\n${wallet.publicKey}\n\nBegin\n\n` +
    `Version: 1\nURI: http://localhost:3000/\nIssued At: ${new Date().toISOString()}`;
  const signature = ed25519.sign(new TextEncoder().encode(message), wallet.secretKey.subarray(0, 32));
  const { error } = await client.auth.signInWithWeb3({ chain: "solana", message, signature });
  if (error) throw error;
}

Deno.test("a new wallet opens a vault, deposits and withdraws, and the ledger knows each by what was announced", () =>
  onStage(async ({ platform, chain }) => {
    const { admin: sql } = platform.database;
    const wallet = Keypair.generate();
    const address = wallet.publicKey.toBase58();
    const client = platform.client();
    await signIn(client, wallet);
    // deno-lint-ignore no-explicit-any -- an answer; the test looks into it
    const ask = async (method: "POST" | "PUT", path: string, body: object): Promise<any> => {
      const { data, error } = await client.functions.invoke(`api/${path}`, {
        method,
        body,
        headers: { "idempotency-key": crypto.randomUUID() },
      });
      return error ? await error.context.json() : data;
    };
    const begin = (body: object): ReturnType<typeof ask> => ask("POST", `vaults/${address}/transactions`, body);
    const signed = (text: string): Transaction => {
      const transaction = Transaction.from(Buffer.from(text, "base64"));
      transaction.sign(wallet);
      return transaction;
    };
    const signatureOf = ({ signature }: Transaction): string => bs58.encode(signature ?? new Uint8Array());
    const fate = async (id: string): Promise<string> => {
      const [row] = await sql`select status, signature, note, balance_after from public.transactions where id = ${id}`;
      return `${row?.status} ${row?.signature ?? row?.note}`;
    };
    const balance = async (): Promise<unknown> => (await client.from("vault_balances").select("total_balance")).data;

    const opening = await begin({ type: "initialize" });
    expect(opening.announced).toBe(null);
    // As on the real chain, a wallet that has nothing cannot pay.
    await expect(chain.sendRawTransaction(signed(opening.transaction).serialize())).rejects.toThrow(
      "Attempt to debit an account but found no record of a prior credit",
    );
    await chain.requestAirdrop(wallet.publicKey, 1_000_000_000);
    expect((await begin({ type: "deposit", amount: "1" })).error.code).toBe("vault_unknown");
    const first = signed(opening.transaction);
    expect(await chain.sendRawTransaction(first.serialize())).toBe(signatureOf(first));
    await eventually(
      "the vault",
      async () => (await sql`select from public.vaults where owner = ${address}`).length === 1,
    );
    expect((await begin({ type: "initialize" })).error.code).toBe("vault_exists");

    for (
      const [body, total] of [[{ type: "deposit", amount: "7000000" }, "7000000"], [{
        type: "withdrawal",
        amount: "3000000",
      }, "4000000"]] as const
    ) {
      const { announced, transaction } = await begin(body);
      const own = signed(transaction);
      expect((await ask("PUT", `transactions/${announced.id}/signature`, { signature: signatureOf(own) })).status).toBe(
        "pending",
      );
      await chain.sendRawTransaction(own.serialize());
      await eventually(body.type, async () => await fate(announced.id) === `confirmed ${signatureOf(own)}`);
      expect(await balance()).toEqual([{ total_balance: total }]);
      const told = await chain.getTransaction(signatureOf(own), {
        maxSupportedTransactionVersion: 0,
        commitment: "confirmed",
      });
      expect(told?.transaction.message.compiledInstructions.length).toBe(1);
    }

    // Another one takes the money before it arrives. Only without preflight does the chain take it, as failed.
    const late = await begin({ type: "withdrawal", amount: "4000000" });
    const other = await begin({ type: "withdrawal", amount: "3999999" });
    await chain.sendRawTransaction(signed(other.transaction).serialize());
    await eventually("the other one", async () => (await fate(other.announced.id)).startsWith("confirmed"));
    const own = signed(late.transaction);
    await ask("PUT", `transactions/${late.announced.id}/signature`, { signature: signatureOf(own) });
    await expect(chain.sendRawTransaction(own.serialize())).rejects.toThrow("custom program error: 0x1771");
    await chain.sendRawTransaction(own.serialize(), { skipPreflight: true });
    await eventually("the failure", async () => await fate(late.announced.id) === `failed ${signatureOf(own)}`);

    const never = await begin({ type: "deposit", amount: "5" });
    await letTimePass(sql);
    const database = openDatabase(platform.database.url, { max: 2 });
    expect((await monitor({ database, now: () => performance.now() })).counts.transactions_expired).toBe(1);
    await database.close();
    expect(await fate(never.announced.id)).toBe("failed expired");
    expect(await balance()).toEqual([{ total_balance: "1" }]);
  }));

Deno.test("examples/deposit.ts opens a vault, deposits, and sees it confirmed", () =>
  onStage(async ({ platform, demo }) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "examples/deposit.ts", platform.url, platform.publishable, demo.rpcUrl, "12500000"],
      stdin: "null",
    }).output();
    const [out, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    expect([code, complaint]).toEqual([0, expect.not.stringContaining("rror")]);
    expect(out).toMatch(
      /^Signed in as (\w{32,44})\nSent initialize \w{80,90}\nSent deposit (\w{80,90})\nThe ledger has it: {[^}]*status: "confirmed",\s*amount: "12500000",\s*balance_after: "12500000"/,
    );
  }));
