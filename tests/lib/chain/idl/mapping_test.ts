import { expect } from "expect";
import { type Mapping, readMapping } from "@/lib/chain/idl/mapping.ts";
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram, type VaultProgram } from "@/lib/chain/program.ts";
import { newIdl } from "@/tests/support/idl_format.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { refusalOf } from "./refusals.ts";

const IDL = newIdl({
  source: "made up",
  instructions: {
    initialize_vault: "user vault token_account",
    deposit: "user vault | amount:u64 owner:pubkey",
    set_paused: "admin | is_paused:bool",
  },
  events: {
    DepositEvent:
      "user:pubkey vault:pubkey amount:u64 other:u64 signed:i64 perhaps:option<u64> list:vec<u64> time:u64 on:bool",
    Paused: "is_paused:bool note:string",
  },
  accounts: { Vault: "owner:pubkey total:u64 keys:vec<pubkey> numbers:vec<u64>" },
});

const PARTS = { owner: "user", vault: "vault", amount: "amount" };

/** A mapping of the event with these fields. */
const event = (fields: unknown, effect: unknown = "deposit"): unknown => (
  { events: { DepositEvent: { effect, fields } }, instructions: {} }
);
/** A mapping of the instruction. */
const deposit = (changes: object): unknown => ({
  events: {},
  instructions: {
    deposit: { effect: "deposit", accounts: { owner: "user", vault: "vault" }, args: { amount: "amount" }, ...changes },
  },
});
/** A mapping with these accounts. */
const accounts = (value: unknown): unknown => ({ events: {}, instructions: {}, accounts: value });
/** A mapping with these seeds. */
const seeds = (value: unknown): unknown => ({ events: {}, instructions: {}, vault_seeds: value });

const compile = (value: unknown, idl: unknown = IDL): VaultProgram => compileProgram(key("program"), idl, value);
const FIELDS = "mapping.events.DepositEvent.fields";
const DEPOSIT = "mapping.instructions.deposit";
const ALL = "user, vault, amount, other, signed, perhaps, list, time, on";

