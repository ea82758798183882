import { expect } from "expect";
import { type Finding, inferMapping } from "@/lib/chain/idl/infer.ts";
import { readIdl } from "@/lib/chain/idl/read_idl.ts";
import { compileMapped, compileProgram } from "@/lib/chain/program.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { camelCase, newIdl, oldIdl, type Program } from "@/tests/support/idl_format.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { VAULT_PROGRAMS } from "@/tests/support/vault_programs.ts";
import { MEANINGS } from "./meanings.ts";

/** One finding as text: `effect part part=field`, or `effect? problem; problem`. */
function textOf({ effect, parts, problems }: Finding): string {
  if (problems.length > 0) return `${effect ?? ""}? ${problems.join("; ")}`;
  const named = Object.entries(parts).map(([part, field]) => part === field ? part : `${part}=${field}`).sort();
  return [effect, ...named].join(" ");
}

/** What is inferred of the events of a program, in one format. */
function eventsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(inferMapping(readIdl(value)).events.map((finding) => [finding.name, textOf(finding)]));
}

/** What is inferred of one event beside instructions that are all right. */
function eventText(name: string, fields: string, seed?: string): string | undefined {
  const program: Program = {
    ...{ source: "made up", instructions: VAULT_PROGRAMS.closing.instructions, events: { [name]: fields } },
    ...(seed !== undefined && { seed }),
  };
  return eventsOf(newIdl(program))[name];
}

for (const [name, program] of Object.entries(VAULT_PROGRAMS) as [keyof typeof VAULT_PROGRAMS, Program][]) {
  Deno.test(`inferMapping() understands the events of ${program.source}, in both formats`, () => {
    expect(eventsOf(newIdl(program))).toEqual(MEANINGS[name]);
    const inCamelCase = (texts: Record<string, string>): string[][] =>
      Object.entries(texts).map(([event, text]) => [event, camelCaseText(text)]);
    expect(inCamelCase(eventsOf(oldIdl(program)))).toEqual(inCamelCase(MEANINGS[name]));
  });

  Deno.test(`what is inferred of ${program.source} compiles, in both formats, under the same discriminators`, () => {
    const [fresh, old] = [readIdl(newIdl(program)), readIdl(oldIdl(program))].map((read) =>
      compileMapped(key("program"), read, inferMapping(read).mapping)
    );
    expect([...fresh?.events.keys() ?? []]).toEqual([...old?.events.keys() ?? [""]]);
    expect([...fresh?.instructions.keys() ?? []]).toEqual([...old?.instructions.keys() ?? [""]]);
    expect(fresh?.vaultSeeds).toEqual(old?.vaultSeeds);
    expect(fresh?.vaultSeeds).toEqual(program.seed ? [new TextEncoder().encode(program.seed), "owner"] : null);
    expect(Object.keys(fresh?.accounts ?? {})).toEqual(Object.keys(old?.accounts ?? { none: true }));
  });
}

/** The text with fields in camel case, as old IDLs have them, where `token_account` is no longer the name of its part. */
function camelCaseText(text: string): string {
  if (text.includes("?")) return text;
  return text.split(" ").map((word) => {
    const [part = "", field = part] = word.split("=");
    return `${part}=${camelCase(field)}`;
  }).join(" ");
}

Deno.test("inferMapping() finds the default mapping in the default IDL, but for what no IDL says and the seeds, which that one does not give", () => {
  const { vault_seeds, instructions_tell_all, ...rest } = mapping;
  expect(instructions_tell_all).toBe(true);
  expect(vault_seeds).toEqual(["vault", { part: "owner" }]);
  const found = inferMapping(readIdl(idl)).mapping;
  const withoutArgs = Object.entries(found.instructions).map((
    [name, { args, ...others }],
  ) => [name, { ...others, ...(Object.keys(args).length > 0 && { args }) }]);
  expect({ ...found, instructions: Object.fromEntries(withoutArgs) }).toEqual(rest);
  expect(compileProgram(key("program"), idl, mapping).accounts.authority?.parts).toEqual({
    admin: "admin",
    authorized_programs: "authorized_programs",
    is_paused: "is_paused",
  });
});

const KEYS = "user:pubkey vault:pubkey";

Deno.test("inferMapping() finds the tokens of an instruction in its accounts alone", () => {
  const idl = readIdl(newIdl({
    ...{ source: "made up", seed: "vault", enums: {}, events: {}, accounts: {} },
    instructions: {
      withdraw: "owner vault | token_account:pubkey amount:u64",
      deposit: "owner vault token_account | amount:u64",
    },
  }));
  const { mapping: found } = inferMapping(idl);
  expect(found.instructions).toMatchObject({
    withdraw: { args: { amount: "amount" } },
    deposit: { accounts: { token_account: "token_account" } },
  });
  expect(found.instructions.withdraw?.args).toEqual({ amount: "amount" });
});

