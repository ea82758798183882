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
  const vocabulary = [400, 401, 404, 405, 409, 413, 415, 422, 429, 503];
  for (const [code, { status, message }] of Object.entries(ERRORS)) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.ok(vocabulary.includes(status), code);
    assert.match(message, /^Cannot [^.]+[^.]$/);
  }
});
