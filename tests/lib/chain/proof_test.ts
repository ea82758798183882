import { expect } from "expect";
import { instructions, tokens, tokenTransfer } from "@/tests/support/instructions.ts";
import {
  base64,
  type Call,
  encode,
  events,
  key,
  logOf,
  OTHER_PROGRAM,
  PROGRAM,
  type RawOptions,
  rawTransaction,
  vaultOf,
} from "@/tests/support/raw_delivery.ts";
import { program, read, readItem, verdictOf } from "@/tests/support/vault_program.ts";
import { readRawTransaction } from "@/lib/chain/raw_transaction.ts";

const alice = key("alice");
const bob = key("bob");
const authority = key("authority");
const { vault, tokenAccount } = vaultOf(alice);

/** One transaction with all that a vault program does, and what a log would have said of it. */
const everything: RawOptions = {
  calls: [
    instructions.initialise(alice),
    instructions.deposit(alice, 1_000n),
    instructions.addAuthorizedProgram(),
    instructions.lock(alice, 300n),
    instructions.unlock(alice, 50n),
    instructions.transfer(alice, bob, 70n, 2),
    instructions.withdraw(alice, 30n),
    instructions.pause(true),
  ],
  tokenBalances: [tokens(alice, 0n, 900n), tokens(bob, 5n, 75n)],
};
const log = [
  events.initialise(alice),
  events.deposit(alice, 1_000n, 1_000n),
  events.lock(alice, 300n, 300n, 700n),
  events.unlock(alice, 50n, 250n, 750n),
  events.transfer(alice, bob, 70n, 2),
  events.withdraw(alice, 30n, 900n),
  events.pause(true),
];
const locked = { owner: null, vault, lockedAfter: null, availableAfter: null, authority };
const proven = [
  { kind: "initialise", ordinal: 0, owner: alice, vault, tokenAccount, at: null },
  { kind: "deposit", ordinal: 1, owner: alice, vault, amount: 1_000n, totalAfter: null },
  { kind: "lock", ordinal: 2, ...locked, amount: 300n },
  { kind: "unlock", ordinal: 3, ...locked, amount: 50n },
  { kind: "transfer", ordinal: 4, vault, toVault: vaultOf(bob).vault, amount: 70n, authority, reason: "FeeCollection" },
  { kind: "withdrawal", ordinal: 5, owner: alice, vault, amount: 30n, totalAfter: null },
  { kind: "pause", ordinal: 6, vault: null, paused: true, authority: key("admin") },
];

/** The log that the runtime writes of these top-level calls, each with its event. */
function logsOf(calls: readonly Call[], emitted: readonly Uint8Array[]): string[] {
  const waiting = [...emitted];
  return calls.flatMap((call) => {
    const event = call.accounts.length === 2 && call.data.length === 40 ? [] : waiting.splice(0, 1);
    return logOf(...event);
  });
}
const whole = logsOf(everything.calls ?? [], log);

Deno.test("a transaction without a log is read from its instructions, with the ordinals that its log would give", () => {
  expect(read({ ...everything, logs: null })).toMatchObject({
    verdict: "read",
    failed: false,
    events: proven,
    tokenBalances: [{ before: 0n, after: 900n }, { before: 5n, after: 75n }],
  });
  const byLog = read({ ...everything, logs: whole }).events as Record<string, unknown>[];
  expect(byLog.map(({ kind, ordinal }) => [kind, ordinal])).toEqual(proven.map(({ kind, ordinal }) => [kind, ordinal]));
});

Deno.test("row 10: a log that was cut before any line gives the events that the instructions prove", () => {
  for (let cut = 0; cut < whole.length; cut++) {
    const logs = [...whole.slice(0, cut), "Log truncated"];
    expect([cut, verdictOf({ ...everything, logs })]).toEqual([cut, ["read", proven]]);
  }
});

