/**
 * Corrections as a reconciliation writes them, written by a test.
 *
 * @module
 */
import type { Sql } from "postgres";
import { vaultOf } from "./raw_delivery.ts";

/** A correction of a vault that holds nothing locked, by one deposit or withdrawal. Base units. */
export interface Correction {
  readonly owner: string;
  readonly slot: number;
  readonly kind: "deposit" | "withdrawal";
  readonly amount: bigint;
  /** The total that it is to come to. */
  readonly totalAfter: bigint;
}

/** Enters it; gives its outcome. */
export async function correct(sql: Sql, correction: Correction): Promise<string> {
  const { owner, slot, kind, amount, totalAfter } = correction;
  const { vault } = vaultOf(owner);
  const event = {
    ...{ ordinal: 0, kind, owner, vault, amount: String(amount), reason: "Correction" },
    ...{ total_after: String(totalAfter), locked_after: "0", available_after: String(totalAfter) },
  };
  const body = new TextEncoder().encode(JSON.stringify({ vault, slot, written_at: 1_700_000_000, events: [event] }));
  const [row] = await sql<{ outcome: string }[]>`select vaultbook.enter_correction(${body}) as outcome`;
  return row?.outcome ?? "none";
}

/** The corrections of a vault, by slot: slot and outcome, with the code. */
export async function correctionsOf(sql: Sql, owner: string): Promise<string[]> {
  const rows = await sql`
    select concat_ws(' ', slot, outcome, code) as line from vaultbook.inbox
     where vaultbook.is_correction(signature) and vaults @> array[${vaultOf(owner).vault}] order by slot`;
  return rows.map(({ line }) => String(line));
}
