import { expect } from "expect";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { inferMapping } from "@/lib/chain/idl/infer.ts";
import { readIdl } from "@/lib/chain/idl/read_idl.ts";
import { buildInstruction, type OwnersAction } from "@/lib/chain/instruction.ts";
import { compileMapped, compileProgram } from "@/lib/chain/program.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { createAddressBook, DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { vaultInstruction } from "@/supabase/local/demo/instructions.ts";
import type { VaultStep } from "@/supabase/local/demo/record.ts";
import { anchorDiscriminator, newIdl, oldIdl, type Program } from "@/tests/support/idl_format.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { VAULT_PROGRAMS } from "@/tests/support/vault_programs.ts";

const alice = key("alice");
const book = createAddressBook(DEMO_PROGRAM, USDT_MINT);
const MOST = 2n ** 64n - 1n;

function action(effect: OwnersAction["effect"], amount: bigint | null = null): OwnersAction {
  return { effect, owner: alice, mint: USDT_MINT, amount };
}

/** What is not told of an IDL as it is inferred: `instruction: field problem`; the accounts where all is. */
function built(written: Record<string, unknown>, asked: OwnersAction, change = (mapped: unknown) => mapped): unknown {
  const read = readIdl(written);
  try {
    const mapped = change(inferMapping(read).mapping) as ReturnType<typeof inferMapping>["mapping"];
    return buildInstruction(compileMapped(DEMO_PROGRAM, read, mapped), asked).accounts.map(({ address }) => address);
  } catch (error) {
    if (!(error instanceof VaultbookError)) throw error;
    expect([error.code, error.status]).toEqual(["instruction_unsupported", 503]);
    return `${error.details.instruction}: ${error.details.field} ${error.details.problem}`;
  }
}

Deno.test("buildInstruction() builds the default program's as another implementation does, byte for byte", () => {
  const program = compileProgram(DEMO_PROGRAM, idl, mapping);
  const cases: [OwnersAction, VaultStep][] = [
    [action("initialise"), { kind: "initialize_vault", user: alice }],
    [action("deposit", 1n), { kind: "deposit", user: alice, amount: 1n }],
    [action("deposit", MOST), { kind: "deposit", user: alice, amount: MOST }],
    [action("withdrawal", 0x0102030405060708n), { kind: "withdraw", user: alice, amount: 0x0102030405060708n }],
  ];
  for (const [asked, step] of cases) expect(buildInstruction(program, asked)).toEqual(vaultInstruction(step, book));
  expect(() => buildInstruction(program, action("deposit", MOST + 1n))).toThrow("Cannot move 18446744073709551616");
});

Deno.test("buildInstruction() builds for every public program whose IDL tells all, in both formats, and says what the others lack", () => {
  const told: string[] = [];
  for (const [name, program] of Object.entries(VAULT_PROGRAMS) as [string, Program][]) {
    for (const write of [newIdl, oldIdl]) {
      for (const asked of [action("initialise"), action("deposit", 7n), action("withdrawal", 7n)]) {
        const result = built(write(program), asked);
        told.push(`${name} ${asked.effect}: ${typeof result === "string" ? result : "built"}`);
      }
    }
  }
  const { tokenAccount, address } = book.vaultOf(alice);
  expect(built(newIdl(VAULT_PROGRAMS.quant), action("deposit", 7n))).toEqual(
    [alice, address, book.walletOf(alice), tokenAccount, "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"],
  );
  const count = (word: string): number => told.filter((line) => line.endsWith(word)).length;
  // deno-lint-ignore no-console -- the suite shows what it counted
  console.log(`${count("built")} of ${told.length} built`);
  expect(count("built")).toBe(26);
  expect(told).toContain(
    "users deposit: deposit: vault has neither address nor seeds in the IDL, nor a part in the mapping",
  );
  expect(told).toContain("terse initialise: initialize_vault: vault_bump is an argument that nothing here tells");
});