Deno.test("row 10: a log that was cut at any byte of a payload never gives another amount", () => {
  const line = whole.findIndex((one) => one.includes(base64(log[1] ?? new Uint8Array())));
  const text = whole[line] ?? "";
  expect(text.length).toBeGreaterThan(100);
  const seen = new Set<unknown>();
  for (let bytes = 0; bytes < text.length; bytes++) {
    for (const end of [["Log truncated"], []]) {
      const logs = [...whole.slice(0, line), text.slice(0, bytes), ...end];
      const [verdict, found] = verdictOf({ ...everything, logs });
      seen.add(verdict);
      if (verdict === "read") expect([bytes, found]).toEqual([bytes, proven]);
      else {expect([bytes, verdict, found]).toEqual([
          bytes,
          "parked",
          end.length ? "log_truncated" : "log_inconsistent",
        ]);}
    }
  }
  // Cut within the word, nothing is heard; cut within the bytes, what is heard is no event, and nothing is believed.
  expect([...seen].sort()).toEqual(["parked", "read"]);
});

Deno.test("row 10: what the log said before it was cut must be what the instructions say", () => {
  const otherwise = [
    events.initialise(bob),
    events.deposit(alice, 1_000n, 1_000n),
    Uint8Array.of(1, 2, 3),
  ];
  for (const event of otherwise) {
    const logs = [...logOf(event), "Log truncated"];
    expect(verdictOf({ ...everything, logs })).toEqual(["parked", "log_truncated"]);
  }
  expect(verdictOf({ ...everything, logs: [...logOf(events.initialise(alice)), "Log truncated"] })[0]).toBe("read");
  // More calls than the delivery carries.
  const more = [...Array(9).fill(logOf()).flat(), "Log truncated"];
  expect(verdictOf({ ...everything, logs: more })).toEqual(["parked", "log_truncated"]);
  // A call that failed in a transaction that did not: which of them took effect is not for the instructions to say.
  const failing = [
    `Program ${PROGRAM} invoke [1]`,
    `Program ${PROGRAM} failed: custom program error: 0x1`,
    "Log truncated",
  ];
  expect(verdictOf({ ...everything, logs: failing })).toEqual(["parked", "log_truncated"]);
});

Deno.test("row 10: a log without a word of the program that was called is no proof that nothing happened", () => {
  expect(verdictOf({ ...everything, logs: [] })).toEqual(["read", proven]);
  const noBalances = { calls: everything.calls ?? [], logs: [] };
  expect(verdictOf(noBalances)).toEqual(["parked", "log_inconsistent"]);
});

/** Parked for the want of proof. */
function expectParked(options: RawOptions, reason: string): void {
  const { verdict, code, reason: found } = read({ logs: null, ...options });
  expect([verdict, code, found]).toEqual(["parked", "logs_missing", expect.stringContaining(reason)]);
}

Deno.test("a movement is proven only by the tokens of its vault, to the last unit", () => {
  const one = (calls: Call[], ...changes: [bigint, bigint][]): RawOptions => ({
    calls,
    tokenBalances: changes.map(([before, after]) => tokens(alice, before, after)),
  });
  const deposit = [instructions.deposit(alice, 7n)];
  expect(verdictOf({ ...one(deposit, [10n, 17n]), logs: null })[0]).toBe("read");
  for (const change of [[10n, 16n], [10n, 18n], [10n, 10n], [17n, 10n], [7n, 7n]] as [bigint, bigint][]) {
    expectParked(one(deposit, change), "changed by other than 7");
  }
  expectParked(one(deposit), "changed by other than 7");
  const withdraw = [instructions.withdraw(alice, 7n)];
  expect(verdictOf({ ...one(withdraw, [10n, 3n]), logs: null })[0]).toBe("read");
  expectParked(one(withdraw, [10n, 17n]), "changed by other than -7");
  const both = [instructions.deposit(alice, 7n), instructions.withdraw(alice, 7n)];
  expect(verdictOf({ ...one(both, [10n, 10n]), logs: null })[0]).toBe("read");
  expectParked(one(both, [10n, 11n]), "changed by other than 0");
  // Lock and unlock move no tokens: a gift beside them leaves open what else happened.
  expect(verdictOf({ ...one([instructions.lock(alice, 9n)], [10n, 10n]), logs: null })[0]).toBe("read");
  expect(verdictOf({ ...one([instructions.lock(alice, 9n)]), logs: null })[0]).toBe("read");
  expectParked(one([instructions.lock(alice, 9n)], [10n, 11n]), "changed by other than 0");
});

