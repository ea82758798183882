/**
 * Reads the enhanced form of a webhook. It carries no log and, as a rule, not the place in the block: what its instructions prove is known,
 * and waits for the sweep to tell where it lies.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { arrayAt, type JsonObject, keyAt, objectAt, optionalArrayAt, stringAt } from "./fields.ts";
import { readLanding } from "./landing.ts";
import type { VaultProgram } from "./program.ts";
import { readFailed, readWithoutLog, unread } from "./reading.ts";
import { enhancedTokenChanges } from "./token_balances.ts";
import { findVaultCalls, type Instruction } from "./vault_calls.ts";

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
  const landing = readLanding(item, item.signature, "signature", item.timestamp);
  // The dashboard's test button sends a body without instructions.
  const instructions = optionalArrayAt(item.instructions, "instructions");
  if (instructions === null) return unread(landing, "ignored", "no_instructions");
  const found = findVaultCalls(
    instructions.map((value, i) => {
      const path = `instructions[${i}]`;
      const outer = objectAt(value, path);
      const inner = optionalArrayAt(outer.innerInstructions, `${path}.innerInstructions`);
      return {
        instruction: readInstruction(outer, () => path),
        inner: inner?.map((one, j) => readInstruction(one, () => `${path}.innerInstructions[${j}]`)) ?? null,
      };
    }),
    program.address,
  );
  if (item.transactionError === undefined && found.calls.length > 0) {
    return unread(landing, "parked", "enhanced_form", "The delivery does not say whether the transaction failed");
  }
  if ((item.transactionError ?? null) !== null) return readFailed(landing, program, found);
  const evidence = {
    told: [],
    calls: 0,
    tokenChanges: (vaults: ReadonlySet<string>) => enhancedTokenChanges(item, vaults),
  };
  // Changes without the balances themselves are no check for the ledger, so none are handed on.
  return readWithoutLog(landing, program, found, evidence, "enhanced_form", () => []);
}

function readInstruction(value: unknown, path: () => string): Instruction {
  const { programId, data, accounts } = (value ?? {}) as JsonObject;
  if (typeof programId !== "string" || typeof data !== "string") {
    // Where the paths are written out, which only what is wrong is worth.
    const instruction = objectAt(value, path());
    stringAt(instruction.programId, `${path()}.programId`);
    stringAt(instruction.data, `${path()}.data`);
  }
  return {
    program: programId as string,
    accounts: () => arrayAt(accounts, `${path()}.accounts`).map((key, i) => keyAt(key, `${path()}.accounts[${i}]`)),
    data: data as string,
    height: null,
  };
}
