import { expect } from "expect";
import { enhancedOf, type RawForm } from "@/tests/support/enhanced_delivery.ts";
import { instructions, tokens } from "@/tests/support/instructions.ts";
import { key, OTHER_PROGRAM, type RawOptions, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";
import { read, readItem } from "@/tests/support/vault_program.ts";

const alice = key("alice");
const bob = key("bob");
const deposit: RawOptions = {
  calls: [instructions.deposit(alice, 7n)],
  tokenBalances: [tokens(alice, 10n, 17n)],
  logs: null,
};

/** The enhanced form of such a transaction, with some of its keys changed. */
function enhanced(options: RawOptions, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...enhancedOf(rawTransaction(options) as unknown as RawForm), ...changes };
}

Deno.test("an enhanced delivery proves what happened, and waits for its place in the block", () => {
  const { signature, slot, blockTime } = read(deposit);
  expect(readItem(enhanced(deposit))).toEqual({
    ...{ verdict: "parked", code: "position_unknown", signature, slot, blockTime, transactionIndex: null },
    reason: "The delivery does not say where in its block the transaction lies",
  });
});

Deno.test("an enhanced delivery that tells its place is read as the raw one is", () => {
  const all: RawOptions = {
    calls: [
      instructions.deposit(alice, 7n),
      instructions.lock(alice, 5n),
      instructions.transfer(alice, bob, 6n, 1),
      { program: OTHER_PROGRAM, data: Uint8Array.of(1), accounts: [], inner: [instructions.unlock(alice, 1n)] },
    ],
    tokenBalances: [tokens(alice, 10n, 11n), tokens(bob, 1n, 7n)],
    logs: null,
    index: 6,
  };
  const { tokenBalances: _, ...raw } = read(all);
  expect(raw).toMatchObject({ verdict: "read", transactionIndex: 6 });
  expect(readItem(enhanced(all, { transactionIndex: 6 }))).toEqual({ ...raw, tokenBalances: [] });
});

Deno.test("an enhanced delivery takes changes from the exact text alone, and believes no other", () => {
  const changed = (tokenAmount: unknown): Record<string, unknown> =>
    enhanced(deposit, {
      transactionIndex: 6,
      accountData: [{
        tokenBalanceChanges: [{ rawTokenAmount: { tokenAmount }, userAccount: tokens(alice, 0n, 0n).owner }],
      }],
    });
  expect(readItem(changed("7"))).toMatchObject({ verdict: "read" });
  for (const other of ["-7", "8", "0", "70"]) {
    expect([other, readItem(changed(other))]).toMatchObject([other, { verdict: "parked", code: "enhanced_form" }]);
  }
  for (const other of [7, "7.0", "07", "+7", " 7", "7e0", "0x7", "", null, undefined, "-0", "123456789012345678901"]) {
    expect([other, readItem(changed(other))]).toMatchObject([other, { verdict: "parked", code: "enhanced_form" }]);
  }
});

Deno.test("what tokens of others an enhanced delivery shows, and how, is none of our concern", () => {
  const [, , ...own] = (enhanced(deposit) as { accountData: unknown[] }).accountData;
  const strange = { tokenBalanceChanges: [{ rawTokenAmount: { tokenAmount: 0.5 }, userAccount: key("stranger") }] };
  const empty = { tokenBalanceChanges: [{ rawTokenAmount: null, userAccount: key("stranger") }] };
  expect(readItem(enhanced(deposit, { transactionIndex: 6, accountData: [strange, empty, ...own] })))
    .toMatchObject({ verdict: "read" });
});

Deno.test("an enhanced delivery without account data proves no movement", () => {
  for (const accountData of [undefined, null]) {
    expect(readItem(enhanced(deposit, { accountData }))).toMatchObject({
      verdict: "parked",
      code: "enhanced_form",
      reason: expect.stringContaining("it carries no token balances"),
    });
  }
  expect(readItem(enhanced(deposit, { accountData: [] }))).toMatchObject({ code: "enhanced_form" });
  expect(readItem(enhanced(deposit, { accountData: {} }))).toMatchObject({ code: "malformed" });
});