Deno.test("a transfer is proven only by the tokens of both vaults", () => {
  const calls = [instructions.transfer(alice, bob, 7n, 0)];
  const [source, destination] = [tokens(alice, 10n, 3n), tokens(bob, 0n, 7n)];
  expect(verdictOf({ calls, tokenBalances: [source, destination], logs: null })[0]).toBe("read");
  expectParked({ calls, tokenBalances: [source] }, "changed by other than 7");
  expectParked({ calls, tokenBalances: [destination] }, "changed by other than -7");
  expectParked({ calls, tokenBalances: [source, tokens(bob, 7n, 0n)] }, "changed by other than 7");
  const toSelf = [instructions.transfer(alice, alice, 7n, 0)];
  expect(verdictOf({ calls: toSelf, tokenBalances: [tokens(alice, 9n, 9n)], logs: null })[0]).toBe("read");
});

Deno.test("two accounts of a vault that changed, of whatever mint, leave open which of them is the vault's", () => {
  const second = { ...tokens(alice, 0n, 1n), account: key("another mint's") };
  const calls = [instructions.deposit(alice, 7n)];
  expectParked({ calls, tokenBalances: [tokens(alice, 0n, 7n), second] }, "changed by other than 7");
  const resting = { ...second, after: 0n };
  expect(verdictOf({ calls, tokenBalances: [tokens(alice, 0n, 7n), resting], logs: null })[0]).toBe("read");
});

Deno.test("a delivery that carries no balances or no calls between programs proves no movement", () => {
  const calls = [instructions.deposit(alice, 7n)];
  const item = rawTransaction({ calls, tokenBalances: [tokens(alice, 0n, 7n)], logs: null }) as {
    meta: Record<string, unknown>;
  };
  expect(readItem(item)).toMatchObject({ verdict: "read" });
  const { preTokenBalances: _, postTokenBalances: __, innerInstructions: ___, ...meta } = item.meta;
  const { innerInstructions } = item.meta;
  const { preTokenBalances, postTokenBalances } = item.meta;
  const cases: [Record<string, unknown>, string][] = [
    [{ ...meta, innerInstructions, preTokenBalances }, "it carries no token balances"],
    [{ ...meta, innerInstructions, postTokenBalances }, "it carries no token balances"],
    [{ ...meta, innerInstructions }, "it carries no token balances"],
    [{ ...item.meta, innerInstructions: null }, "it does not carry the calls between programs"],
    [{ ...item.meta, innerInstructions: [] }, "no call of the token program is carried"],
  ];
  for (const [broken, reason] of cases) {
    expect(readItem({ ...item, meta: broken })).toMatchObject({
      verdict: "parked",
      code: "logs_missing",
      reason: expect.stringContaining(reason),
    });
  }
});

Deno.test("a call that may have been left out, or may be one too many, proves nothing", () => {
  const lock = instructions.lock(alice, 9n);
  const passes = { program: OTHER_PROGRAM, data: new Uint8Array(1), accounts: [key("x"), PROGRAM] };
  expect(verdictOf({ calls: [lock, { ...passes, accounts: [] }], logs: null })[0]).toBe("read");
  expectParked({ calls: [lock, passes] }, "no such call is carried");
  // The program's own address among its accounts is what Anchor puts for an account that is left out.
  expect(verdictOf({ calls: [{ ...lock, accounts: [...lock.accounts, PROGRAM] }], logs: null })[0]).toBe("read");
  const listed = { ...passes, inner: [{ program: OTHER_PROGRAM, data: new Uint8Array(1), accounts: [] }] };
  expect(verdictOf({ calls: [lock, listed], logs: null })[0]).toBe("read");
  expectParked(
    { calls: [lock, { program: PROGRAM, data: new Uint8Array(8), accounts: [] }] },
    "knows no instruction 00",
  );
  expectParked({ calls: [lock, { program: PROGRAM, data: new Uint8Array(7), accounts: [] }] }, "knows no instruction");
  expectParked({ calls: [lock, { ...lock, data: lock.data.slice(0, 15) }] }, "must be 8 bytes");
  expectParked({ calls: [lock, { ...lock, data: Uint8Array.of(...lock.data, 0) }] }, "must be 8 bytes");
  expectParked({ calls: [{ ...lock, accounts: lock.accounts.slice(0, 1) }] }, "names no vault");
  expectParked(
    { calls: [{ ...lock, data: Uint8Array.of(...lock.data, ...new Uint8Array(2000)) }] },
    "knows no instruction",
  );
});

