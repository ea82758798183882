import { expect } from "expect";
import { instructions, tokens } from "@/tests/support/instructions.ts";
import {
  base64,
  type Call,
  EVENT_AUTHORITY,
  events,
  type Instruction,
  key,
  OTHER_PROGRAM,
  PROGRAM,
  vaultOf,
} from "@/tests/support/raw_delivery.ts";
import { read, verdictOf } from "@/tests/support/vault_program.ts";

const alice = key("alice");
const TAG = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];

/** The instruction by which the program tells of an event. */
function told(event: Uint8Array, changes: Partial<Instruction> = {}): Instruction {
  return { program: PROGRAM, data: Uint8Array.of(...TAG, ...event), accounts: [EVENT_AUTHORITY], ...changes };
}

const deposit = events.deposit(alice, 5n, 5n);
const lock = events.lock(alice, 3n, 3n, 2n);
const outer = instructions.deposit(alice, 5n);
const inside = (program: string, depth: number, ...body: string[]): string[] => [
  `Program ${program} invoke [${depth}]`,
  ...body,
  `Program ${program} success`,
];
const data = (event: Uint8Array): string => `Program data: ${base64(event)}`;

/** The kinds of the events that were read, in order; or verdict and code. */
function kinds(calls: readonly Call[], logs: readonly string[] | null): unknown {
  const { verdict, code, events } = read({ calls, logs });
  return verdict === "read" ? (events as { kind: string }[]).map(({ kind }) => kind) : [verdict, code];
}

Deno.test("trap: emit_cpi – an inner instruction of ours to ourselves, by tag and event authority, is read as an event from the log", () => {
  const calls = [{ ...outer, inner: [told(deposit)] }];
  const logs = inside(PROGRAM, 1, ...inside(PROGRAM, 2));
  const { vault } = vaultOf(alice);
  expect(verdictOf({ calls, logs }))
    .toEqual(["read", [{ kind: "deposit", ordinal: 0, owner: alice, vault, amount: 5n, totalAfter: 5n }]]);
  const withHeight = [{ ...outer, inner: [told(deposit, { height: 2 })] }];
  expect(kinds(withHeight, logs)).toEqual(["deposit"]);
  // Under another program, at any depth.
  for (const depth of [2, 3, 4]) {
    const others = Array.from(
      { length: depth - 2 },
      () => ({ program: OTHER_PROGRAM, data: Uint8Array.of(1), accounts: [] }),
    );
    const nested = [{
      program: OTHER_PROGRAM,
      data: Uint8Array.of(1),
      accounts: [PROGRAM],
      inner: [...others, outer, told(deposit)],
    }];
    const wrap = (at: number): string[] =>
      at < depth ? inside(OTHER_PROGRAM, at, ...wrap(at + 1)) : inside(PROGRAM, at, ...inside(PROGRAM, at + 1));
    expect(kinds(nested, wrap(1))).toEqual(["deposit"]);
  }
});

Deno.test("events from the log and by emit_cpi come in the order in which they were told", () => {
  const calls = [{ ...outer, inner: [told(deposit)] }];
  expect(kinds(calls, inside(PROGRAM, 1, data(lock), ...inside(PROGRAM, 2)))).toEqual(["lock", "deposit"]);
  expect(kinds(calls, inside(PROGRAM, 1, ...inside(PROGRAM, 2), data(lock)))).toEqual(["deposit", "lock"]);
  const several = [
    { ...outer, inner: [told(deposit), told(lock)] },
    { ...outer, inner: [told(events.unlock(alice, 1n, 2n, 3n))] },
  ];
  const logs = [
    ...inside(PROGRAM, 1, ...inside(PROGRAM, 2), data(events.pause(true)), ...inside(PROGRAM, 2)),
    ...inside(PROGRAM, 1, ...inside(PROGRAM, 2)),
  ];
  expect(kinds(several, logs)).toEqual(["deposit", "pause", "lock", "unlock"]);
  expect((read({ calls: several, logs }).events as { ordinal: number }[]).map(({ ordinal }) => ordinal)).toEqual([
    0,
    1,
    2,
    3,
  ]);
});

Deno.test("row 11: only the program itself tells of events: no one else by its tag, none without its address for events", () => {
  const logs = inside(PROGRAM, 1, ...inside(PROGRAM, 2));
  for (
    const forged of [
      told(deposit, { accounts: [key("somebody")] }),
      told(deposit, { accounts: [] }),
      told(deposit, { accounts: [EVENT_AUTHORITY, EVENT_AUTHORITY] }),
      told(deposit, { accounts: [key("somebody"), EVENT_AUTHORITY] }),
    ]
  ) {
    expect(kinds([{ ...outer, inner: [forged] }], logs)).toEqual(["parked", "event_missing"]);
  }
  // At the top, and by another program.
  const beside = [outer, told(lock)];
  expect(kinds(beside, [...inside(PROGRAM, 1, data(deposit)), ...inside(PROGRAM, 1)])).toEqual(["deposit"]);
  const through = [outer, { program: OTHER_PROGRAM, data: Uint8Array.of(1), accounts: [PROGRAM], inner: [told(lock)] }];
  const throughLog = [...inside(PROGRAM, 1, data(deposit)), ...inside(OTHER_PROGRAM, 1, ...inside(PROGRAM, 2))];
  expect(kinds(through, throughLog)).toEqual(["deposit"]);
  // A program that calls itself so tells of its own events, not of the vault's.
  const foreign = [outer, {
    program: OTHER_PROGRAM,
    data: Uint8Array.of(1),
    accounts: [],
    inner: [told(lock, { program: OTHER_PROGRAM })],
  }];
  const foreignLog = [...inside(PROGRAM, 1, data(deposit)), ...inside(OTHER_PROGRAM, 1, ...inside(OTHER_PROGRAM, 2))];
  expect(kinds(foreign, foreignLog)).toEqual(["deposit"]);
});

