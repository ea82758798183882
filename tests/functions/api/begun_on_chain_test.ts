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

/** A new wallet, signed in. */
interface Trader {
  readonly wallet: Keypair;
  readonly address: string;
  // deno-lint-ignore no-explicit-any -- an answer; the test looks into it
  begin(body: object): Promise<any>;
  /** Attaches the signature of a transaction, and gives the row's status. */
  attach(id: string, transaction: Transaction): Promise<string>;
  /** What was begun, signed. */
  signed(text: string): Transaction;
  /** Status and signature of a row, or its note. */
  fate(id: string): Promise<string>;
  balance(): Promise<unknown>;
}

async function openTrader({ platform }: Stage): Promise<Trader> {
  const wallet = Keypair.generate();
  const address = wallet.publicKey.toBase58();
  const client = platform.client();
  await signIn(client, wallet);
  // deno-lint-ignore no-explicit-any -- as above
  const ask = async (method: "POST" | "PUT", path: string, body: object): Promise<any> => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const { data, error } = await client.functions.invoke(`api/${path}`, { method, body, headers });
    return error ? await error.context.json() : data;
  };
  return {
    wallet,
    address,
    begin: (body) => ask("POST", `vaults/${address}/transactions`, body),
    attach: async (id, own) =>
      (await ask("PUT", `transactions/${id}/signature`, { signature: signatureOf(own) })).status,
    signed(text): Transaction {
      const transaction = Transaction.from(Buffer.from(text, "base64"));
      transaction.sign(wallet);
      return transaction;
    },
    async fate(id): Promise<string> {
      const [row] = await platform.database
        .admin`select status, signature, note from public.transactions where id = ${id}`;
      return `${row?.status} ${row?.signature ?? row?.note}`;
    },
    balance: async () => (await client.from("vault_balances").select("total_balance")).data,
  };
}

function signatureOf({ signature }: Transaction): string {
  return bs58.encode(signature ?? new Uint8Array());
}

/** Opens a vault and lets it come to hold 4 USDT, every step by the API. */
async function opened(stage: Stage): Promise<Trader> {
  const { chain, platform: { database: { admin: sql } } } = stage;
  const trader = await openTrader(stage);
  const { begin, signed, fate, balance, address, wallet } = trader;
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
  const moves = [[{ type: "deposit", amount: "7000000" }, "7000000"], [
    { type: "withdrawal", amount: "3000000" },
    "4000000",
  ]] as const;
  for (const [body, total] of moves) {
    const { announced, transaction } = await begin(body);
    const own = signed(transaction);
    expect(await trader.attach(announced.id, own)).toBe("pending");
    await chain.sendRawTransaction(own.serialize());
    await eventually(body.type, async () => await fate(announced.id) === `confirmed ${signatureOf(own)}`);
    expect(await balance()).toEqual([{ total_balance: total }]);
    const told = await chain.getTransaction(signatureOf(own), {
      maxSupportedTransactionVersion: 0,
      commitment: "confirmed",
    });
    expect(told?.transaction.message.compiledInstructions.length).toBe(1);
  }
  return trader;
}

Deno.test("a new wallet opens a vault, deposits and withdraws, and the ledger knows each by what was announced", () =>
  onStage(async (stage) => {
    const { chain, platform: { database } } = stage;
    const trader = await opened(stage);
    const { begin, signed, fate } = trader;

    // Another one takes the money before it arrives. Only without preflight does the chain take it, as failed.
    const late = await begin({ type: "withdrawal", amount: "4000000" });
    const other = await begin({ type: "withdrawal", amount: "3999999" });
    await chain.sendRawTransaction(signed(other.transaction).serialize());
    await eventually("the other one", async () => (await fate(other.announced.id)).startsWith("confirmed"));
    const own = signed(late.transaction);
    await trader.attach(late.announced.id, own);
    await expect(chain.sendRawTransaction(own.serialize())).rejects.toThrow("custom program error: 0x1771");
    await chain.sendRawTransaction(own.serialize(), { skipPreflight: true });
    await eventually("the failure", async () => await fate(late.announced.id) === `failed ${signatureOf(own)}`);

    const never = await begin({ type: "deposit", amount: "5" });
    await letTimePass(database.admin);
    const pool = openDatabase(database.url, { max: 2 });
    expect((await monitor({ database: pool, now: () => performance.now() })).counts.transactions_expired).toBe(1);
    await pool.close();
    expect(await fate(never.announced.id)).toBe("failed expired");
    expect(await trader.balance()).toEqual([{ total_balance: "1" }]);
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
