/**
 * The default vault program at the tests' address, and what is read from single transactions of it.
 *
 * @module
 */
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import { bodyOf, PROGRAM, type RawOptions, rawTransaction } from "./raw_delivery.ts";

/** The default program. */
export const program = compileProgram(PROGRAM, idl, mapping);

/** What is read from one element of a delivery. */
export function readItem(item: unknown): Record<string, unknown> {
  const [only] = readDelivery(bodyOf(item), program);
  return only as unknown as Record<string, unknown>;
}

/** What is read from a single raw transaction. */
export function read(options: RawOptions): Record<string, unknown> {
  return readItem(rawTransaction(options));
}

/** What matters of it to the ledger, in one comparable value: verdict, code, events. */
export function verdictOf(options: RawOptions): unknown[] {
  const { verdict, code, events } = read(options);
  return [verdict, code ?? events];
}
