import { expect } from "expect";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { inferMapping } from "@/lib/chain/idl/infer.ts";
import { readIdl } from "@/lib/chain/idl/read_idl.ts";
import { readFields } from "@/lib/chain/borsh.ts";
import { eventsFromTold } from "@/lib/chain/ledger_events.ts";
import { compileMapped, compileProgram, type VaultProgram } from "@/lib/chain/program.ts";
import { anchorKey, newIdl, oldIdl } from "@/tests/support/idl_format.ts";
import { base64, encode, type Field, key } from "@/tests/support/raw_delivery.ts";
import { VAULT_PROGRAMS } from "@/tests/support/vault_programs.ts";

const PROGRAM = key("program");
const [alice, vault, bob] = [key("alice"), key("vault"), key("bob")];
const DEPOSIT = "78f83d531f8e6b90";
const TIME = { i64: 1_700_000_000n };

/** Each layout of `DepositEvent` with its program, its bytes written by hand, and what it must be read as. */
const LAYOUTS: Record<number, { fields: string; bytes: Field[]; values: Record<string, unknown> }> = {
  56: {
    fields: "user:pubkey amount:u64 timestamp:i64",
    bytes: [{ pk: alice }, { u64: 7n }, TIME],
    values: { user: alice, amount: 7n, timestamp: TIME.i64 },
  },
  64: {
    fields: "user:pubkey amount:u64 new_balance:u64 timestamp:i64",
    bytes: [{ pk: alice }, { u64: 7n }, { u64: 9n }, TIME],
    values: { user: alice, amount: 7n, new_balance: 9n, timestamp: TIME.i64 },
  },
  96: {
    fields: "user:pubkey vault:pubkey amount:u64 new_balance:u64 timestamp:i64",
    bytes: [{ pk: alice }, { pk: vault }, { u64: 7n }, { u64: 9n }, TIME],
    values: { user: alice, vault, amount: 7n, new_balance: 9n, timestamp: TIME.i64 },
  },
  104: {
    fields: "user:pubkey vault:pubkey amount:u64 new_total_balance:u64 new_available_balance:u64 timestamp:i64",
    bytes: [{ pk: alice }, { pk: vault }, { u64: 7n }, { u64: 9n }, { u64: 8n }, TIME],
    values: { user: alice, vault, amount: 7n, new_total_balance: 9n, new_available_balance: 8n, timestamp: TIME.i64 },
  },
};

/** The program with this layout, as it is inferred. */
function programWith(fields: string, write: typeof newIdl): VaultProgram {
  const read = readIdl(write({ ...VAULT_PROGRAMS.closing, events: { DepositEvent: fields } }));
  return compileMapped(PROGRAM, read, inferMapping(read).mapping);
}

for (const [format, write] of [["0.30 and later", newIdl], ["before", oldIdl]] as const) {
  for (const [length, { fields, bytes, values }] of Object.entries(LAYOUTS)) {
    Deno.test(`DepositEvent of ${length} bytes, by an IDL of ${format}: its own is read, the other three are refused`, () => {
      const schema = programWith(fields, write).events.get(DEPOSIT);
      const own = encode(DEPOSIT, bytes);
      expect(own.length).toBe(Number(length));
      const read = Object.values(readFields(schema?.fields ?? [], own, 8));
      expect(read).toEqual(Object.values(values));
      for (const [otherLength, other] of Object.entries(LAYOUTS)) {
        if (otherLength === length) continue;
        expect(() => readFields(schema?.fields ?? [], encode(DEPOSIT, other.bytes), 8)).toThrow(
          `must be ${Number(length) - 8} bytes behind the discriminator: current length is ${Number(otherLength) - 8}`,
        );
      }
    });
  }
}

Deno.test("the amount of each layout is the amount, whichever numbers lie beside it", () => {
  for (const { fields } of Object.values(LAYOUTS)) {
    expect(programWith(fields, newIdl).events.get(DEPOSIT)?.parts.amount).toBe("amount");
  }
  expect(programWith(LAYOUTS[104]?.fields ?? "", oldIdl).events.get(DEPOSIT)?.parts).toEqual({
    ...{ owner: "user", vault: "vault", amount: "amount", total_after: "newTotalBalance", at: "timestamp" },
  });
});

Deno.test("compileProgram() prepares the default program", () => {
  const program = compileProgram(PROGRAM, idl, mapping);
  expect(program.address).toBe(PROGRAM);
  expect([...program.events.values()].map(({ effect }) => effect)).toEqual([
    ...["initialise", "deposit", "withdrawal", "lock", "unlock", "transfer", "pause"],
  ]);
  expect(program.silentEvents.size).toBe(0);
  expect(program.instructions.get("9da33f1bf248fb61")).toMatchObject({
    ...{ name: "transfer_collateral", effect: "transfer", accounts: { vault: 1, to_vault: 3, authority: 0 } },
    parts: { amount: "amount", reason: "reason" },
  });
  expect(program.vaultSeeds).toEqual([new TextEncoder().encode("vault"), "owner"]);
  expect(program.accounts.vault).toMatchObject({ name: "CollateralVault", discriminator: "13bd5f9b64099f91" });
  expect(program.accounts.vault?.parts.total).toBe("total_balance");
  expect(program.accounts.authority?.discriminator).toBe("8422bbcacac3d335");
});