Deno.test("an enhanced delivery that does not say whether it failed is parked; one that failed says what it asked for", () => {
  const { transactionError: _, ...silent } = enhanced(deposit, { transactionIndex: 6 });
  expect(readItem(silent)).toMatchObject({
    verdict: "parked",
    code: "enhanced_form",
    reason: expect.stringContaining("failed"),
  });
  const failed = { transactionError: { InstructionError: [0, "x"] } };
  expect(readItem(enhanced(deposit, failed))).toMatchObject({ verdict: "parked", code: "position_unknown" });
  const raw = read({ ...deposit, err: "x", index: 6 });
  expect(raw).toMatchObject({ failed: true, events: [{ kind: "deposit", amount: 7n }] });
  expect(readItem(enhanced(deposit, { ...failed, transactionIndex: 6 }))).toEqual(raw);
});

Deno.test("an enhanced delivery of other programs, or without instructions, is ignored", () => {
  const other = { calls: [{ program: OTHER_PROGRAM, data: Uint8Array.of(1), accounts: [] }] };
  expect(readItem(enhanced(other))).toMatchObject({ verdict: "ignored", code: "other_program" });
  for (const instructions of [undefined, null]) {
    expect(readItem(enhanced(deposit, { instructions }))).toMatchObject({
      verdict: "ignored",
      code: "no_instructions",
    });
  }
});

Deno.test("an enhanced delivery without lists of inner instructions proves nothing", () => {
  const item = enhanced(deposit) as { instructions: Record<string, unknown>[] };
  for (const [inner, reason] of [[null, "does not carry the calls"], [[], "no call of the token program"]] as const) {
    const without = item.instructions.map((one) => ({ ...one, innerInstructions: inner }));
    expect(readItem({ ...item, instructions: without }))
      .toMatchObject({ verdict: "parked", code: "enhanced_form", reason: expect.stringContaining(reason) });
  }
});

Deno.test("an enhanced delivery is malformed where a key or a field is none", () => {
  const item = enhanced(deposit) as { instructions: Record<string, unknown>[] };
  const [first] = item.instructions;
  for (
    const [changes, reason] of [
      [{ signature: signature("x").slice(1) + "11" }, "signature must be base58 of 64 bytes"],
      [{ slot: -1 }, "slot must be a whole number"],
      [{ instructions: [{ ...first, programId: 7 }] }, "instructions[0].programId must be a string"],
      [{ instructions: [{ ...first, accounts: ["", "x"] }] }, "instructions[0].accounts[0] must be a public key"],
      [{ instructions: [{ ...first, accounts: null }] }, "instructions[0].accounts must be an array"],
      [{ instructions: [{ ...first, data: null }] }, "instructions[0].data must be a string"],
      [
        { instructions: [{ ...first, innerInstructions: [null] }] },
        "instructions[0].innerInstructions[0] must be an object",
      ],
      [{ instructions: [null] }, "instructions[0] must be an object"],
      [{ transactionIndex: 2 ** 31 }, "transactionIndex must be a whole number from 0 to 2147483647"],
    ] as const
  ) {
    expect(readItem({ ...item, ...changes })).toMatchObject({
      verdict: "quarantined",
      code: "malformed",
      reason: expect.stringContaining(reason),
    });
  }
});

Deno.test("a time that no calendar holds is no time, in either form", () => {
  for (const time of [-1, 1.5, "7", 253_402_300_800, null, undefined]) {
    expect(readItem(enhanced(deposit, { timestamp: time }))).toMatchObject({ blockTime: null });
    expect(read({ ...deposit, blockTime: time })).toMatchObject({ blockTime: null });
  }
  for (const time of [0, 253_402_300_799]) {
    expect(readItem(enhanced(deposit, { timestamp: time }))).toMatchObject({ blockTime: time });
    expect(read({ ...deposit, blockTime: time })).toMatchObject({ blockTime: time });
  }
});
