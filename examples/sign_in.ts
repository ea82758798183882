// Signs in with a Solana wallet: the wallet signs a message, and from then on the database shows its vault and nobody else's.
//   deno run -A examples/sign_in.ts API_URL PUBLISHABLE_KEY [WALLET: 64-byte key in base58; default a fresh one]
// deno-lint-ignore-file no-console -- an example shows what it reads
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { ed25519 } from "@noble/curves/ed25519.js";
import bs58 from "bs58";
import type { Database } from "./database.types.ts";

/** A supabase-js client that knows Vaultbook's tables and views. */
export type Vaultbook = SupabaseClient<Database>;

/**
 * A client signed in with this wallet, and the wallet's address. In a browser the wallet's extension does the signing:
 * `supabase.auth.signInWithWeb3({ chain: "solana", statement: "See my vault" })` is all there is to it.
 */
export async function signIn(
  ...[url, publishableKey, wallet]: string[]
): Promise<{ supabase: Vaultbook; address: string }> {
  if (!url || !publishableKey) throw new Error("Usage: API_URL PUBLISHABLE_KEY [WALLET]");
  const supabase = createClient<Database>(url, publishableKey, { auth: { persistSession: false } });
  const seed = wallet ? bs58.decode(wallet).subarray(0, 32) : crypto.getRandomValues(new Uint8Array(32));
  const address = bs58.encode(ed25519.getPublicKey(seed));
  const message = `localhost:3000 wants you to sign in with your Solana account:\n${address}\n\nSee my vault\n\n` +
    `Version: 1\nURI: http://localhost:3000/\nIssued At: ${new Date().toISOString()}`;
  const signature = ed25519.sign(new TextEncoder().encode(message), seed);
  const { error } = await supabase.auth.signInWithWeb3({ chain: "solana", message, signature });
  if (error) throw error;
  return { supabase, address };
}

if (import.meta.main) {
  const { supabase, address } = await signIn(...Deno.args);
  console.log("Signed in as", address);
  const { data } = await supabase.auth.getClaims(); // what row security goes by
  console.log("wallet_address in the token:", data?.claims.wallet_address);
  console.log("Vaults that I see:", (await supabase.from("vault_balances").select("owner")).data?.length);
  await supabase.auth.signOut();
}
