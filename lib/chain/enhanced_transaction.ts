/**
 * Recognises the enhanced form of a webhook. It carries neither logs nor the place in the block, so what concerns the vault program is
 * left for the sweep to fetch.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { READING_CODES } from "@/lib/domain/chain_transaction.ts";
import { isBase58Of, SIGNATURE_BYTES } from "./base58.ts";
import { arrayAt, countAt, type JsonObject, Malformed, objectAt, optionalArrayAt, stringAt } from "./fields.ts";
import { TIMESTAMP_MAX } from "./ledger_events.ts";
import type { VaultProgram } from "./program.ts";

/** Whether an element of a delivery is in the enhanced form: it names its signature at the top and has no `meta`. */
export function isEnhanced(item: JsonObject): boolean {
  return "signature" in item && !("meta" in item);
}

/**
 * Reads one transaction in the enhanced form.
 *
 * @throws {Malformed} naming the field.
 */
export function readEnhancedTransaction(item: JsonObject, program: VaultProgram): ChainTransaction {
  const signature = stringAt(item.signature, "signature");
  if (!isBase58Of(signature, SIGNATURE_BYTES)) {
    throw new Malformed("signature", `base58 of ${SIGNATURE_BYTES} bytes`, signature);
  }
  const landing = {
    signature,
    slot: countAt(item.slot, "slot"),
    transactionIndex: null,
    blockTime: Number.isSafeInteger(item.timestamp)
      ? Math.min(Math.max(item.timestamp as number, 0), TIMESTAMP_MAX)
      : null,
  };
  // The dashboard's test button sends a body without instructions.
  const instructions = optionalArrayAt(item.instructions, "instructions");
  if (instructions === null) {
    return { verdict: "ignored", ...landing, code: "no_instructions", reason: READING_CODES.no_instructions };
  }
  const called = instructions.some((value, i) => {
    const path = `instructions[${i}]`;
    const outer = objectAt(value, path);
    const inner = optionalArrayAt(outer.innerInstructions, `${path}.innerInstructions`) ?? [];
    return [outer, ...inner.map((entry, j) => objectAt(entry, `${path}.innerInstructions[${j}]`))]
      .some((instruction) => {
        arrayAt(instruction.accounts, `${path}.accounts`);
        return stringAt(instruction.programId, `${path}.programId`) === program.address;
      });
  });
  return called
    ? { verdict: "parked", ...landing, code: "enhanced_form", reason: READING_CODES.enhanced_form }
    : { verdict: "ignored", ...landing, code: "other_program", reason: READING_CODES.other_program };
}
