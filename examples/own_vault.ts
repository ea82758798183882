// A trader's app in a few lines: sign in with a Solana wallet, read the own vault, listen to the own vault and alerts.
//   deno run -A examples/own_vault.ts API_URL PUBLISHABLE_KEY [WALLET: 64-byte key in base58; default a fresh one]
// deno-lint-ignore-file no-console -- an example shows what it reads
import { followAlerts } from "./live_alerts.ts";
import { signIn } from "./sign_in.ts";

const { supabase, address } = await signIn(...Deno.args);
console.log("Signed in as", address);

// No filter: the database shows each caller its own rows only. Amounts are text, in base units: 1 USDT = 1000000.
console.log("My vault:", (await supabase.from("vault_balances").select("total_balance, locked_balance, status")).data);
// Whoever orders a long history names the owner, too: then the database follows an index, and does not sort.
const history = supabase.from("vault_ledger").select("transaction_type, amount, balance_after, slot").eq(
  "vault_owner",
  address,
);
console.log("My last transactions:", (await history.order("slot", { ascending: false }).limit(5)).data);

await followAlerts(supabase, address, ({ message }) => console.log("Alert:", message));
supabase.channel(`vault:${address}`, { config: { private: true } })
  .on(
    "broadcast",
    { event: "vault_updated" },
    ({ payload }) => console.log("My vault now holds", payload.total_balance),
  )
  .subscribe((status) => console.log("Listening to my vault:", status));
