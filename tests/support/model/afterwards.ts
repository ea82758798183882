/**
 * The auditor called in after the event: for ledgers that heard the same in an order nobody knows, through whatever trouble.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { emptyModel, receive } from "./model.ts";
import { observed } from "./observed.ts";
import { differences, linesOf, stateOf } from "./state.ts";

/** So many findings say enough. */
const FINDINGS_MAX = 12;

/**
 * What the ledger shows other than the auditor does who heard all of this, and which invariants are broken; in words, nothing in
 * a sound ledger. How often each came is not compared: a sender cannot know what arrived.
 *
 * @param heard a history that leaves no choice what it comes to; see {@link randomHistory}.
 */
export async function foundAfterwards(sql: Sql, heard: readonly ChainTransaction[]): Promise<string[]> {
  const { model } = receive(emptyModel(), heard);
  const found = [
    ...await brokenInvariants(sql),
    ...differences(linesOf(await observed(sql)), linesOf(stateOf(model))),
  ];
  const more = found.length - FINDINGS_MAX;
  return more > 0 ? [...found.slice(0, FINDINGS_MAX), `and ${more} more`] : found;
}

/**
 * What is missing in the inbox of these, what is in there beside them, and which invariants are broken: for a part of a history,
 * with holes in it, that leaves a choice what it comes to.
 */
export async function heardOtherwise(sql: Sql, heard: readonly ChainTransaction[]): Promise<string[]> {
  const rows = await sql<{ signature: string }[]>`select signature from vaultbook.inbox`;
  const [there, told] = [rows, heard].map((items) => items.map((item) => String(item.signature)).sort());
  return [...await brokenInvariants(sql), ...differences(there ?? [], told ?? [])];
}