Deno.test("buildInstruction() takes every amount that there is room for, and nothing but the amount as an argument", () => {
  const program = compileProgram(DEMO_PROGRAM, idl, mapping);
  const dataOf = (amount: bigint): number[] => [...buildInstruction(program, action("deposit", amount)).data.slice(8)];
  expect(dataOf(0n)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  expect(dataOf(MOST)).toEqual(Array(8).fill(255));
  expect(() => dataOf(-1n)).toThrow("Cannot move -1");
  const written = (args: string): Record<string, unknown> =>
    newIdl({
      ...{ source: "made up", seed: "vault", events: {}, accounts: {} },
      instructions: { initialize_vault: "user vault(pda)", deposit: `user vault(pda) | ${args}` },
    });
  const untold = (name: string): string => `deposit: ${name} is an argument that nothing here tells`;
  expect(built(written("amount:u64 memo:bool"), action("deposit", 7n))).toBe(untold("memo"));
  expect(built(written("amount:u64"), action("deposit", null))).toBe(untold("amount"));
  expect(built(written("amount:u64"), action("deposit", 7n))).toEqual([alice, book.vaultOf(alice).address]);
});

Deno.test("buildInstruction() leaves an optional account out as neither signing nor changing, and keeps one that is told", () => {
  const metas = (account: object): unknown => {
    const read = readIdl(depositWith(account));
    return buildInstruction(compileMapped(DEMO_PROGRAM, read, inferMapping(read).mapping), action("deposit", 7n))
      .accounts.at(-1);
  };
  const flags = { optional: true, signer: true, writable: true };
  expect(metas({ name: "referrer", ...flags })).toEqual({ address: DEMO_PROGRAM, signer: false, writable: false });
  expect(metas({ name: "config", optional: true, writable: true, address: key("config") })).toEqual(
    { address: key("config"), signer: false, writable: true },
  );
  // The program itself, where it is no option, is as the IDL says.
  expect(metas({ name: "own", writable: true, address: DEMO_PROGRAM })).toEqual(
    { address: DEMO_PROGRAM, signer: false, writable: true },
  );
});

/** A deposit with these further accounts. */
function depositWith(...accounts: object[]): Record<string, unknown> {
  const base: Program = {
    source: "made up",
    seed: "vault",
    instructions: {
      initialize_vault: "user vault(pda) usdt_mint vault_token_account",
      deposit: "user vault(pda) user_token_account vault_token_account | amount:u64",
    },
    events: { VaultInitialized: "user:pubkey vault:pubkey", DepositEvent: "user:pubkey vault:pubkey amount:u64" },
  };
  const written = newIdl(base) as { instructions: { accounts: object[] }[] };
  written.instructions[1]?.accounts.push(...accounts);
  return written;
}

Deno.test("buildInstruction() takes addresses, seeds and Anchor's own names from the IDL, and never guesses another account", () => {
  const last = (...accounts: object[]): unknown => {
    const result = built(depositWith(...accounts), action("deposit", 7n));
    return Array.isArray(result) ? result.at(-1) : result;
  };
  const constant = (text: string): object => ({ kind: "const", value: [...new TextEncoder().encode(text)] });
  const told: [object, string][] = [
    [{ name: "config", address: key("config") }, key("config")],
    [{ name: "vault_authority", pda: { seeds: [constant("vault_authority")] } }, book.authority.address],
    [
      { name: "again", pda: { seeds: [constant("vault"), { kind: "account", path: "user" }] } },
      book.vaultOf(alice).address,
    ],
    [
      { name: "same", pda: { seeds: [constant("vault"), { kind: "account", path: "vault.owner" }] } },
      book.vaultOf(alice).address,
    ],
    [{ name: "system_program" }, "11111111111111111111111111111111"],
    [{ name: "referrer", optional: true }, DEMO_PROGRAM],
    [{ name: "group", accounts: [{ name: "token_program" }] }, "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"],
  ];
  for (const [account, address] of told) expect(last(account)).toBe(address);
  // A seed is looked for among all accounts, and in the group that it is in.
  const seeded = { name: "seeded", pda: { seeds: [{ kind: "account", path: "token_program" }] } };
  const grouped = { name: "group", accounts: [{ name: "token_program" }, seeded] };
  expect(last(grouped)).toBe(last({ name: "token_program" }, seeded));
  const derived = {
    name: "derived",
    pda: {
      seeds: [{ kind: "account", path: "vault" }, { kind: "account", path: "token_program" }, {
        kind: "account",
        path: "mint",
      }],
      program: { kind: "account", path: "associated_token_program" },
    },
  };
  const others = [{ name: "token_program" }, { name: "mint", address: USDT_MINT }, {
    name: "associated_token_program",
  }];
  expect(last(...others, derived)).toBe(book.vaultOf(alice).tokenAccount);
  const lacking = "has neither address nor seeds in the IDL, nor a part in the mapping";
  const refused: [object, string][] = [
    [{ name: "oracle" }, `oracle ${lacking}`],
    [{ name: "program" }, `program ${lacking}`],
    [{ name: "loop", pda: { seeds: [{ kind: "account", path: "loop" }] } }, "loop depends on loop, which is not told"],
    [{ name: "pot", pda: { seeds: [{ kind: "arg", path: "amount" }] } }, "pot depends on amount, which is no account"],
    [
      { name: "pot", pda: { seeds: [{ kind: "account", path: "vault.bump" }] } },
      "pot depends on vault.bump, which is not told",
    ],
    [
      { name: "pot", pda: { seeds: [constant("a".repeat(33))] } },
      "pot An address takes at most 15 seeds of at most 32 bytes",
    ],
    [{ name: "admin", signer: true, address: key("admin") }, "admin must be signed by somebody beside the owner"],
  ];
  for (const [account, problem] of refused) expect(last(account)).toBe(`deposit: ${problem}`);
  expect(last({ name: "event_authority" }, { name: "program" })).toBe(DEMO_PROGRAM);
});

Deno.test("buildInstruction() refuses a mint that is not the configured one, and an effect that two instructions have or none", () => {
  const written = newIdl(VAULT_PROGRAMS.standard) as {
    instructions: { name: string; accounts: { name: string; address?: string }[] }[];
  };
  const mint = written.instructions[0]?.accounts.find(({ name }) => name === "usdt_mint");
  if (mint) mint.address = key("another mint");
  expect(built(written, action("initialise"))).toBe(
    `initialize_vault: usdt_mint is ${key("another mint")} in the IDL, and USDT_MINT is ${USDT_MINT}`,
  );
  expect(built(depositWith(), action("withdrawal", 1n))).toBe("withdrawal: its effect no instruction has it");
  const twice = depositWith() as { instructions: { name: string; discriminator: number[] }[] };
  twice.instructions.push({
    ...twice.instructions[1],
    name: "deposit_for",
    discriminator: anchorDiscriminator("global:deposit_for"),
  });
  const both = (mapped: unknown): unknown => {
    const { instructions, ...rest } = mapped as { instructions: Record<string, object> };
    return { ...rest, instructions: { ...instructions, deposit_for: instructions.deposit } };
  };
  expect(built(twice, action("deposit", 1n), both)).toBe("deposit: its effect deposit and deposit_for both have it");
});
