import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import { bytesFromHex, jsonDocuments } from "@/tests/support/json_documents.ts";
import { base64, events, key, logOf, PROGRAM, rawTransaction } from "@/tests/support/raw_delivery.ts";
import { tokens } from "@/tests/support/instructions.ts";
import { program, readItem } from "@/tests/support/vault_program.ts";
import eventVectors from "@/tests/vectors/boundary/events.json" with { type: "json" };
import numbers from "@/tests/vectors/boundary/numbers.json" with { type: "json" };

const alice = key("alice");
const good = rawTransaction({ logs: logOf(events.deposit(alice, 5n, 5n)), tokenBalances: [tokens(alice, 0n, 5n)] });
const goodJson = JSON.stringify(good);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface EventVector {
  readonly tcId: number;
  readonly comment: string;
  readonly event: string;
  readonly result: string;
  readonly expected?: Record<string, unknown>;
  readonly code?: string;
}

Deno.test("row 19: every event of tests/vectors/boundary/events.json is read as Anchor wrote it, or refused as it says", () => {
  expect(eventVectors.program).toBe(PROGRAM);
  for (const { tcId, event, expected, code } of eventVectors.tests as EventVector[]) {
    const logs = logOf().toSpliced(1, 0, `Program data: ${base64(bytesFromHex(event))}`);
    const found = readItem(rawTransaction({ logs }));
    const plain = JSON.parse(JSON.stringify(found, (_, part) => typeof part === "bigint" ? String(part) : part));
    expect([tcId, plain]).toMatchObject([
      tcId,
      expected ? { verdict: "read", events: [{ ordinal: 0, ...expected }] } : { verdict: "quarantined", code },
    ]);
    if (expected) expect([tcId, plain.events]).toEqual([tcId, [{ ordinal: 0, ...expected }]]);
  }
});

Deno.test("row 19: every number of tests/vectors/boundary/numbers.json is what it says, in each place that takes one", () => {
  for (const { tcId, literal, json, count, amount } of numbers.tests) {
    const inJson = (text: string): Record<string, unknown> =>
      readDelivery(bytes(`[${text}]`), program)[0] as unknown as Record<string, unknown>;
    const asSlot = inJson(goodJson.replace(/"slot":[0-9]+/, `"slot":${literal}`));
    expect([tcId, asSlot.code]).toEqual([
      tcId,
      json === "invalid" ? "not_json" : count === "invalid" ? "malformed" : undefined,
    ]);
    // A time decides nothing, and what nobody reads decides nothing.
    for (const place of ["blockTime", "fee"]) {
      const elsewhere = inJson(goodJson.replace(new RegExp(`"${place}":[0-9]+`), `"${place}":${literal}`));
      expect([tcId, place, elsewhere.verdict]).toEqual([tcId, place, json === "valid" ? "read" : "quarantined"]);
    }
    // The tokens of the vault after it, as text.
    const after = inJson(goodJson.replace('"amount":"5"', `"amount":${JSON.stringify(literal)}`)).tokenBalances;
    expect([tcId, after]).toMatchObject([tcId, amount === "valid" ? [{ before: 0n, after: BigInt(literal) }] : []]);
    expect([tcId, (after as unknown[]).length]).toEqual([tcId, amount === "valid" ? 1 : 0]);
  }
});

Deno.test("rows 15, 16, 17: the JSON test suite's documents as bodies are quarantined, by what is wrong with each", () => {
  const documents = jsonDocuments();
  expect(["y_", "n_", "i_"].map((kind) => documents.filter(({ name }) => name.startsWith(kind)).length))
    .toEqual([95, 188, 35]);
  for (const { name, body } of documents) {
    const found = readDelivery(body, program);
    const codes = found.map((one) => one.verdict === "quarantined" && one.code);
    // What is JSON is an array of none, or of what is no transaction, or no array.
    const isJson = codes.every((code) => code === "malformed" || code === "not_an_array");
    const isNone = codes.length === 1 && /^(not_json|not_utf8|too_deep)$/.test(String(codes[0]));
    expect([name, isJson, isNone]).toEqual([
      name,
      ...(name.startsWith("y_") ? [true, false] : name.startsWith("n_") ? [false, true] : [isJson, !isJson]),
    ]);
    const reasons = found.map((one) => "reason" in one ? one.reason : "");
    expect([name, reasons.filter((reason) => !reason.isWellFormed() || reason.includes("\u0000"))]).toEqual([
      name,
      [],
    ]);
  }
});

Deno.test("rows 16, 17: the JSON test suite's documents within a transaction change nothing, or are no JSON", () => {
  const read = readDelivery(bytes(`[${goodJson}]`), program);
  for (const { name, body } of jsonDocuments()) {
    const around = [bytes(`[${goodJson.slice(0, -1)},"of tomorrow":`), body, bytes("}]")];
    const found = readDelivery(Uint8Array.from(around.flatMap((part) => [...part])), program);
    const isNone = found.length === 1 && "code" in (found[0] ?? {}) &&
      /^(not_json|not_utf8|too_deep)$/.test(String((found[0] as { code?: string }).code));
    if (name.startsWith("y_")) expect([name, found]).toEqual([name, read]);
    else if (name.startsWith("n_")) expect([name, isNone]).toEqual([name, true]);
    else if (!isNone) expect([name, found]).toEqual([name, read]);
  }
});
