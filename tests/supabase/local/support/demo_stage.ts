/**
 * A small stage for single transactions: Alice's vault with 1000 units, the admin, the keeper.
 *
 * @module
 */
import { createAddressBook, DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { createCast } from "@/supabase/local/demo/cast.ts";
import { execute } from "@/supabase/local/demo/execute.ts";
import type { Step, TransactionRecord } from "@/supabase/local/demo/record.ts";
import { type ChainState, EMPTY_STATE } from "@/supabase/local/demo/state.ts";
import { type RenderedTransaction, renderTransaction } from "@/supabase/local/demo/transaction.ts";

export const book = createAddressBook(DEMO_PROGRAM, USDT_MINT);
export const cast = createCast("transaction", 1);
export const admin = cast.admin.address;
const keeper = cast.keeper.address;
export const alice = cast.traders[0]?.address ?? "";
const BLOCKHASH = "G2DXQiM8pgZdvjEcAdmrwwN5hgmCfZ3oxKGRobT3rLfz";

/** A record of the steps, with made-up place and signature. */
export function record(payer: string, steps: Step[], more: Partial<TransactionRecord> = {}): TransactionRecord {
  return { slot: 9, index: 4, time: 1_795_305_600, signatures: ["sig"], payer, version: "legacy", steps, ...more };
}

/** A chain on which only the stage is set. */
export function stage(): ChainState {
  const steps: Step[] = [
    { kind: "initialize_vault_authority", admin },
    { kind: "add_authorized_program", admin, target: keeper },
    { kind: "initialize_vault", user: alice },
    { kind: "deposit", user: alice, amount: 1000n },
  ];
  return execute(EMPTY_STATE, record(alice, steps), book).after;
}

/** The transaction rendered, run on the state. */
export function render(state: ChainState, made: TransactionRecord): RenderedTransaction {
  return renderTransaction(made, execute(state, made, book), book, BLOCKHASH);
}