Deno.test("the tag must be whole, and what follows it an event to the byte", () => {
  const logs = inside(PROGRAM, 1, ...inside(PROGRAM, 2));
  const calling = (bytes: Uint8Array): unknown => kinds([{ ...outer, inner: [told(deposit, { data: bytes })] }], logs);
  for (let byte = 0; byte < 8; byte++) {
    const other = Uint8Array.of(...TAG, ...deposit);
    other[byte] = (other[byte] ?? 0) ^ 1;
    expect(calling(other)).toEqual(["parked", "event_missing"]);
  }
  for (let length = 0; length < deposit.length; length++) {
    expect(calling(Uint8Array.of(...TAG, ...deposit.slice(0, length)))).toEqual(["quarantined", "undecodable_event"]);
  }
  expect(calling(Uint8Array.of(...TAG, ...deposit, 0))).toEqual(["quarantined", "undecodable_event"]);
});

Deno.test("a log and instructions that show other calls of the program tell of no event", () => {
  const called = { ...outer, inner: [told(deposit)] };
  const logs = inside(PROGRAM, 1, data(lock), ...inside(PROGRAM, 2));
  // An event by emit_cpi may be among the calls that are not carried.
  expect(kinds([outer], logs)).toEqual(["parked", "log_inconsistent"]);
  expect(kinds([called, outer], logs)).toEqual(["parked", "log_inconsistent"]);
  expect(kinds([called], inside(PROGRAM, 1, data(lock)))).toEqual(["parked", "log_inconsistent"]);
  // Heights that say otherwise than the log.
  const other = { program: OTHER_PROGRAM, data: Uint8Array.of(1), accounts: [], height: 2 };
  const byOther = [{ ...outer, inner: [other, told(deposit, { height: 3 })] }];
  expect(kinds(byOther, logs)).toEqual(["parked", "log_inconsistent"]);
  const byItself = [{ ...outer, inner: [told(deposit, { height: 2 })] }];
  const otherLog = inside(PROGRAM, 1, data(lock), ...inside(OTHER_PROGRAM, 2, ...inside(PROGRAM, 3)));
  expect(kinds(byItself, otherLog)).toEqual(["parked", "log_inconsistent"]);
});

Deno.test("without heights a call that could be of itself is whosever the log says that it is", () => {
  const twice = [{
    program: OTHER_PROGRAM,
    data: Uint8Array.of(1),
    accounts: [PROGRAM],
    inner: [outer, instructions.lock(alice, 3n)],
  }];
  const logs = inside(OTHER_PROGRAM, 1, ...inside(PROGRAM, 2, data(deposit)), ...inside(PROGRAM, 2, data(lock)));
  expect(kinds(twice, logs)).toEqual(["deposit", "lock"]);
});

Deno.test("a call of itself that failed told of nothing", () => {
  const calls = [{ ...outer, inner: [told(deposit)] }];
  const failed = [`Program ${PROGRAM} invoke [2]`, `Program ${PROGRAM} failed: custom program error: 0x1`];
  expect(kinds(calls, inside(PROGRAM, 1, data(lock), ...failed))).toEqual(["lock"]);
  const above = inside(
    PROGRAM,
    1,
    data(lock),
    `Program ${OTHER_PROGRAM} invoke [2]`,
    ...inside(PROGRAM, 3, data(deposit)),
    `Program ${OTHER_PROGRAM} failed: custom program error: 0x1`,
  );
  expect(kinds([outer], above)).toEqual(["lock"]);
});

Deno.test("no event is read from a failed transaction, however it was told", () => {
  const calls = [{ ...outer, inner: [told(lock)] }];
  const logs = inside(PROGRAM, 1, data(lock), ...inside(PROGRAM, 2));
  const { failed, events } = read({ calls, logs, err: { InstructionError: [0, "x"] } });
  expect([failed, events]).toMatchObject([true, [{ kind: "deposit", ordinal: 0, totalAfter: null }]]);
  expect(events).toHaveLength(1);
});

Deno.test("row 10: events by emit_cpi must bear out what the instructions say where the log is gone", () => {
  const tokenBalances = [tokens(alice, 0n, 5n)];
  const calls = (...inner: Instruction[]): Call[] => [{ ...outer, inner: [...outer.inner ?? [], ...inner] }];
  for (const logs of [null, ["Log truncated"]]) {
    expect(verdictOf({ calls: calls(told(deposit)), logs, tokenBalances })[0]).toBe("read");
    expect(verdictOf({ calls: calls(told(lock)), logs, tokenBalances })[0]).toBe("parked");
    expect(verdictOf({ calls: calls(told(events.deposit(alice, 6n, 6n))), logs, tokenBalances })[0]).toBe("parked");
    expect(verdictOf({ calls: calls(told(deposit), told(lock)), logs, tokenBalances })[0]).toBe("parked");
    const two = [...calls(told(deposit)), instructions.lock(alice, 3n)];
    expect(verdictOf({ calls: two, logs, tokenBalances })[0]).toBe("parked");
    // Nobody's word is no word.
    expect(verdictOf({ calls: calls(told(lock, { accounts: [alice] })), logs, tokenBalances })[0]).toBe("read");
  }
});
