/**
 * Transactions that a test of the chain's outside wants at a certain moment and that traffic makes only now and then.
 *
 * @module
 */
import { LOOKALIKE_PROGRAM } from "@/supabase/local/demo/address.ts";
import type { Step, TransactionDraft } from "@/supabase/local/demo/record.ts";
import type { FaultyNode } from "./faulty_node.ts";

/** A trader of the node's cast. @throws {RangeError} when there is none of that number. */
export function trader(node: FaultyNode, number = 0): string {
  const found = node.cast.traders[number];
  if (!found) throw new RangeError(`Cannot find trader ${number}`);
  return found.address;
}

/** Base units sent straight to a vault's token account, past the program. */
export function donation(node: FaultyNode, owner: string, amount: bigint): TransactionDraft {
  const [{ address: from } = { address: "" }] = node.cast.strangers;
  const { tokenAccount: to } = node.chain.book.vaultOf(owner);
  return { payer: from, version: "legacy", steps: [{ kind: "token_transfer", from, to, amount }] };
}

/** A deposit of so many base units. */
export function deposit(owner: string, amount: bigint): TransactionDraft {
  return { payer: owner, version: "legacy", steps: [depositStep(owner, amount)] };
}

/** A deposit that succeeds, and then a withdrawal of more than there is: the whole fails, although its log holds an event. */
export function failure(owner: string, amount: bigint): TransactionDraft {
  const tooMuch: Step = { kind: "withdraw", user: owner, amount: 2n ** 62n };
  return { payer: owner, version: "legacy", steps: [depositStep(owner, amount), tooMuch] };
}

/** A deposit behind a program that logs so much that the deposit's event is cut off. */
export function truncated(owner: string, amount: bigint): TransactionDraft {
  const log = new Uint8Array(7_300).toBase64();
  const chatter: Step = { kind: "other_program", program: LOOKALIKE_PROGRAM, signer: owner, reads: [], log };
  return { payer: owner, version: "legacy", steps: [chatter, depositStep(owner, amount)] };
}

function depositStep(user: string, amount: bigint): Step {
  return { kind: "deposit", user, amount };
}