const REFUSALS: readonly [mapping: unknown, refusal: string][] = [
  [5, "mapping must be an object: current value is 5"],
  [{}, "mapping.events must be an object: current value is missing"],
  [{ events: {} }, "mapping.instructions must be an object: current value is missing"],
  [
    { events: {}, instructions: {}, event: {} },
    "mapping.event is not known here: known are instructions_tell_all, vault_seeds, events, instructions, accounts",
  ],
  [
    event(PARTS, "depositing"),
    "mapping.events.DepositEvent.effect must be one of initialise, deposit, withdrawal, lock, unlock, transfer, fee, pause, close: current value is depositing",
  ],
  [
    event(PARTS, "constructor"),
    "mapping.events.DepositEvent.effect must be one of initialise, deposit, withdrawal, lock, unlock, transfer, fee, pause, close: current value is constructor",
  ],
  [event(PARTS, 5), "mapping.events.DepositEvent.effect must be a string: current value is 5"],
  [
    event({ ...PARTS, amuont: "amount" }),
    `${FIELDS}.amuont is not known here: known are owner, vault, amount, total_after, at`,
  ],
  [event({ ...PARTS, amount: 5 }), `${FIELDS}.amount must be a string: current value is 5`],
  [event(undefined), `${FIELDS} must be an object: current value is missing`],
  [event({ ...PARTS, amount: "amuont" }), `${FIELDS}.amount must be one of ${ALL}: current value is amuont`],
  [event({ ...PARTS, amount: "constructor" }), `${FIELDS}.amount must be one of ${ALL}: current value is constructor`],
  [event({ ...PARTS, amount: "user" }), `${FIELDS}.amount must be an unsigned integer: user is pubkey`],
  [event({ ...PARTS, amount: "signed" }), `${FIELDS}.amount must be an unsigned integer: signed is i64`],
  [event({ ...PARTS, amount: "list" }), `${FIELDS}.amount must be an unsigned integer: list is vec`],
  [event({ ...PARTS, amount: "perhaps" }), `${FIELDS}.amount must always be there: perhaps is an option`],
  [event({ ...PARTS, owner: "amount" }), `${FIELDS}.owner must be a public key: amount is u64`],
  [event({ ...PARTS, at: "on" }), `${FIELDS}.at must be an i64 or a u64: on is bool`],
  [
    event({ ...PARTS, total_after: "amount" }),
    `${FIELDS}.total_after must differ from ${FIELDS}.amount: current value is amount`,
  ],
  [event({ owner: "user", vault: "vault" }), `${FIELDS} must name amount`],
  [event({ owner: "user" }), `${FIELDS} must name vault and amount`],
  [event({ ...PARTS }, "none"), `${FIELDS}.owner is not known here: known are none`],
  [{ events: { Nothing: { effect: "none" } }, instructions: {} }, "mapping.events.Nothing names no event of the IDL"],
  [
    { events: { constructor: { effect: "none" } }, instructions: {} },
    "mapping.events.constructor names no event of the IDL",
  ],
  [
    { events: { Paused: { effect: "pause", fields: { paused: "note" } } }, instructions: {} },
    "mapping.events.Paused.fields.paused must be a bool: note is string",
  ],
  [
    { events: { Paused: { effect: "pause", fields: {} } }, instructions: {} },
    "mapping.events.Paused.fields must name paused",
  ],
  [
    event({ vault: "vault", to_vault: "user", amount: "amount", reason: "time" }, "transfer"),
    `${FIELDS}.reason must be an enum or a u8: time is u64`,
  ],
  [
    event({ vault: "vault", to_vault: "user", amount: "amount", reason: "time" }, "fee"),
    `${FIELDS}.reason is not known here: known are vault, to_vault, amount, authority`,
  ],
  [
    { events: {}, instructions: { nothing: { effect: "deposit", accounts: {}, args: {} } } },
    "mapping.instructions.nothing names no instruction of the IDL",
  ],
  [
    deposit({ effect: "none" }),
    `${DEPOSIT}.effect must be one of initialise, deposit, withdrawal, lock, unlock, transfer, fee, pause, close: current value is none`,
  ],
  [deposit({ accounts: undefined }), `${DEPOSIT}.accounts must be an object: current value is missing`],
  [
    deposit({ accounts: { owner: "user", vault: "valut" } }),
    `${DEPOSIT}.accounts.vault must be an account of deposit: current value is valut`,
  ],
  [
    deposit({ accounts: { owner: "user", vault: "vault", amount: "vault" } }),
    `${DEPOSIT}.accounts.amount must be an argument: an account is a public key`,
  ],
  [deposit({ accounts: { vault: "vault" } }), `${DEPOSIT} must name owner`],
  [deposit({ args: {} }), `${DEPOSIT} must name amount`],
  [deposit({ args: { amount: "owner" } }), `${DEPOSIT}.args.amount must be an unsigned integer: owner is pubkey`],
  [deposit({ args: { amount: "sum" } }), `${DEPOSIT}.args.amount must be one of amount, owner: current value is sum`],
  [
    deposit({ args: { amount: "amount", owner: "owner" } }),
    `${DEPOSIT}.args.owner must not be an account and an argument`,
  ],
  [deposit({ fields: {} }), `${DEPOSIT}.fields is not known here: known are effect, accounts, args`],
  [accounts(5), "mapping.accounts must be an object: current value is 5"],
  [accounts({ vaults: {} }), "mapping.accounts.vaults is not known here: known are vault, authority"],
  [accounts({ vault: { fields: {} } }), "mapping.accounts.vault.name must be a string: current value is missing"],
  [
    accounts({ vault: { name: "Valut", fields: {} } }),
    "mapping.accounts.vault.name names no account of the IDL: current value is Valut",
  ],
  [accounts({ vault: { name: "Vault", fields: { owner: "owner" } } }), "mapping.accounts.vault.fields must name total"],
  [
    accounts({ vault: { name: "Vault", fields: { owner: "owner", total: "owner" } } }),
    "mapping.accounts.vault.fields.total must be an unsigned integer: owner is pubkey",
  ],
  [
    accounts({ vault: { name: "Vault", fields: { owner: "owner", total: "total", locked: "total" } } }),
    "mapping.accounts.vault.fields.locked must differ from mapping.accounts.vault.fields.total: current value is total",
  ],
  [
    accounts({ authority: { name: "Vault", fields: { authorized_programs: "owner" } } }),
    "mapping.accounts.authority.fields.authorized_programs must be a list of public keys: owner is pubkey",
  ],
  [
    accounts({ authority: { name: "Vault", fields: { authorized_programs: "numbers" } } }),
    "mapping.accounts.authority.fields.authorized_programs must be a list of public keys: numbers is vec",
  ],
  [
    accounts({ authority: { name: "Vault", fields: {} } }),
    "mapping.accounts.authority.fields must name authorized_programs",
  ],
  [
    { events: {}, instructions: {}, instructions_tell_all: "yes" },
    'mapping.instructions_tell_all must be true or false: current value is "yes"',
  ],
  [seeds("vault"), 'mapping.vault_seeds must be an array: current value is "vault"'],
  [seeds(["vault"]), "mapping.vault_seeds must name the owner: all vaults would be one"],
  [seeds([]), "mapping.vault_seeds must name the owner: all vaults would be one"],
  [seeds([{ part: "vault" }]), "mapping.vault_seeds[0].part must be owner: current value is vault"],
  [seeds([{ bytes: [] }]), "mapping.vault_seeds[0].bytes is not known here: known are part"],
  [seeds(["é".repeat(17), { part: "owner" }]), "mapping.vault_seeds[0] must be at most 32 bytes: current length is 34"],
  [seeds(Array(16).fill({ part: "owner" })), "mapping.vault_seeds must be at most 15 seeds: current length is 16"],
];

