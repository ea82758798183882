import assert from "node:assert/strict";
import { ERRORS, VaultbookError } from "@/lib/domain/errors.ts";

Deno.test("VaultbookError fills its message from its details and keeps its cause apart", () => {
  const cause = new Error("a secret of the database");
  const error = new VaultbookError("body_too_large", { limit_bytes: 10 }, cause);
  assert.equal(error.message, "Cannot read the body: it is larger than 10 bytes");
  assert.equal(error.status, 413);
  assert.equal(error.cause, cause);
});

Deno.test("every error has a status of the closed vocabulary and says what cannot be done", () => {
  const vocabulary = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503];
  for (const [code, { status, message }] of Object.entries(ERRORS)) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.ok(vocabulary.includes(status), code);
    assert.match(message, /^Cannot [^.]+[^.]$/);
  }
});

/** What clients go by; a status is never changed. */
const STATUSES: Readonly<Record<string, number>> = {
  ...{ amount_not_available: 422, amount_out_of_range: 422, body_too_large: 413, body_unreadable: 400 },
  ...{ database_unavailable: 503, idempotency_key_reused: 409, invalid_idl: 400, method_not_allowed: 405 },
  ...{ not_found: 404, protocol_paused: 409, signature_attached: 409, signature_taken: 409, too_many_pending: 429 },
  ...{ transaction_expired: 409, transaction_unknown: 404, unauthorized: 401, vault_closed: 409, vault_paused: 409 },
  ...{ body_invalid: 400, job_taken_over: 409, rpc_answer_invalid: 503, rpc_behind: 503, rpc_out_of_time: 503 },
  ...{ rpc_rate_limited: 503, rpc_refused: 503, rpc_slot_missing: 503, rpc_unavailable: 503, rpc_unconfigured: 503 },
  ...{ rpc_version_unsupported: 503, vault_unknown: 404, alert_unknown: 404, forbidden: 403, parameter_invalid: 400 },
  ...{ media_type_unsupported: 415, item_settled: 409, item_unknown: 404, operators_only: 403 },
  ...{ chain_unavailable: 503, instruction_unsupported: 503, owner_only: 403, rate_limited: 429, vault_exists: 409 },
  ...{ alerting_failed: 503 },
};

Deno.test("every error has the status that its code always had", () => {
  const statuses = Object.entries(ERRORS).map(([code, { status }]) => [code, status]);
  assert.deepEqual(Object.fromEntries(statuses), STATUSES);
});