/** A program with one event, mapped by hand. */
function oneEvent(fields: string, effect: string, parts: Record<string, string>, seeds?: unknown): VaultProgram {
  const program = newIdl({
    source: "made up",
    instructions: {},
    events: { It: fields },
    enums: { Why: "Fee Liquidation" },
  });
  const mapped = { events: { It: { effect, fields: parts } }, instructions: {} };
  return compileProgram(PROGRAM, program, seeds === undefined ? mapped : { ...mapped, vault_seeds: seeds });
}

/** The event of {@link oneEvent} with these values. */
function eventOf(program: VaultProgram, values: Field[]): unknown {
  return eventsFromTold(program, [base64(encode(anchorKey("event:It"), values))], () => undefined)[0];
}

const TRANSFER = { vault: "from", to_vault: "to", amount: "amount", authority: "by" };
const MOVED: Field[] = [{ pk: vault }, { pk: bob }, { u64: 5n }, { pk: alice }];

Deno.test("a fee is a transfer whose reason is FeeCollection", () => {
  const program = oneEvent("from:pubkey to:pubkey amount:u64 by:pubkey", "fee", TRANSFER);
  expect(eventOf(program, MOVED)).toMatchObject({
    kind: "transfer",
    reason: "FeeCollection",
    amount: 5n,
    toVault: bob,
  });
});

Deno.test("a reason is a variant's name, or a number in the default program's order, and nothing beyond it", () => {
  const reasons = ["Settlement", "Liquidation", "FeeCollection", "InsuranceFund", "Other"];
  const parts = { ...TRANSFER, reason: "why" };
  const byNumber = oneEvent("from:pubkey to:pubkey amount:u64 by:pubkey why:u8", "transfer", parts);
  reasons.forEach((reason, u8) => expect(eventOf(byNumber, [...MOVED, { u8 }])).toMatchObject({ reason }));
  expect(() => eventOf(byNumber, [...MOVED, { u8: 5 }])).toThrow("why must be below 5: current value is 5");
  const byName = oneEvent("from:pubkey to:pubkey amount:u64 by:pubkey why:Why", "transfer", parts);
  expect(eventOf(byName, [...MOVED, { u8: 1 }])).toMatchObject({ reason: "Liquidation" });
  expect(eventOf(byName, [...MOVED, { u8: 0 }])).toMatchObject({ reason: "Other" });
  const perhaps = oneEvent("from:pubkey to:pubkey amount:u64 by:pubkey why:option<u8>", "transfer", parts);
  expect(eventOf(perhaps, [...MOVED, { u8: 1 }, { u8: 2 }])).toMatchObject({ reason: "FeeCollection" });
  expect(eventOf(perhaps, [...MOVED, { u8: 0 }])).toMatchObject({ reason: "Other" });
});

Deno.test("parts can lie in nested structs, a reason among them", () => {
  const nested = {
    ...newIdl({ source: "made up", instructions: {}, events: { It: "" } }),
    types: [
      {
        name: "It",
        type: {
          kind: "struct",
          fields: [{ name: "who", type: "pubkey" }, { name: "move", type: { defined: "Move" } }],
        },
      },
      {
        name: "Move",
        type: {
          kind: "struct",
          fields: ["from", "to", "amount", "why"].map((name, i) => ({
            name,
            type: ["pubkey", "pubkey", "u64", "u8"][i],
          })),
        },
      },
    ],
  };
  const fields = {
    vault: "move.from",
    to_vault: "move.to",
    amount: "move.amount",
    authority: "who",
    reason: "move.why",
  };
  const program = compileProgram(PROGRAM, nested, { events: { It: { effect: "transfer", fields } }, instructions: {} });
  expect(eventOf(program, [{ pk: alice }, { pk: vault }, { pk: bob }, { u64: 5n }, { u8: 2 }])).toMatchObject({
    ...{ vault, toVault: bob, amount: 5n, authority: alice, reason: "FeeCollection" },
  });
});

Deno.test("an event that moves nothing is known as such, and is none of the ledger's", () => {
  const program = oneEvent("admin:pubkey", "none", {});
  expect([...program.silentEvents]).toEqual([[anchorKey("event:It"), "It"]]);
  expect(program.events.size).toBe(0);
});

