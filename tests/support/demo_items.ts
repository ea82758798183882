/**
 * Transactions of the demo chain as raw webhook items, for whoever wants many that look like real ones.
 *
 * @module
 */
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { type RawItem, rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { openTestChain } from "@/tests/supabase/local/support/demo_chain.ts";

/** The demo chain's vault program. */
export const demoProgram = compileProgram(DEMO_PROGRAM, idl, mapping);

/** The first so many transactions of a demo chain of this seed. */
export function demoItems(seed: string, count: number, traders: number): RawItem[] {
  const chain = openTestChain({ seed, count, traders });
  try {
    return Array.from({ length: count }, (_, number) => rawItem(chain.chain().render(number)));
  } finally {
    chain.close();
  }
}
