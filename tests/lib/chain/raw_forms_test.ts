import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { nodeTransaction, rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { enhancedOf } from "@/tests/support/enhanced_delivery.ts";
import { instructions, tokens } from "@/tests/support/instructions.ts";
import { bodyOf, events, key, logOf, PROGRAM, rawTransaction, vaultOf } from "@/tests/support/raw_delivery.ts";
import { readItem } from "@/tests/support/vault_program.ts";
import { openTestChain } from "@/tests/supabase/local/support/demo_chain.ts";

const alice = key("alice");

interface Item extends Record<string, unknown> {
  meta: Record<string, unknown>;
  transaction: { message: Record<string, unknown>; signatures: unknown[] };
}

/** A deposit, with and without its log. */
function deposit(logs: readonly string[] | null = logOf(events.deposit(alice, 7n, 17n))): Item {
  const calls = [instructions.deposit(alice, 7n)];
  return rawTransaction({ calls, tokenBalances: [tokens(alice, 10n, 17n)], logs }) as Item;
}

/** The same with its accounts from `from` on taken from an address table: so many writable, the rest read-only. */
function withTable(item: Item, from: number, writable: number): Item {
  const { accountKeys, ...message } = item.transaction.message as { accountKeys: string[] };
  const loaded = accountKeys.slice(from);
  const indexes = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const addressTableLookups = [{
    accountKey: key("table"),
    writableIndexes: indexes(writable),
    readonlyIndexes: indexes(loaded.length - writable),
  }];
  return {
    ...item,
    version: 0,
    meta: { ...item.meta, loadedAddresses: { readonly: loaded.slice(writable), writable: loaded.slice(0, writable) } },
    transaction: {
      ...item.transaction,
      message: { ...message, accountKeys: accountKeys.slice(0, from), addressTableLookups },
    },
  };
}

Deno.test("accounts come from the message, then writable from address tables, then read-only ones", () => {
  const count = (deposit().transaction.message.accountKeys as string[]).length;
  for (const logs of [logOf(events.deposit(alice, 7n, 17n)), null]) {
    const expected = readItem(deposit(logs));
    expect(expected).toMatchObject({ verdict: "read", tokenBalances: [{ before: 10n, after: 17n }] });
    for (let from = 0; from <= count; from++) {
      for (let writable = 0; writable <= count - from; writable++) {
        expect(readItem(withTable(deposit(logs), from, writable))).toEqual(expected);
      }
    }
  }
});

Deno.test("a delivery that left out accounts from address tables is parked", () => {
  const item = withTable(deposit(), 3, 2);
  for (const loadedAddresses of [undefined, null, {}, { writable: [key("x")] }]) {
    expect(readItem({ ...item, meta: { ...item.meta, loadedAddresses } }))
      .toMatchObject({ verdict: "parked", code: "accounts_missing" });
  }
});

Deno.test("versions legacy, 0 and 1, and none at all, are read; one that is not known is refused", () => {
  const expected = readItem(deposit());
  for (const version of ["legacy", 0, 1, null, undefined]) {
    expect(readItem({ ...deposit(), version })).toEqual(expected);
  }
  for (const version of [2, -1, "0", true, {}]) {
    expect(readItem({ ...deposit(), version }))
      .toMatchObject({ code: "malformed", reason: expect.stringContaining("version must be legacy, 0 or 1") });
  }
  // What is none of ours may be of any version.
  const foreign = { ...rawTransaction({ calls: [] }), version: 2 };
  expect(readItem(foreign)).toMatchObject({ verdict: "ignored", code: "other_program" });
});

Deno.test("keys that a delivery may leave out may be left out", () => {
  const expected = readItem(deposit());
  const { meta, transaction, ...rest } = deposit();
  const { loadedAddresses: _, rewards: __, innerInstructions: ___, ...shortMeta } = meta;
  const { addressTableLookups: ____, recentBlockhash: _____, header: ______, ...message } = transaction.message;
  const { version: _______, ...short } = rest;
  expect(readItem({ ...short, meta: shortMeta, transaction: { ...transaction, message } })).toEqual(expected);
  const { err: ________, ...noError } = shortMeta;
  expect(readItem({ ...short, meta: noError, transaction: { ...transaction, message } })).toEqual(expected);
});

Deno.test("the place in the block is a webhook's indexWithinBlock or a node's transactionIndex", () => {
  const { indexWithinBlock: _, ...item } = deposit();
  expect(readItem({ ...item, indexWithinBlock: 0 })).toMatchObject({ verdict: "read", transactionIndex: 0 });
  expect(readItem({ ...item, transactionIndex: 9 })).toMatchObject({ verdict: "read", transactionIndex: 9 });
  expect(readItem({ ...item, indexWithinBlock: null, transactionIndex: 9 })).toMatchObject({ transactionIndex: 9 });
  expect(readItem(item)).toMatchObject({ verdict: "parked", code: "position_unknown", transactionIndex: null });
});

Deno.test("a failed transaction whose inner calls are left out is parked where one of them could be ours", () => {
  const { meta, ...item } = rawTransaction({
    calls: [{ program: key("multisig"), data: Uint8Array.of(1), accounts: [PROGRAM] }],
    err: "x",
  }) as Item;
  expect(readItem({ ...item, meta })).toMatchObject({ verdict: "ignored", code: "other_program" });
  expect(readItem({ ...item, meta: { ...meta, innerInstructions: null } }))
    .toMatchObject({ verdict: "parked", code: "calls_missing" });
  // Where no other program was given ours, nothing can be missing.
  const own = rawTransaction({ calls: [instructions.lock(alice, 5n)], err: "x" }) as Item;
  expect(readItem({ ...own, meta: { ...own.meta, innerInstructions: null } }))
    .toMatchObject({ verdict: "read", failed: true, events: [{ kind: "lock", amount: 5n }] });
});

Deno.test("an index that points to no account is malformed", () => {
  for (
    const [path, change] of [["programIdIndex", { programIdIndex: 99 }], ["accounts[0]", { accounts: [99] }]] as const
  ) {
    for (const index of [99, -1, 0.5, "0", null]) {
      const item = deposit(null);
      const [first] = item.transaction.message.instructions as Record<string, unknown>[];
      const wrong = JSON.parse(JSON.stringify(change).replace("99", JSON.stringify(index)));
      item.transaction.message.instructions = [{ ...first, ...wrong }];
      expect(readItem(item)).toMatchObject({
        code: "malformed",
        reason: expect.stringContaining(`${path} must be an index`),
      });
    }
  }
  const balance = { owner: vaultOf(alice).vault, uiTokenAmount: { amount: "5" } };
  for (const accountIndex of [99, -1, 0.5, "0", null]) {
    const item = rawTransaction({ logs: logOf(events.deposit(alice, 5n, 5n)) }) as Item;
    expect(readItem({ ...item, meta: { ...item.meta, postTokenBalances: [{ ...balance, accountIndex }] } }))
      .toMatchObject({ code: "malformed", reason: expect.stringContaining("accountIndex must be") });
  }
});

Deno.test("every transaction of the demo chain reads the same by webhook, by RPC and in the enhanced form", () => {
  const program = compileProgram(DEMO_PROGRAM, idl, mapping);
  const chain = openTestChain({ seed: "roads", count: 300, traders: 8 });
  const seen: Record<string, number> = {};
  try {
    for (let number = 0; number < 300; number++) {
      const rendered = chain.chain().render(number);
      const raw = rawItem(rendered);
      const place = { transactionIndex: raw.indexWithinBlock };
      const [webhook, node, enhanced, silent] = readDelivery(
        bodyOf(raw, nodeTransaction(rendered, true), { ...enhancedOf(raw), ...place }, {
          ...raw,
          meta: { ...raw.meta, logMessages: null },
        }),
        program,
      );
      expect(node).toEqual(webhook);
      for (const other of [enhanced, silent]) expect([number, essence(other)]).toEqual([number, essence(webhook)]);
      const key = `${webhook?.verdict} ${raw.version}`;
      seen[key] = (seen[key] ?? 0) + 1;
    }
  } finally {
    chain.close();
  }
  // Worth something only if all of these were among them.
  for (const version of ["legacy", 0, 1]) expect([version, seen[`read ${version}`]]).not.toEqual([version, undefined]);
});

/** What a reading says, without what only a log tells. */
function essence(transaction: unknown): unknown {
  return JSON.parse(
    JSON.stringify(transaction, (name, value) => {
      if (["totalAfter", "lockedAfter", "availableAfter", "at", "tokenBalances"].includes(name)) return undefined;
      return typeof value === "bigint" ? String(value) : value;
    }),
    (name, value) => {
      const isLock = value?.kind === "lock" || value?.kind === "unlock";
      return isLock ? { ...value, owner: undefined } : name === "reason" && value.length > 20 ? undefined : value;
    },
  );
}
