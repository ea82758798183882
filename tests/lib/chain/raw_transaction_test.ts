import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import {
  base64,
  bodyOf,
  encode,
  events,
  key,
  logOf,
  OTHER_PROGRAM,
  PROGRAM,
  type RawOptions,
  rawTransaction,
  signature,
  vaultOf,
} from "@/tests/support/raw_delivery.ts";

const program = compileProgram(PROGRAM, idl, mapping);
const alice = key("alice");
const bob = key("bob");

/** What is read from a single raw transaction, without its landing. */
function read(options: RawOptions): Record<string, unknown> {
  const [only] = readDelivery(bodyOf(rawTransaction(options)), program);
  return only as unknown as Record<string, unknown>;
}

/** The events read from the log of a single transaction. */
function eventsOf(logs: readonly string[]): unknown {
  return read({ logs }).events;
}

Deno.test("readDelivery() reads all seven events of the default program", () => {
  const authority = key("authority");
  const { vault, tokenAccount } = vaultOf(alice);
  const logs = logOf(
    events.initialise(alice),
    events.deposit(alice, 1_000n, 1_000n),
    events.withdraw(alice, 100n, 900n),
    events.lock(alice, 300n, 300n, 600n),
    events.unlock(alice, 50n, 250n, 650n),
    events.transfer(alice, bob, 70n, 2),
    events.pause(true),
  );
  expect(read({ logs, signature: signature("seven"), slot: 5, index: 3, blockTime: 1_700_000_001 })).toEqual({
    verdict: "read",
    signature: signature("seven"),
    slot: 5,
    transactionIndex: 3,
    blockTime: 1_700_000_001,
    failed: false,
    tokenBalances: [],
    events: [
      { kind: "initialise", ordinal: 0, owner: alice, vault, tokenAccount, at: 1_700_000_000 },
      { kind: "deposit", ordinal: 1, owner: alice, vault, amount: 1_000n, totalAfter: 1_000n },
      { kind: "withdrawal", ordinal: 2, owner: alice, vault, amount: 100n, totalAfter: 900n },
      {
        kind: "lock",
        ordinal: 3,
        owner: alice,
        vault,
        amount: 300n,
        lockedAfter: 300n,
        availableAfter: 600n,
        authority,
      },
      {
        kind: "unlock",
        ordinal: 4,
        owner: alice,
        vault,
        amount: 50n,
        lockedAfter: 250n,
        availableAfter: 650n,
        authority,
      },
      {
        kind: "transfer",
        ordinal: 5,
        vault,
        toVault: vaultOf(bob).vault,
        amount: 70n,
        authority,
        reason: "FeeCollection",
      },
      { kind: "pause", ordinal: 6, vault: null, paused: true, authority: key("admin") },
    ],
  });
});

const deposit = events.deposit(alice, 5n, 5n);
const line = `Program data: ${base64(deposit)}`;
const read5 = [{ kind: "deposit", ordinal: 0, owner: alice, vault: vaultOf(alice).vault, amount: 5n, totalAfter: 5n }];

Deno.test("trap: the vault program called by another program – its event is read, at any depth", () => {
  for (const depth of [1, 2, 3, 4]) {
    const outer = Array.from({ length: depth }, (_, i) => `Program ${OTHER_PROGRAM} invoke [${i + 1}]`);
    const logs = [
      ...outer,
      `Program ${PROGRAM} invoke [${depth + 1}]`,
      line,
      `Program ${PROGRAM} success`,
      ...outer.map(() => `Program ${OTHER_PROGRAM} success`),
    ];
    expect(eventsOf(logs)).toEqual(read5);
  }
});

Deno.test("trap: a log text that contains the word invoke – the event behind it is read", () => {
  const logs = [
    `Program ${PROGRAM} invoke [1]`,
    `Program ${OTHER_PROGRAM} invoke [2]`,
    `Program log: Program ${OTHER_PROGRAM} invoke [3]`,
    `Program ${OTHER_PROGRAM} success`,
    line,
    `Program ${PROGRAM} success`,
  ];
  expect(eventsOf(logs)).toEqual(read5);
});

