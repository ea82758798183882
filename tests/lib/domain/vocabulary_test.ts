import assert from "node:assert/strict";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { TRANSFER_REASONS } from "@/lib/domain/ledger_event.ts";
import { OUTCOMES } from "@/lib/domain/settlement.ts";

Deno.test("the reasons are those of the default program, in the order of its numbers", () => {
  assert.deepEqual(TRANSFER_REASONS, ["Settlement", "Liquidation", "FeeCollection", "InsuranceFund", "Other"]);
});

Deno.test("a delivered transaction ends in one of seven outcomes", () => {
  assert.deepEqual(OUTCOMES, ["applied", "duplicate", "ignored", "failed", "parked", "quarantined", "conflict"]);
});

Deno.test("an error keeps its details, fills them into its message, and leaves a hole where one is missing", () => {
  const error = new VaultbookError("invalid_idl", { field: "types.X" });
  assert.deepEqual(error.details, { field: "types.X" });
  assert.deepEqual(error.message, "Cannot use the IDL: types.X {problem}");
});
