/**
 * What a book must hold after its senders were told so.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { emptyModel, receive } from "@/tests/support/model/model.ts";
import { observed } from "@/tests/support/model/observed.ts";
import { differences, linesOf, stateOf } from "@/tests/support/model/state.ts";
import { refuse } from "./campaign.ts";
import type { Parcel, Receipt } from "./senders.ts";

/** Outcomes that stand once they were told. */
const FINAL = ["applied", "failed", "ignored"];

/**
 * Looks for what was acknowledged and is not there, and for half of anything.
 *
 * @throws {Error} with what it finds.
 */
export async function keepsItsWord(sql: Sql, receipts: readonly Receipt[]): Promise<void> {
  const rows = await sql<{ signature: string; outcome: string }[]>`
    select signature, outcome from vaultbook.inbox where signature is not null and outcome <> 'conflict'`;
  const held = new Map(rows.map(({ signature, outcome }) => [signature, outcome]));
  const lost = receipts.flatMap(({ settlements }) => settlements).flatMap(({ signature, outcome }) => {
    if (signature === null) return [];
    const now = held.get(signature);
    if (now === undefined) return [`${signature} was ${outcome} and is not there`];
    return FINAL.includes(outcome) && now !== outcome ? [`${signature} was ${outcome} and is ${now}`] : [];
  });
  refuse("What was acknowledged is lost", lost);
  await sql`analyze`;
  refuse("Half of something is there", await brokenInvariants(sql));
}

/** Holds the book against the auditor, who heard of everything in the chain's order. @throws {Error} with the differences. */
export async function holdsExactly(sql: Sql, told: readonly ChainTransaction[]): Promise<void> {
  const auditor = linesOf(stateOf(receive(emptyModel(), told).model));
  refuse("The book is not the auditor's", differences(linesOf(await observed(sql)), auditor));
  refuse("The book is not sound", await brokenInvariants(sql));
}

/** How many of these deliveries were stored. */
export async function stored(sql: Sql, parcels: readonly Parcel[]): Promise<number> {
  const found = parcels.map(({ body }) => sql`select 1 from vaultbook.deliveries where body = ${body} limit 1`);
  return (await Promise.all(found)).flat().length;
}