Deno.test("trap: another program logs our discriminator – ignored", () => {
  const logs = [
    `Program ${PROGRAM} invoke [1]`,
    `Program ${OTHER_PROGRAM} invoke [2]`,
    line,
    `Program ${OTHER_PROGRAM} success`,
    `Program ${PROGRAM} success`,
    `Program ${OTHER_PROGRAM} invoke [1]`,
    line,
    `Program ${OTHER_PROGRAM} success`,
  ];
  expect(read({ logs })).toMatchObject({ verdict: "ignored", code: "no_vault_event" });
});

Deno.test("readDelivery() takes nothing from a call that failed, nor from what it had called", () => {
  const spoke = [`Program ${PROGRAM} invoke [2]`, line, `Program ${PROGRAM} success`];
  const failed = [
    `Program ${OTHER_PROGRAM} invoke [1]`,
    ...spoke,
    `Program ${OTHER_PROGRAM} failed: custom program error: 0x1`,
  ];
  expect(read({ logs: failed })).toMatchObject({ verdict: "parked", code: "log_inconsistent" });
  const inside = failed.map((text) => text.replace("[2]", "[3]").replace("[1]", "[2]"));
  const outside = [`Program ${PROGRAM} invoke [1]`, ...inside, line, `Program ${PROGRAM} success`];
  expect(eventsOf(outside)).toEqual(read5);
});

Deno.test("trap: base64 of an event behind Program log – refused, only Program data counts", () => {
  const logs = [`Program ${PROGRAM} invoke [1]`, `Program log: ${base64(deposit)}`, `Program ${PROGRAM} success`];
  expect(read({ logs })).toMatchObject({ verdict: "ignored", code: "no_vault_event" });
});

Deno.test("readDelivery() does not let a line break in a text pass for the runtime's own line", () => {
  const logs = [
    `Program ${OTHER_PROGRAM} invoke [1]`,
    `Program log: x\nProgram ${PROGRAM} invoke [2]\n${line}\nProgram ${PROGRAM} success`,
    `Program ${OTHER_PROGRAM} success`,
  ];
  expect(read({ logs, calls: [{ program: OTHER_PROGRAM, data: new Uint8Array(1), accounts: [] }] }))
    .toMatchObject({ verdict: "ignored", code: "other_program" });
});

Deno.test("trap: bytes cut short, or trailing – refused, the length is the IDL's to the byte", () => {
  for (let length = 0; length < deposit.length; length++) {
    const logs = logOf(deposit.slice(0, length));
    expect(read({ logs })).toMatchObject({ verdict: "quarantined", code: "undecodable_event" });
  }
  expect(read({ logs: logOf(Uint8Array.from([...deposit, 0])) })).toMatchObject({ code: "undecodable_event" });
});

Deno.test("trap: Log truncated – nothing is taken from it, and it is flagged", () => {
  const whole = logOf(deposit, events.deposit(alice, 6n, 11n));
  for (let cut = 1; cut < whole.length; cut++) {
    expect(read({ logs: [...whole.slice(0, cut), "Log truncated"] })).toMatchObject({
      verdict: "parked",
      code: "log_truncated",
    });
  }
});

Deno.test("readDelivery() takes nothing from a log whose invocations do not nest", () => {
  const whole = logOf(deposit);
  for (let missing = 0; missing < whole.length; missing++) {
    const logs = whole.filter((_, i) => i !== missing);
    const { verdict } = read({ logs });
    const harmless = whole[missing]?.includes("consumed") || whole[missing]?.includes("Program log");
    const eventless = whole[missing] === line;
    expect(verdict).toBe(harmless ? "read" : eventless ? "ignored" : "parked");
  }
});