Deno.test("inferMapping() never guesses an amount", () => {
  const cases: [fields: string, problem: string][] = [
    [`${KEYS} amount:u64 deposited_amount:u64`, "amount and deposited_amount could both be amount"],
    [`${KEYS} principal_amount:u64 yield_amount:u64`, "principal_amount and yield_amount could both be amount"],
    [`${KEYS} amount:u64 value:u64`, "amount and value could both be amount"],
    [`${KEYS} amount:u64 total_amount:u64`, "amount and total_amount could both be amount"],
    [`${KEYS} timestamp:i64`, "nothing is named as amount"],
    [`${KEYS} lamports:u64`, "nothing is named as amount; lamports could be money, and has no part in it"],
    [`${KEYS} amount:u64 fee:u64`, "fee could be money, and has no part in it"],
    [`${KEYS} amount:u64 shares:u64`, "shares could be money, and has no part in it"],
    [`${KEYS} amount:u64 total_fee:u64`, "total_fee could be money, and has no part in it"],
    [`${KEYS} amount:u64 credited:u32`, "credited could be money, and has no part in it"],
    [`${KEYS} amount:u64 bonus:option<u64>`, "bonus could be money, and has no part in it"],
    [`${KEYS} amount:u64 extra:vec<u64>`, "extra could be money, and has no part in it"],
    [`${KEYS} amount:u64 extra:[u64;2]`, "extra could be money, and has no part in it"],
    [`${KEYS} amount:u64 extra:f64`, "extra could be money, and has no part in it"],
    [`${KEYS} amount:i64`, "nothing is named as amount"],
    [`${KEYS} amount:option<u64>`, "nothing is named as amount"],
    [`${KEYS} amount:pubkey`, "nothing is named as amount"],
  ];
  for (const [fields, problem] of cases) {
    expect([fields, eventText("DepositEvent", fields)]).toEqual([fields, `deposit? ${problem}`]);
  }
});

Deno.test("inferMapping() minds no number that is a time, a place, a balance, or too small for money", () => {
  for (
    const other of [
      ...["slot:u64", "nonce:u64", "bump:u8", "kind:u8", "seq:u128", "old_balance:u64", "vault_id:u32", "hash:[u8;32]"],
      ...["balance_before:u64", "memo:string", "total_deposited:u64", "data:bytes", "available_at:i64", "on:bool"],
    ]
  ) {
    expect([other, eventText("DepositEvent", `${KEYS} amount:u64 ${other}`)]).toEqual([
      other,
      "deposit amount owner=user vault",
    ]);
  }
});

Deno.test("inferMapping() takes the better name of two, and none where both are as good", () => {
  const text = (fields: string): string | undefined => eventText("DepositEvent", `vault:pubkey amount:u64 ${fields}`);
  expect(text("user:pubkey owner:pubkey")).toBe("deposit amount owner vault");
  expect(text("authority:pubkey")).toBe("deposit amount owner=authority vault");
  expect(text("authority:pubkey depositor:pubkey")).toBe("deposit amount owner=depositor vault");
  expect(text("user:pubkey trader:pubkey")).toBe("deposit? user and trader could both be owner");
  // A check that could be either is no check, and no reason to refuse.
  expect(text("owner:pubkey new_balance:u64 remaining_balance:u64")).toBe("deposit amount owner vault");
  expect(text("owner:pubkey new_balance:u64 total_balance:u64")).toBe(
    "deposit amount owner total_after=total_balance vault",
  );
  expect(text("owner:pubkey new_balance:option<u64>")).toBe("deposit amount owner total_after=new_balance vault");
  expect(eventText("LockEvent", "vault:pubkey amount:u64 authority:pubkey")).toBe("lock amount authority vault");
});

