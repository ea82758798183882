import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import { inferMapping } from "@/lib/chain/idl/infer.ts";
import type { Mapping } from "@/lib/chain/idl/mapping.ts";
import { readIdl } from "@/lib/chain/idl/read_idl.ts";
import { compileMapped, type VaultProgram } from "@/lib/chain/program.ts";
import { anchorKey, newIdl, type Program } from "@/tests/support/idl_format.ts";
import {
  bodyOf,
  type Call,
  encode,
  type Field,
  key,
  logOf,
  PROGRAM,
  type RawOptions,
  rawTransaction,
  vaultOf,
} from "@/tests/support/raw_delivery.ts";

const [alice, authority] = [key("alice"), key("authority")];
const { vault, tokenAccount } = vaultOf(alice);
const TIME = { i64: 1_700_000_000n };

/** A program that says as little as it can: no vault in its events, no token account, nobody who signed. */
const TERSE: Program = {
  source: "made up",
  seed: "vault",
  instructions: {
    initialize_vault: "user vault(pda) usdt_mint vault_token_account",
    deposit: "user vault(pda) | amount:u64",
    withdraw: "user vault(pda) | amount:u64",
    lock_collateral: "authority vault | amount:u64",
    touch: "user",
  },
  events: {
    VaultInitialized: "user:pubkey timestamp:i64",
    DepositEvent: "user:pubkey amount:u64 timestamp:i64",
    WithdrawEvent: "user:pubkey amount:u64 timestamp:i64",
    LockEvent: "user:pubkey vault:pubkey amount:u64",
    Touched: "user:pubkey",
  },
};

function terse(change: (mapping: Mapping) => Mapping = (mapping) => mapping): VaultProgram {
  const idl = readIdl(newIdl(TERSE));
  return compileMapped(PROGRAM, idl, change(inferMapping(idl).mapping));
}

function readWith(program: VaultProgram, options: RawOptions): unknown {
  return readDelivery(bodyOf(rawTransaction(options)), program)[0];
}

const event = (name: string, ...fields: Field[]): Uint8Array => encode(anchorKey(`event:${name}`), fields);
const call = (name: string, accounts: string[], ...fields: Field[]): Call => ({
  program: PROGRAM,
  data: encode(anchorKey(`global:${name}`), fields),
  accounts,
});
const initialise = call("initialize_vault", [alice, vault, key("mint"), tokenAccount]);
const initialised = logOf(event("VaultInitialized", { pk: alice }, TIME));

Deno.test("a vault that an event does not name is that of the owner", () => {
  expect(readWith(terse(), { logs: logOf(event("DepositEvent", { pk: alice }, { u64: 7n }, TIME)) })).toMatchObject({
    verdict: "read",
    events: [{ kind: "deposit", owner: alice, vault, amount: 7n, totalAfter: null }],
  });
});

Deno.test("a token account that an event does not name is that of the instruction that initialised the same vault", () => {
  expect(readWith(terse(), { logs: initialised, calls: [initialise] })).toMatchObject({
    verdict: "read",
    events: [{ kind: "initialise", owner: alice, vault, tokenAccount }],
  });
  const bob = vaultOf(key("bob"));
  const others = call("initialize_vault", [key("bob"), bob.vault, key("mint"), bob.tokenAccount]);
  for (const calls of [[others], [call("touch", [alice])]]) {
    expect(readWith(terse(), { logs: initialised, calls })).toMatchObject({
      verdict: "quarantined",
      code: "undecodable_event",
      reason: "event 0: initialise names no token_account",
    });
  }
  expect(readWith(terse(), { logs: [...logOf(), ...initialised], calls: [others, initialise] })).toMatchObject({
    verdict: "read",
    events: [{ tokenAccount }],
  });
});

Deno.test("who signed is null where the program does not tell it", () => {
  const logs = logOf(event("LockEvent", { pk: alice }, { pk: vault }, { u64: 7n }));
  expect(readWith(terse(), { logs })).toMatchObject({ verdict: "read", events: [{ kind: "lock", authority: null }] });
});

Deno.test("an event that the mapping does not know is quarantined, one that it has without effect is passed over", () => {
  const logs = logOf(
    event("Touched", { pk: alice }),
    event("DepositEvent", { pk: alice }, { u64: 7n }, TIME),
    event("Touched"),
    event("WithdrawEvent", { pk: alice }, { u64: 2n }, TIME),
  );
  expect(readWith(terse(), { logs })).toMatchObject({
    verdict: "quarantined",
    code: "undecodable_event",
    reason: "event 0: no event of the IDL has this discriminator",
  });
  const silent = terse((mapping) => ({
    ...mapping,
    events: { ...mapping.events, Touched: { effect: "none", fields: {} } },
  }));
  expect(readWith(silent, { logs })).toMatchObject({
    verdict: "read",
    events: [{ kind: "deposit", ordinal: 0 }, { kind: "withdrawal", ordinal: 1 }],
  });
  expect(readWith(silent, { logs: logOf(event("Touched", { pk: alice })) })).toMatchObject({ code: "no_vault_event" });
});

/** The mapping without its lock, and with the word that instructions tell all. */
const tellingAll = ({ instructions, ...mapping }: Mapping): Mapping => {
  const { lock_collateral: _, ...others } = instructions;
  return { ...mapping, instructions_tell_all: true, instructions: others };
};

Deno.test("a program's instructions are read without a log only where its mapping says that they tell all", () => {
  const options = { logs: null, calls: [initialise] };
  expect(readWith(terse(), options)).toMatchObject({ verdict: "parked", code: "logs_missing" });
  expect(readWith(terse(tellingAll), options)).toMatchObject({
    verdict: "read",
    events: [{ kind: "initialise", owner: alice, vault, tokenAccount }],
  });
  const both = { logs: [...initialised.slice(0, 3), "Log truncated"], calls: [initialise] };
  expect(readWith(terse(tellingAll), both)).toMatchObject({ verdict: "read", events: [{ tokenAccount }] });
});

Deno.test("instructions that tell all name what their events name, so that both roads end in one content", () => {
  expect(() => terse((mapping) => ({ ...mapping, instructions_tell_all: true }))).toThrow(
    "mapping.instructions.lock_collateral must name authority if and only if LockEvent does, while instructions_tell_all",
  );
  expect(() =>
    terse((mapping) => {
      const { DepositEvent: _, ...events } = mapping.events;
      return { ...tellingAll(mapping), events };
    })
  ).toThrow("mapping.instructions.deposit must not be there while instructions_tell_all: no event is deposit");
});

Deno.test("an account that is no public key, although its letters could be one's, is quarantined or left out", () => {
  const long = "z".repeat(44);
  const failed = { logs: null, err: "x", calls: [call("deposit", [long, vault], { u64: 7n })] };
  expect(readWith(terse(), failed)).toMatchObject({ verdict: "read", failed: true, events: [] });
  const done = { logs: null, calls: [call("initialize_vault", [alice, vault, key("mint"), long])] };
  expect(readWith(terse(tellingAll), done)).toMatchObject({ verdict: "parked" });
  const lock = { logs: null, err: "x", calls: [call("lock_collateral", [authority, long], { u64: 7n })] };
  expect(readWith(terse(), lock)).toMatchObject({ events: [] });
});