Deno.test("readDelivery() parks a call of the vault program without logs", () => {
  expect(read({ logs: null })).toMatchObject({ verdict: "parked", code: "logs_missing" });
});

Deno.test("readDelivery() parks an instruction that moves balances but told of nothing", () => {
  const data = encode("f223c68952e1f2b6", [{ u64: 77n }]);
  expect(read({ logs: logOf(), calls: [{ program: PROGRAM, data, accounts: [] }] })).toMatchObject({
    verdict: "parked",
    code: "event_missing",
  });
});

Deno.test("readDelivery() parks events whose place in the block is not told", () => {
  expect(read({ logs: logOf(deposit), index: null })).toMatchObject({ verdict: "parked", code: "position_unknown" });
});

Deno.test("trap: a failed transaction – its instructions are read and not its logs, and nothing moves", () => {
  const { vault, tokenAccount } = vaultOf(alice);
  const data = encode("f223c68952e1f2b6", [{ u64: 77n }]);
  const accounts = [alice, vault, key("alice's tokens"), tokenAccount, key("authority"), key("token program")];
  const result = read({
    logs: logOf(deposit),
    err: { InstructionError: [0, { Custom: 6001 }] },
    calls: [{ program: PROGRAM, data, accounts }],
  });
  expect(result).toMatchObject({
    verdict: "read",
    failed: true,
    events: [{ kind: "deposit", ordinal: 0, owner: alice, vault, amount: 77n, totalAfter: null }],
  });
});

Deno.test("readDelivery() ignores a failed transaction that did not call the vault program", () => {
  const calls = [{ program: OTHER_PROGRAM, data: new Uint8Array(8), accounts: [] }];
  expect(read({ err: "AccountInUse", calls })).toMatchObject({ verdict: "ignored", code: "other_program" });
});

Deno.test("readDelivery() holds amounts exactly up to 2^63 − 1 and quarantines larger ones", () => {
  const max = 2n ** 63n - 1n;
  expect(eventsOf(logOf(events.deposit(alice, max, max)))).toMatchObject([{ amount: max, totalAfter: max }]);
  for (const amount of [max + 1n, 2n ** 64n - 1n]) {
    expect(read({ logs: logOf(events.deposit(alice, amount, 0n)) })).toMatchObject({
      verdict: "quarantined",
      code: "amount_out_of_range",
    });
    expect(read({ logs: logOf(events.deposit(alice, 0n, amount)) })).toMatchObject({
      verdict: "quarantined",
      code: "amount_out_of_range",
    });
  }
});

Deno.test("readDelivery() takes token balances of the vaults from amount, never from the rounded uiAmount", () => {
  const { vault, tokenAccount } = vaultOf(alice);
  const tokenBalances = [
    { account: tokenAccount, owner: vault, before: 9_007_199_254_740_993n, after: 9_007_199_254_740_998n },
    { account: key("stranger"), owner: key("someone"), before: 1n, after: 2n },
  ];
  expect(read({ logs: logOf(deposit), tokenBalances })).toMatchObject({ tokenBalances: [tokenBalances[0]] });
});

Deno.test("readDelivery() accepts any block time and orders by none", () => {
  for (const blockTime of [null, undefined, -5, 1.5, "yesterday", 2 ** 60]) {
    expect(read({ logs: logOf(deposit), blockTime })).toMatchObject({ verdict: "read", blockTime: null });
  }
});

Deno.test("readDelivery() reads an account that came from an address table", () => {
  const item = rawTransaction({ logs: logOf(deposit) }) as {
    meta: { loadedAddresses: unknown };
    transaction: { message: { accountKeys: string[] } };
    version: unknown;
  };
  item.transaction.message.accountKeys = [key("payer")];
  item.meta.loadedAddresses = { writable: [PROGRAM], readonly: [] };
  item.version = 0;
  expect(readDelivery(bodyOf(item), program)).toMatchObject([{ verdict: "read", events: read5 }]);
});
