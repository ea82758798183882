// Shows the own ledger page by page: the pending first, then the chain from its tip down. A cursor says where the next page begins,
// so that no row is shown twice or left out, whatever comes in meanwhile.
//   deno run -A examples/ledger_page.ts API_URL PUBLISHABLE_KEY [WALLET]
// deno-lint-ignore-file no-console -- an example shows what it reads
import type { Tables } from "./database.types.ts";
import { signIn, type Vaultbook } from "./sign_in.ts";

interface Page {
  readonly transactions: Tables<"vault_ledger">[];
  readonly next_cursor: string | null;
}

/** Every row of an owner's ledger, a page at a time. */
async function* ledgerOf(
  supabase: Vaultbook,
  owner: string,
  filter: Record<string, string> = {},
): AsyncGenerator<Page> {
  const query = new URLSearchParams({ ...filter, limit: "20" });
  while (true) {
    const path = `api/vaults/${owner}/transactions?${query}`;
    const { data, error } = await supabase.functions.invoke<Page>(path, { method: "GET" });
    if (error) throw error;
    if (!data) return;
    yield data;
    if (data.next_cursor === null) return;
    query.set("cursor", data.next_cursor);
  }
}

const { supabase, address } = await signIn(...Deno.args);
let number = 0;
for await (const { transactions } of ledgerOf(supabase, address, { type: "deposit,withdrawal,lock,unlock" })) {
  console.log(`Page ${++number}`);
  for (const { transaction_type, amount, balance_after, status, slot } of transactions) {
    console.log(
      `${transaction_type.padEnd(12)} ${amount.padStart(15)} ${balance_after.padStart(15)}  ${status} ${slot ?? ""}`,
    );
  }
}
await supabase.auth.signOut();