Deno.test("the seeds of a vault are the mapping's, or else the IDL's, or not known", () => {
  const seedsOf = (seeds: unknown): unknown => oneEvent("a:u8", "none", {}, seeds).vaultSeeds;
  expect(seedsOf(undefined)).toBe(null);
  expect(seedsOf(null)).toBe(null);
  expect(seedsOf([{ part: "owner" }, "é"])).toEqual(["owner", Uint8Array.of(0xc3, 0xa9)]);
  const deposit = { effect: "deposit", accounts: { owner: "user", vault: "vault" }, args: { amount: "amount" } };
  const fromIdl = (seeds: unknown, more: object = {}, other?: unknown): unknown => {
    const instruction = (name: string, pda: unknown): unknown => ({
      ...{
        name,
        discriminator: [...name.padEnd(8)].map((letter) => letter.charCodeAt(0)),
        args: [{ name: "amount", type: "u64" }],
      },
      accounts: [{ name: "user" }, { name: "vault", pda }],
    });
    const instructions = [
      instruction("put", { seeds, ...more }),
      ...(other === undefined ? [] : [instruction("add", other)]),
    ];
    const mapped = { put: deposit, ...(other !== undefined && { add: deposit }) };
    return compileProgram(PROGRAM, { address: PROGRAM, instructions }, { events: {}, instructions: mapped }).vaultSeeds;
  };
  const [text, owner] = [{ kind: "const", value: [118, 255] }, { kind: "account", path: "user" }];
  expect(fromIdl([text, owner])).toEqual([Uint8Array.of(118, 255), "owner"]);
  expect(fromIdl([owner, { kind: "const", value: "v" }])).toEqual(["owner", Uint8Array.of(118)]);
  expect(fromIdl([text, { kind: "account", path: "vault.owner" }])).toEqual([Uint8Array.of(118, 255), "owner"]);
  // What depends on more than the owner is not known.
  expect(fromIdl([text, owner, { kind: "arg", path: "amount" }])).toBe(null);
  expect(fromIdl([text, { kind: "account", path: "mint" }, owner])).toBe(null);
  expect(fromIdl([text])).toBe(null);
  expect(fromIdl([{ kind: "const", value: [256] }, owner])).toBe(null);
  expect(fromIdl([{ kind: "const", value: 5 }, owner])).toBe(null);
  expect(fromIdl([text, owner], { program: { kind: "const", value: [] } })).toBe(null);
  expect(fromIdl([text, owner], {}, { seeds: [text, owner] })).toEqual([Uint8Array.of(118, 255), "owner"]);
  expect(fromIdl([text, owner], {}, { seeds: [owner] })).toBe(null);
  expect(fromIdl([text, owner], {}, { seeds: [text] })).toEqual([Uint8Array.of(118, 255), "owner"]);
  expect(() => fromIdl(5)).toThrow("instructions[0].accounts.vault.pda.seeds must be an array");
  expect(() => fromIdl([5])).toThrow("instructions[0].accounts.vault.pda.seeds[0] must be an object");
});

Deno.test("an event may leave out the vault where it follows from the owner, and the token account where its instruction has it", () => {
  const movement = { owner: "user", amount: "amount" };
  expect(() => oneEvent("user:pubkey amount:u64", "deposit", movement)).toThrow(
    "mapping.events.It.fields must name vault",
  );
  expect(oneEvent("user:pubkey amount:u64", "deposit", movement, [{ part: "owner" }]).events.size).toBe(1);
  expect(() => oneEvent("amount:u64", "lock", { amount: "amount" }, [{ part: "owner" }])).toThrow("must name vault");
  const [initialised, instructions] = [{ owner: "user", vault: "vault" }, { initialize_vault: "user vault ata" }];
  const read = newIdl({ source: "made up", instructions, events: { It: "user:pubkey vault:pubkey" } });
  const events = { It: { effect: "initialise", fields: initialised } };
  const accounts = { owner: "user", vault: "vault", token_account: "ata" };
  expect(() => compileProgram(PROGRAM, read, { events, instructions: {} })).toThrow("must name token_account");
  const closing = { effect: "close", accounts: { owner: "user", vault: "vault" } };
  expect(() => compileProgram(PROGRAM, read, { events, instructions: { initialize_vault: closing } })).toThrow(
    "must name token_account",
  );
  const withIt = { events, instructions: { initialize_vault: { effect: "initialise", accounts } } };
  expect(compileProgram(PROGRAM, read, withIt).events.size).toBe(1);
});

Deno.test("an instruction may leave out the vault where it follows from the owner", () => {
  const read = newIdl({ source: "made up", instructions: { lock: "user | amount:u64" }, events: {} });
  const lock = { effect: "lock", accounts: { owner: "user" }, args: { amount: "amount" } };
  const compiled = (vault_seeds: unknown): VaultProgram =>
    compileProgram(PROGRAM, read, { vault_seeds, events: {}, instructions: { lock } });
  expect(compiled(["vault", { part: "owner" }]).instructions.size).toBe(1);
  expect(() => compiled(null)).toThrow("mapping.instructions.lock must name vault");
});

Deno.test("an instruction that initialises names the token account itself, which nothing else can tell", () => {
  const read = newIdl({ source: "made up", instructions: { initialize_vault: "user vault ata" }, events: {} });
  const compiled = (accounts: Record<string, string>): VaultProgram =>
    compileProgram(PROGRAM, read, {
      events: {},
      instructions: { initialize_vault: { effect: "initialise", accounts } },
    });
  const named = { owner: "user", vault: "vault" };
  expect(compiled({ ...named, token_account: "ata" }).instructions.size).toBe(1);
  expect(() => compiled(named)).toThrow("mapping.instructions.initialize_vault must name token_account");
});