Deno.test("a call through another program is as good; one that the vault program may have made itself leaves the order open", () => {
  const lock = instructions.lock(alice, 9n);
  const through = (...inner: Call[]): Call => ({
    program: OTHER_PROGRAM,
    data: new Uint8Array(1),
    accounts: [PROGRAM],
    inner,
  });
  const at = (height: number, call: Call = lock): Call => ({ ...call, height });
  expect(verdictOf({ calls: [through(lock)], logs: null })[0]).toBe("read");
  expect(verdictOf({ calls: [through(at(2), at(2))], logs: null })[0]).toBe("read");
  // The second may be a call of the first, which only heights tell.
  expectParked({ calls: [through(lock, lock)] }, "may have called itself");
  expectParked({ calls: [through(at(2), at(3))] }, "may have called itself");
  expectParked({ calls: [{ ...lock, inner: [lock] }] }, "may have called itself");
  expectParked({ calls: [{ ...lock, inner: [at(2)] }] }, "may have called itself");
  const other = { program: OTHER_PROGRAM, data: new Uint8Array(1), accounts: [] };
  expect(verdictOf({ calls: [through(at(2), at(2, other), at(3))], logs: null })[0]).toBe("read");
  // Heights that skip one tell nothing.
  expectParked({ calls: [through(at(2), at(2, other), at(4))] }, "may have called itself");
  expectParked({ calls: [through(at(2), at(4))] }, "may have called itself");
  expectParked({ calls: [through(at(2), at(1))] }, "may have called itself");
});

Deno.test("amounts and vaults that no log may tell are refused from instructions too", () => {
  const calls = [instructions.lock(alice, 2n ** 63n)];
  expect(verdictOf({ calls, logs: null })).toEqual(["quarantined", "amount_out_of_range"]);
  const deposit = instructions.deposit(alice, 7n);
  const [, , ...rest] = deposit.accounts;
  const foreign = { ...deposit, accounts: [alice, vaultOf(bob).vault, ...rest] };
  expect(verdictOf({ calls: [foreign], logs: null })).toEqual(["quarantined", "vault_not_of_owner"]);
  expect(verdictOf({ calls: [foreign], logs: logOf(), err: "x" })).toEqual(["read", []]);
});

Deno.test("a program whose mapping does not say that its instructions tell everything is read by its log alone", () => {
  const item = rawTransaction({ ...everything, logs: null });
  expect(readRawTransaction(item, { ...program, inertInstructions: null })).toMatchObject({
    verdict: "parked",
    reason: expect.stringContaining("the program's mapping does not say"),
  });
});

Deno.test("a pause and its end are told apart", () => {
  for (const paused of [true, false]) {
    expect(verdictOf({ calls: [instructions.pause(paused)], logs: null })).toMatchObject(["read", [{ paused }]]);
    expect(verdictOf({ logs: logOf(events.pause(paused)) })).toMatchObject(["read", [{ paused }]]);
  }
});

Deno.test("instructions without effect make a transaction that is ignored, with or without its log", () => {
  const calls = [instructions.addAuthorizedProgram()];
  for (const logs of [null, logOf(), [...logOf(), "Log truncated"]]) {
    expect(verdictOf({ calls, logs })).toEqual(["ignored", "no_vault_event"]);
  }
  const bystander = [{ program: OTHER_PROGRAM, data: encode("00", []), accounts: [PROGRAM], inner: [] }];
  const moved = tokenTransfer(key("a"), key("b"), key("c"), 1n);
  const beside = [{ ...bystander[0], inner: [moved] } as Call];
  expect(verdictOf({ calls: beside, logs: null })).toEqual(["ignored", "other_program"]);
  expect(verdictOf({ calls: bystander, logs: null })).toEqual(["parked", "logs_missing"]);
});