Deno.test("inferMapping() takes neither of two events that could tell of the same movement", () => {
  const events = { DepositEvent: `${KEYS} amount:u64`, CollateralDeposited: `${KEYS} amount:u64`, VaultPaused: "x:u8" };
  const program = {
    source: "made up",
    instructions: { ...VAULT_PROGRAMS.spelled.instructions, deposit_collateral: "user vault | amount:u64" },
    events,
  };
  const rivals = "deposit? DepositEvent and CollateralDeposited could both be the deposit";
  const read = readIdl(newIdl(program));
  expect(eventsOf(newIdl(program))).toEqual({
    DepositEvent: rivals,
    CollateralDeposited: rivals,
    VaultPaused: "pause? nothing is named as paused",
  });
  const { events: mapped, instructions } = inferMapping(read).mapping;
  expect([mapped, Object.keys(instructions)]).toEqual([{}, ["initialize_vault", "withdraw"]]);
  const accounts = { Vault: "owner:pubkey total_balance:u64", CollateralVault: "owner:pubkey total_balance:u64" };
  expect(inferMapping(readIdl(newIdl({ ...program, accounts }))).mapping.accounts).toEqual({});
});

Deno.test("inferMapping() needs a vault, an owner's or its own, and a token account, the event's or its instruction's", () => {
  const [movement, initialised] = ["user:pubkey amount:u64", "user:pubkey vault:pubkey"];
  expect(eventText("DepositEvent", movement)).toBe("deposit? nothing is named as vault");
  expect(eventText("DepositEvent", movement, "vault")).toBe("deposit amount owner=user");
  expect(eventText("DepositEvent", "amount:u64", "vault")).toBe(
    "deposit? nothing is named as owner; nothing is named as vault",
  );
  expect(eventText("VaultInitialized", initialised)).toBe("initialise owner=user vault");
  const alone = { source: "made up", instructions: {}, events: { VaultInitialized: initialised } };
  expect(eventsOf(newIdl(alone))).toEqual({ VaultInitialized: "initialise? nothing is named as token_account" });
});

Deno.test("inferMapping() finds numbers wherever they stand, and minds those that could be money", () => {
  const problemOf = (type: unknown, ...types: unknown[]): unknown => {
    const base = newIdl({
      source: "made up",
      instructions: {},
      events: { DepositEvent: `${KEYS} amount:u64 extra:u64` },
    });
    const [event] = base.types as { type: { fields: { type: unknown }[] } }[];
    event?.type.fields.splice(3, 1, { name: "extra", type } as { type: unknown });
    return eventsOf({ ...base, types: [event, ...types] }).DepositEvent;
  };
  const pair = {
    name: "Pair",
    type: { kind: "struct", fields: [{ name: "a", type: "bool" }, { name: "b", type: "u64" }] },
  };
  const sum = { name: "Sum", type: { kind: "enum", variants: [{ name: "A" }, { name: "B", fields: ["u64"] }] } };
  const flags = { name: "Flags", type: { kind: "enum", variants: [{ name: "A" }, { name: "B", fields: ["u8"] }] } };
  const money = "deposit? extra could be money, and has no part in it";
  expect(problemOf({ option: { defined: "Pair" } }, pair)).toBe(money);
  expect(problemOf({ vec: { defined: "Pair" } }, pair)).toBe(money);
  expect(problemOf({ defined: "Sum" }, sum)).toBe(money);
  expect(problemOf({ defined: "Flags" }, flags)).toBe("deposit amount owner=user vault");
  expect(problemOf({ defined: "Pair" }, pair)).toBe("deposit? extra.b could be money, and has no part in it");
  expect(problemOf({ hashMap: ["u8", "u8"] })).toBe("deposit? a hashMap cannot be read");
});

Deno.test("inferMapping() takes no account that may be left out, and seeds that are no text", () => {
  const accounts = [{ name: "user" }, { name: "vault", optional: true }];
  const instruction = {
    name: "deposit",
    discriminator: Array(8).fill(1),
    accounts,
    args: [{ name: "amount", type: "u64" }],
  };
  const optional = { address: key("program"), instructions: [instruction] };
  expect(inferMapping(readIdl(optional)).instructions[0]?.problems).toEqual(["nothing is named as vault"]);
  const standard = inferMapping(readIdl(newIdl(VAULT_PROGRAMS.standard))).mapping;
  expect(standard.vault_seeds).toEqual(["vault", { part: "owner" }]);
  const pda = { seeds: [{ kind: "const", value: [255] }, { kind: "account", path: "user" }] };
  const idl = {
    ...newIdl({ source: "made up", instructions: {}, events: { DepositEvent: "user:pubkey amount:u64" } }),
    instructions: [{ ...instruction, accounts: [{ name: "user" }, { name: "vault", pda }] }],
  };
  const { mapping } = inferMapping(readIdl(idl));
  expect(["vault_seeds" in mapping, Object.keys(mapping.events)]).toEqual([false, ["DepositEvent"]]);
  expect(compileProgram(key("program"), idl, mapping).vaultSeeds).toEqual([Uint8Array.of(255), "owner"]);
});
