import bs58 from "bs58";
import { expect } from "expect";
import {
  DEMO_PROGRAM,
  ENGINE_PROGRAM,
  LOOKALIKE_PROGRAM,
  LOOKUP_TABLE,
  SYSTEM_PROGRAM,
  TOKEN_PROGRAM,
  USDT_MINT,
} from "@/supabase/local/demo/address.ts";
import { execute } from "@/supabase/local/demo/execute.ts";
import type { Step } from "@/supabase/local/demo/record.ts";
import { type RawItem, rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { admin, alice, book, cast, record, render, stage } from "./support/demo_stage.ts";
import { readLogs, tokenGrowth } from "./support/log_reader.ts";

Deno.test("a deposit reads as a real one does", () => {
  const item = rawItem(render(stage(), record(alice, [{ kind: "deposit", user: alice, amount: 89_699_569n }])));
  const withoutUnits = item.meta.logMessages.map((line) => line.replace(/\d+ of \d+/, "N of M"));
  const data = item.meta.logMessages.find((line) => line.startsWith("Program data: "));
  expect(withoutUnits).toEqual([
    `Program ${DEMO_PROGRAM} invoke [1]`,
    "Program log: Instruction: Deposit",
    `Program ${TOKEN_PROGRAM} invoke [2]`,
    "Program log: Instruction: Transfer",
    `Program ${TOKEN_PROGRAM} consumed N of M compute units`,
    `Program ${TOKEN_PROGRAM} success`,
    data,
    `Program ${DEMO_PROGRAM} consumed N of M compute units`,
    `Program ${DEMO_PROGRAM} success`,
  ]);
  const { vaultOf, walletOf } = book;
  const { address, tokenAccount } = vaultOf(alice);
  expect(tokenGrowth(item)).toEqual(new Map([[tokenAccount, 89_699_569n], [walletOf(alice), -89_699_569n]]));
  const [balance] = item.meta.postTokenBalances;
  expect(balance).toMatchObject({ mint: USDT_MINT, programId: TOKEN_PROGRAM });
  expect(item.meta.postTokenBalances.map(({ owner }) => owner).sort()).toEqual([address, alice].sort());
  const vaultBalance = item.meta.postTokenBalances.find(({ owner }) => owner === address);
  // uiAmount is a 32-bit float: shared/samples/08_raw_jupiter.json shows this very amount so.
  expect(vaultBalance?.uiTokenAmount)
    .toEqual({ amount: "89700569", decimals: 6, uiAmount: 89.70057, uiAmountString: "89.700569" });
  // Alice pays and signs; both vault accounts and her own are written; authority, token program and vault program are read.
  expect(item.transaction.message.header)
    .toEqual({ numReadonlySignedAccounts: 0, numReadonlyUnsignedAccounts: 3, numRequiredSignatures: 1 });
  expect(item.transaction.message.accountKeys).toEqual([
    alice,
    address,
    walletOf(alice),
    tokenAccount,
    book.authority.address,
    TOKEN_PROGRAM,
    DEMO_PROGRAM,
  ]);
  const { amount, ...transfer } = decodeInner(item);
  expect([amount, transfer.kind]).toEqual([89_699_569n, 3]);
});

/** The only inner instruction: an SPL Transfer. */
function decodeInner(item: RawItem): { kind: number | undefined; amount: bigint } {
  const bytes = bs58.decode(item.meta.innerInstructions[0]?.instructions[0]?.data ?? "");
  return { kind: bytes[0], amount: new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(1, true) };
}

Deno.test("an initialisation makes both accounts, and programs of the validator log no compute units", () => {
  const item = rawItem(render(stage(), record(admin, [{ kind: "initialize_vault", user: admin }])));
  const { logMessages } = item.meta;
  expect(logMessages.filter((line) => line.includes(SYSTEM_PROGRAM))).toEqual([
    `Program ${SYSTEM_PROGRAM} invoke [2]`,
    `Program ${SYSTEM_PROGRAM} success`,
    `Program ${SYSTEM_PROGRAM} invoke [3]`,
    `Program ${SYSTEM_PROGRAM} success`,
  ]);
  // The line stands where shared/samples/08_raw_jupiter.json has it, and returns 165, the size of a token account.
  const returned = logMessages.indexOf(`Program return: ${TOKEN_PROGRAM} pQAAAAAAAAA=`);
  expect(logMessages[returned - 1]).toMatch(/ consumed \d+ of \d+ compute units$/);
  expect(logMessages[returned + 1]).toBe(`Program ${TOKEN_PROGRAM} success`);
  expect(item.meta.innerInstructions[0]?.instructions.length).toBe(6);
  const { vaultOf } = book;
  expect(tokenGrowth(item)).toEqual(new Map([[vaultOf(admin).tokenAccount, 0n]]));
  expect([item.meta.preTokenBalances.length, item.meta.postTokenBalances.length]).toEqual([0, 1]);
});

Deno.test("a failed transaction moves nothing, and logs what happened before it failed", () => {
  const steps: Step[] = [
    { kind: "deposit", user: alice, amount: 5n },
    { kind: "withdraw", user: alice, amount: 5000n },
    { kind: "deposit", user: alice, amount: 6n },
  ];
  const made = record(alice, steps, { budget: { units: 400_000, price: 1_000_000 } });
  const item = rawItem(render(stage(), made));
  // Two compute-budget instructions stand in front.
  expect(item.meta.err).toEqual({ InstructionError: [3, { Custom: 6001 }] });
  expect(item.transaction.message.instructions.length).toBe(5);
  const { events, balanced } = readLogs(item.meta.logMessages, DEMO_PROGRAM);
  expect(balanced).toBe(true);
  expect(events.map((bytes) => bytes.length)).toEqual([96]);
  expect(item.meta.logMessages.at(-1)).toBe(`Program ${DEMO_PROGRAM} failed: custom program error: 0x1771`);
  expect(item.meta.logMessages.filter((line) => line.includes("Error Code: InsufficientBalance")).length).toBe(1);
  expect(new Set(tokenGrowth(item).values())).toEqual(new Set([0n]));
  expect(item.meta.fee).toBe(5000 + 400_000);
  expect(execute(stage(), made, book).after.vaults).toEqual(stage().vaults);
});

Deno.test("a refusal inside the token program fails both programs", () => {
  const item = rawItem(render(stage(), record(alice, [{ kind: "deposit", user: alice, amount: 10n ** 13n }])));
  expect(item.meta.err).toEqual({ InstructionError: [0, { Custom: 1 }] });
  expect(item.meta.logMessages.filter((line) => line.endsWith("failed: custom program error: 0x1"))).toEqual([
    `Program ${TOKEN_PROGRAM} failed: custom program error: 0x1`,
    `Program ${DEMO_PROGRAM} failed: custom program error: 0x1`,
  ]);
  expect(item.meta.innerInstructions[0]?.instructions.length).toBe(1);
});

Deno.test("a call through another program stands at depth 2 and its transfer at depth 3", () => {
  const step: Step = { kind: "withdraw", user: alice, amount: 10n, through: ENGINE_PROGRAM };
  const rendered = render(stage(), record(alice, [step]));
  const invoked = rendered.logs.filter((line) => line.includes(" invoke [")).map((line) => line.slice(8));
  expect(invoked).toEqual([
    `${ENGINE_PROGRAM} invoke [1]`,
    `${DEMO_PROGRAM} invoke [2]`,
    `${TOKEN_PROGRAM} invoke [3]`,
  ]);
  expect(rendered.inner[0]?.instructions.map(({ depth }) => depth)).toEqual([2, 3]);
  expect(readLogs(rendered.logs, DEMO_PROGRAM).events.map((bytes) => bytes.length)).toEqual([96]);
});

Deno.test("the calling program's own authority signs inside the call and not at the top", () => {
  const step: Step = { kind: "lock_collateral", authority: cast.engine, owner: alice, amount: 1n };
  const direct = rawItem(render(stage(), record(admin, [step])));
  const called = rawItem(render(stage(), record(admin, [{ ...step, through: ENGINE_PROGRAM }])));
  expect(direct.transaction.message.header.numRequiredSignatures).toBe(2);
  expect(called.transaction.message.header.numRequiredSignatures).toBe(1);
  expect(called.transaction.message.accountKeys).toContain(cast.engine);
});

Deno.test("another program's look-alike event is not the vault program's", () => {
  const log = new Uint8Array(96).toBase64();
  const step: Step = { kind: "other_program", program: LOOKALIKE_PROGRAM, signer: alice, reads: [], log };
  const { logs } = render(stage(), record(alice, [step]));
  expect(logs).toContain(`Program data: ${log}`);
  expect(readLogs(logs, DEMO_PROGRAM).events).toEqual([]);
  expect(readLogs(logs, LOOKALIKE_PROGRAM).events.length).toBe(1);
});

Deno.test("version 0 loads addresses from its table, and the places still name the same accounts", () => {
  const steps: Step[] = [{ kind: "deposit", user: alice, amount: 10n }];
  const legacy = rawItem(render(stage(), record(alice, steps)));
  const loading = rawItem(render(stage(), record(alice, steps, { version: 0 })));
  const { address, tokenAccount } = book.vaultOf(alice);
  expect(legacy.transaction.message.addressTableLookups).toBeNull();
  expect(loading.transaction.message.addressTableLookups).toEqual([
    { accountKey: LOOKUP_TABLE, readonlyIndexes: [0, 2], writableIndexes: [6, 7] },
  ]);
  expect(loading.meta.loadedAddresses)
    .toEqual({ readonly: [book.authority.address, TOKEN_PROGRAM], writable: [address, tokenAccount] });
  expect(loading.transaction.message.accountKeys).not.toContain(address);
  const accounts = (item: RawItem): (string | undefined)[] => {
    const { accountKeys, instructions } = item.transaction.message;
    const keys = [...accountKeys, ...item.meta.loadedAddresses.writable, ...item.meta.loadedAddresses.readonly];
    return (instructions[0]?.accounts ?? []).map((place) => keys[place]);
  };
  expect(accounts(loading)).toEqual(accounts(legacy));
  expect(tokenGrowth(loading)).toEqual(tokenGrowth(legacy));
});

Deno.test("version 1 carries its compute budget in the message", () => {
  const made = record(alice, [{ kind: "deposit", user: alice, amount: 10n }], {
    version: 1,
    budget: { units: 300_000, price: 10 },
  });
  const item = rawItem(render(stage(), made));
  expect(item.transaction.message.instructions.length).toBe(1);
  expect(item.transaction.message.addressTableLookups).toBeNull();
  expect(item.transaction.message.transactionConfig)
    .toEqual({ computeUnitLimit: 300_000, heapSize: null, loadedAccountsDataSizeLimit: 262_144, priorityFee: 3 });
});

Deno.test("a memo is logged as Rust prints it, on one line", () => {
  const text = 'Program data: AAAA\n"入金" 🙏';
  const { logs } = render(stage(), record(alice, [{ kind: "memo", signer: alice, text }]));
  expect(logs.filter((line) => line.includes("Memo ("))).toEqual([
    'Program log: Memo (len 32): "Program data: AAAA\\n\\"入金\\" 🙏"',
  ]);
});