for (const [value, refusal] of REFUSALS) {
  Deno.test(`compileProgram() refuses: ${refusal.slice(0, 120)}`, () =>
    expect(refusalOf(() => compile(value))).toBe(refusal));
}

Deno.test("compileProgram() refuses an address, an optional account, and fields that nobody can read", () => {
  expect(refusalOf(() => compileProgram("nowhere", IDL, event(PARTS)))).toBe(
    "address must be a public key: current value is nowhere",
  );
  const instructions = [{
    name: "deposit",
    discriminator: Array(8).fill(1),
    args: [{ name: "amount", type: "u64" }],
    accounts: [{ name: "user" }, { name: "vault", optional: true }],
  }];
  expect(refusalOf(() => compile(deposit({}), { address: key("program"), instructions }))).toBe(
    `${DEPOSIT}.accounts.vault must always be there: vault is an optional account`,
  );
  const types = [{
    name: "DepositEvent",
    type: { kind: "struct", fields: [{ name: "a", type: { vec: { option: { hashMap: [] } } } }] },
  }];
  const opaque = {
    address: key("program"),
    instructions: [],
    events: [{ name: "DepositEvent", discriminator: Array(8).fill(1) }],
    types,
  };
  expect(refusalOf(() => compile(event(PARTS), opaque))).toBe(
    `${FIELDS} cannot be read: a hashMap is among the fields`,
  );
  expect(refusalOf(() => compile(event({}, "none"), opaque))).toBe(null);
});

Deno.test("compileProgram() finds what nobody can read wherever it stands, and takes its time with nothing", () => {
  const variants = { name: "V", type: { kind: "enum", variants: [{ name: "A", fields: [{ hashMap: [] }] }] } };
  const chain = Array.from({ length: 20 }, (_, i) => (
    {
      name: `T${i}`,
      type: {
        kind: "struct",
        fields: [{ defined: i < 19 ? `T${i + 1}` : "V" }, { defined: i < 19 ? `T${i + 1}` : "V" }],
      },
    }
  ));
  const types = [
    { name: "DepositEvent", type: { kind: "struct", fields: [{ name: "a", type: { defined: "T0" } }] } },
    ...chain,
    variants,
  ];
  const idl = {
    address: key("program"),
    instructions: [],
    events: [{ name: "DepositEvent", discriminator: Array(8).fill(1) }],
    types,
  };
  expect(refusalOf(() => compile(event(PARTS), idl))).toBe(`${FIELDS} cannot be read: a hashMap is among the fields`);
});

Deno.test("compileProgram() takes what is right to the limit", () => {
  for (
    const value of [seeds(["é".repeat(16), { part: "owner" }]), seeds(Array(15).fill({ part: "owner" })), seeds(null)]
  ) {
    expect(refusalOf(() => compile(value))).toBe(null);
  }
  const perhaps = { ...PARTS, total_after: "perhaps", at: "time" };
  expect([...compile(event(perhaps)).events.values()][0]?.parts).toEqual(perhaps);
  expect(refusalOf(() => compile(event({ ...PARTS, total_after: "list" })))).toMatch("list is vec");
});

Deno.test("readMapping() reads what is written, and fills what may be left out", () => {
  const read: Mapping = readMapping(mapping);
  expect(read.events).toEqual(mapping.events);
  expect(read.accounts).toEqual(mapping.accounts);
  expect(read.instructions.initialize_vault?.args).toEqual({});
  expect(readMapping({ events: {}, instructions: {} })).toEqual({ events: {}, instructions: {}, accounts: {} });
});
