// A trader's app in a few lines: sign in with a Solana wallet, read the own vault, listen to the own alerts.
//   deno run -A examples/own_vault.ts API_URL PUBLISHABLE_KEY [WALLET: 64-byte key in base58; default a fresh one]
import { createClient } from "@supabase/supabase-js";
import { ed25519 } from "@noble/curves/ed25519.js";
import bs58 from "bs58";

const [url, publishableKey, wallet] = Deno.args;
if (!url || !publishableKey) throw new Error("Usage: own_vault.ts API_URL PUBLISHABLE_KEY [WALLET]");
const seed = wallet ? bs58.decode(wallet).subarray(0, 32) : crypto.getRandomValues(new Uint8Array(32));
const address = bs58.encode(ed25519.getPublicKey(seed));

const supabase = createClient(url, publishableKey, { auth: { persistSession: false } });
const message = `localhost:3000 wants you to sign in with your Solana account:\n${address}\n\nSee my vault\n\n` +
  `Version: 1\nURI: http://localhost:3000/\nIssued At: ${new Date().toISOString()}`;
const signature = ed25519.sign(new TextEncoder().encode(message), seed);
const { error } = await supabase.auth.signInWithWeb3({ chain: "solana", message, signature });
if (error) throw error;
// deno-lint-ignore no-console -- an example that shows what it reads
const show = console.log;
show("Signed in as", address);

// No filter: the database shows each caller its own rows only. Amounts are text, in base units: 1 USDT = 1000000.
show("My vault:", (await supabase.from("vault_balances").select("total_balance, locked_balance, status")).data);
const page = supabase.from("vault_ledger").select("transaction_type, amount, balance_after, slot");
show("My last transactions:", (await page.order("slot", { ascending: false }).limit(5)).data);

await supabase.realtime.setAuth(); // before subscribing, or the first join goes out without the token
supabase.channel(`vault:${address}`, { config: { private: true } })
  .on("broadcast", { event: "vault_updated" }, ({ payload }) => show("My vault now holds", payload.total_balance))
  .subscribe();
supabase.channel(`alerts:${address}`, { config: { private: true } })
  .on("broadcast", { event: "alert_created" }, ({ payload }) => show("Alert:", payload.message))
  .subscribe((status) => show("Listening to my alerts:", status));
