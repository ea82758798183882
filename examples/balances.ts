// Shows the own vault, what it held lately, and the TVL. Amounts are text in base units, for BigInt: 1 USDT = 1000000.
//   deno run -A examples/balances.ts API_URL PUBLISHABLE_KEY [WALLET]
// deno-lint-ignore-file no-console -- an example shows what it reads
import { signIn } from "./sign_in.ts";

/** 30191971159 → 30191.971159 */
function usdt(baseUnits: string): string {
  return baseUnits.padStart(7, "0").replace(/(\d{6})$/, ".$1");
}

const { supabase, address } = await signIn(...Deno.args);

// No filter: the database shows each caller its own rows only.
const { data: vault, error } = await supabase.from("vault_balances")
  .select("status, total_balance, locked_balance, available_balance").maybeSingle();
if (error) throw error;
if (!vault) console.log("No vault yet");
else {
  const { status, total_balance, locked_balance, available_balance } = vault;
  console.log(`${status}: ${usdt(total_balance)} USDT, ${usdt(available_balance)} available`);
  console.log("It adds up:", BigInt(total_balance) === BigInt(locked_balance) + BigInt(available_balance));
}

// A table's amounts are JSON numbers, which JavaScript rounds above 2^53; as text they are exact. Whoever orders a long history names the
// owner, too: then the database follows an index, and does not sort.
const { data: snapshots } = await supabase.from("balance_snapshots")
  .select("timestamp, total_balance::text").eq("vault_owner", address).order("timestamp", { ascending: false }).limit(
    3,
  );
for (const { timestamp, total_balance } of snapshots ?? []) console.log(`${timestamp}  ${usdt(total_balance)} USDT`);

const { data: now } = await supabase.functions.invoke("api/tvl", { method: "GET" });
console.log(`${usdt(now.total_value_locked)} USDT in ${now.active_vaults} vaults`);
await supabase.auth.signOut();
