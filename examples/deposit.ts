// A trader deposits: sign in, open a vault where there is none, announce, sign and send, and wait until the ledger has it.
//   deno run -A examples/deposit.ts API_URL PUBLISHABLE_KEY RPC_URL [BASE_UNITS] [WALLET: 64-byte key in base58; default a fresh one]
import { Buffer } from "node:buffer";
import { createClient } from "@supabase/supabase-js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { Connection, Keypair, Transaction } from "@solana/web3.js";
import bs58 from "bs58";

const [url, publishableKey, rpcUrl, amount = "25000000", key] = Deno.args;
if (!url || !publishableKey || !rpcUrl) {
  throw new Error("Usage: deposit.ts API_URL PUBLISHABLE_KEY RPC_URL [BASE_UNITS] [WALLET]");
}
const wallet = key ? Keypair.fromSecretKey(bs58.decode(key)) : Keypair.generate();
const address = wallet.publicKey.toBase58();
// deno-lint-ignore no-console -- an example that shows what it does
const show = console.log;

const supabase = createClient(url, publishableKey, { auth: { persistSession: false } });
const message = `localhost:3000 wants you to sign in with your Solana account:\n${address}\n\nDeposit\n\n` +
  `Version: 1\nURI: http://localhost:3000/\nIssued At: ${new Date().toISOString()}`;
const signature = ed25519.sign(new TextEncoder().encode(message), wallet.secretKey.subarray(0, 32));
const { error } = await supabase.auth.signInWithWeb3({ chain: "solana", message, signature });
if (error) throw error;
show("Signed in as", address);

const chain = new Connection(rpcUrl, "confirmed");
// The demo chain's faucet, as on a network for tests: it brings USDT too. On mainnet there is none.
if (await chain.getBalance(wallet.publicKey) === 0) await chain.requestAirdrop(wallet.publicKey, 1e9);

interface Begun {
  readonly announced: { readonly id: string } | null;
  /** Base64. */
  readonly transaction: string;
}

/** Calls the API as whoever is signed in. */
async function call(
  method: "POST" | "PUT",
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Begun> {
  const { data, error } = await supabase.functions.invoke(`api/${path}`, { method, body, headers });
  if (error) throw new Error(error.context ? await error.context.text() : error.message);
  return data;
}

/** Begins something, signs it and sends it. The ledger learns the signature first, so that it knows the transaction when it comes. */
async function begin(
  body: { type: "initialize" } | { type: "deposit" | "withdrawal"; amount: string },
): Promise<string | undefined> {
  // One key for one intention: whatever is repeated with it is begun once.
  const begun = await call("POST", `vaults/${address}/transactions`, body, { "idempotency-key": crypto.randomUUID() });
  const transaction = Transaction.from(Buffer.from(begun.transaction, "base64"));
  transaction.sign(wallet);
  const signature = bs58.encode(transaction.signature ?? new Uint8Array());
  if (begun.announced) await call("PUT", `transactions/${begun.announced.id}/signature`, { signature });
  await chain.sendRawTransaction(transaction.serialize());
  show("Sent", body.type, signature);
  return begun.announced?.id;
}

/** Asks until there is an answer. */
async function until<T>(ask: () => PromiseLike<{ data: T | null }>): Promise<T> {
  for (;;) {
    const { data } = await ask();
    if (data) return data;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

// No filter: the database shows each caller its own rows only.
const vault = () => supabase.from("vault_balances").select("total_balance").maybeSingle();
if (!(await vault()).data) {
  await begin({ type: "initialize" });
  await until(vault);
}
const id = await begin({ type: "deposit", amount });
const row = supabase.from("vault_ledger").select("status, amount, balance_after, slot").eq("id", id).neq(
  "status",
  "pending",
);
show("The ledger has it:", await until(() => row.maybeSingle()));
