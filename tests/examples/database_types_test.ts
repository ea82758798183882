/**
 * What compiles with the generated types and what does not, by the type checker itself.
 *
 * @module
 */
import { expect } from "expect";
import { PROJECT } from "@/tests/support/running_instance.ts";

/** What an app does. */
const GOOD = [
  // The views give amounts as text.
  `const { data } = await supabase.from("vault_balances").select("total_balance, status").single();
   const total: bigint = BigInt(data!.total_balance); const status: string = data!.status; use(total, status);`,
  `const { data } = await supabase.from("vault_ledger").select("amount, slot, counterparty");
   for (const row of data ?? []) use(BigInt(row.amount) * 2n, row.slot! + 1, row.counterparty?.length);`,
  `const { data } = await supabase.from("tvl_history").select("total_value_locked, active_vaults");
   use(BigInt(data![0]!.total_value_locked), data![0]!.active_vaults + 1);`,
  // A table does by a cast.
  `const { data } = await supabase.from("transactions").select("amount::text");
   use(BigInt(data![0]!.amount));`,
  `const { data } = await supabase.from("balance_snapshots").select("total:total_balance::text, timestamp");
   use(BigInt(data![0]!.total), data![0]!.timestamp);`,
  // Filters and orders by an amount belong to the table, where it is a number.
  `use(await supabase.from("transactions").select("id").gte("amount", "10000000000").order("amount"));`,
  // Embedding, from the table and from the view.
  `const { data } = await supabase.from("vault_balances").select("owner, vault_ledger(amount, signature)");
   use(BigInt(data![0]!.vault_ledger[0]!.amount));`,
  `const { data } = await supabase.from("alerts").select("message, vault_balances(available_balance)");
   use(BigInt(data![0]!.vault_balances!.available_balance));`,
  // What operators may change.
  `await supabase.from("alert_rules").update({ threshold: "10000000000", enabled: true }).eq("alert_type", "large_tx");`,
  `const row: Tables<"vault_balances"> = await mine(); use(BigInt(row.locked_balance));`,
];

/** What would round an amount, or be refused by the database; each with what the compiler's complaint must hold. */
const BAD: readonly (readonly [code: string, complaint: RegExp])[] = [
  [`const row: Tables<"vaults"> = await mine(); use(row.total_balance + 1);`, /RoundedAmount/],
  [`const row: Tables<"vaults"> = await mine(); use(row.total_balance > 5);`, /RoundedAmount/],
  [`const row: Tables<"vaults"> = await mine(); use(BigInt(row.total_balance));`, /RoundedAmount/],
  [
    `const row: Tables<"vaults"> = await mine(); const money: number = row.available_balance; use(money);`,
    /RoundedAmount/,
  ],
  [
    `const { data } = await supabase.from("transactions").select("amount").single(); use(Math.round(data!.amount));`,
    /RoundedAmount/,
  ],
  [`const { data } = await supabase.from("reconciliation_logs").select(); use(-data![0]!.difference);`, /./],
  [`const row: Tables<"vault_balances"> = await mine(); use(Math.max(row.total_balance, 1));`, /'string'/],
  [`const row: Tables<"vault_balances"> = await mine(); use(row.total_balanse);`, /total_balanse/],
  [`await supabase.from("vaults").update({ total_balance: "1" });`, /never/],
  [`await supabase.from("transactions").insert({ amount: "1" });`, /never/],
  [`await supabase.from("alert_rules").update({ alert_type: "other" });`, /alert_type/],
  [`await supabase.from("inbox").select();`, /inbox/],
  [`await supabase.rpc("ingest");`, /ingest/],
];

Deno.test("the generated types let an app read exact amounts, and refuse what would round them or is not allowed", async () => {
  const lines = [...GOOD, ...BAD.map(([code]) => code)].map((code) => `async () => { ${code.replaceAll("\n", " ")} },`);
  const complaints = await complaintsOf(`
import { createClient } from "@supabase/supabase-js";
import type { Database, Tables } from "@/examples/database.types.ts";
const supabase = createClient<Database>("http://localhost", "key");
declare function use(...values: unknown[]): void;
declare function mine<Row>(): Promise<Row>;
export const uses = [
${lines.join("\n")}
];
`);
  const first = 8;
  GOOD.forEach((code, at) => expect([code, complaints.get(first + at)]).toEqual([code, undefined]));
  BAD.forEach(([code, complaint], at) => {
    expect([code, complaints.get(first + GOOD.length + at) ?? "it compiles"]).toEqual([
      code,
      expect.stringMatching(complaint),
    ]);
  });
});

/** What the type checker says of a file in the project: complaints by line. */
async function complaintsOf(text: string): Promise<Map<number, string>> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, text);
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--config", "deno.json", file],
      cwd: PROJECT,
      env: { NO_COLOR: "1" },
    }).output();
    const complaints = new Map<number, string>();
    for (const complaint of new TextDecoder().decode(stderr).split(/\n\n(?=TS\d)/)) {
      const line = new RegExp(`${file.replaceAll(".", "\\.")}:(\\d+):`).exec(complaint)?.[1];
      if (!line) throw new Error(`The type checker did not look: ${complaint}`);
      complaints.set(Number(line), `${complaints.get(Number(line)) ?? ""}${complaint}\n`);
    }
    return complaints;
  } finally {
    await Deno.remove(file);
  }
}
