import { expect } from "expect";
import { readIdl } from "@/lib/chain/idl/read_idl.ts";
import defaultIdl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import { anchorKey } from "@/tests/support/idl_format.ts";
import { fresh, old, OTHER, PUBKEY, withFields } from "./small_idl.ts";

/** The layout of a field of this type. */
function layoutOf(type: unknown, ...types: unknown[]): unknown {
  return readIdl(withFields([{ name: "x", type }], ...types)).events[0]?.fields[0]?.layout;
}

Deno.test("readIdl() reads an IDL of Anchor 0.30 and later", () => {
  expect(readIdl(fresh())).toEqual({
    ...{ format: "0.30 and later", address: PUBKEY, accounts: [] },
    events: [{
      ...{ name: "DepositEvent", path: "events[0]", discriminator: anchorKey("event:DepositEvent") },
      fields: [{ name: "amount", layout: { type: "u64" } }],
    }],
    instructions: [{
      ...{ name: "deposit", path: "instructions[0]", discriminator: "0102030405060708" },
      accounts: [
        { name: "user", optional: false, signer: true, writable: false, address: null, pda: undefined },
        { name: "vault", optional: false, signer: false, writable: true, address: null, pda: undefined },
      ],
      args: [{ name: "amount", layout: { type: "u64" } }],
    }],
  });
});

Deno.test("readIdl() reads an IDL of before, and derives its discriminators", () => {
  const idl = readIdl(old());
  expect([idl.format, idl.address]).toEqual(["before 0.30", null]);
  expect(idl.events[0]?.discriminator).toBe("78f83d531f8e6b90");
  expect(idl.events[0]?.fields).toEqual([{ name: "newBalance", layout: { type: "option", of: { type: "u64" } } }]);
  expect(idl.instructions[0]?.discriminator).toBe("a1d8877a0c68d365");
  expect(idl.instructions[0]?.accounts.map(({ name, signer }) => [name, signer])).toEqual([["user", true], [
    "vaultPda",
    false,
  ]]);
  expect(idl.accounts[0]?.discriminator).toBe("d308e82b02987577");
  expect(idl.accounts[0]?.fields).toEqual([{ name: "owner", layout: { type: "pubkey" } }]);
  const given = old({ events: [{ name: "DepositEvent", fields: [], discriminator: OTHER }] });
  expect(readIdl(given).events[0]?.discriminator).toBe("0102030405060708");
});

Deno.test("the default IDL's discriminators are those of CHAIN.md, and those that Anchor derives", () => {
  const { events, instructions, accounts } = readIdl(defaultIdl);
  for (const { name, discriminator } of events) {
    expect([name, discriminator]).toEqual([name, anchorKey(`event:${name}`)]);
  }
  for (const { name, discriminator } of instructions) {
    expect([name, discriminator]).toEqual([name, anchorKey(`global:${name}`)]);
  }
  for (const { name, discriminator } of accounts) {
    expect([name, discriminator]).toEqual([name, anchorKey(`account:${name}`)]);
  }
  expect(events.map(({ discriminator }) => discriminator)).toEqual([
    ...["cbd65b05b9f8c095", "78f83d531f8e6b90", "1609851aa02c47c0", "ea292edc58854d2f", "18ff7e666b421137"],
    ...["bf083e889cb1a582", "4bbd78a775e59b3c"],
  ]);
  expect(accounts.map(({ discriminator }) => discriminator)).toEqual(["13bd5f9b64099f91", "8422bbcacac3d335"]);
});

Deno.test("readIdl() reads every type that Anchor writes, in either spelling", () => {
  const plain = ["u8", "u16", "u32", "u64", "u128", "u256", "i8", "i16", "i32", "i64", "i128", "i256", "f32", "f64"];
  for (const type of [...plain, "bool", "pubkey", "string", "bytes"]) expect(layoutOf(type)).toEqual({ type });
  expect(layoutOf("publicKey")).toEqual({ type: "pubkey" });
  expect(layoutOf({ vec: { option: "u8" } })).toEqual({ type: "vec", of: { type: "option", of: { type: "u8" } } });
  expect(layoutOf({ array: ["u8", 32] })).toEqual({ type: "array", of: { type: "u8" }, length: 32 });
  const pair = { name: "Pair", type: { kind: "struct", fields: ["u8", { vec: "u8" }] } };
  const tuple = {
    type: "struct",
    fields: [{ name: "0", layout: { type: "u8" } }, { name: "1", layout: { type: "vec", of: { type: "u8" } } }],
  };
  for (const defined of ["Pair", { name: "Pair" }, { name: "Pair", generics: [] }]) {
    expect(layoutOf({ defined }, pair)).toEqual(tuple);
  }
  const sum = {
    name: "Sum",
    type: {
      kind: "enum",
      variants: [{ name: "A" }, { name: "B", fields: ["u8"] }, { name: "C", fields: [{ name: "d", type: "bool" }] }],
    },
  };
  expect(layoutOf({ defined: "Sum" }, sum)).toEqual({
    type: "enum",
    variants: [
      { name: "A", fields: [] },
      { name: "B", fields: [{ name: "0", layout: { type: "u8" } }] },
      { name: "C", fields: [{ name: "d", layout: { type: "bool" } }] },
    ],
  });
  expect(layoutOf({ defined: "Alias" }, { name: "Alias", type: { kind: "type", alias: "u64" } })).toEqual({
    type: "u64",
  });
});

Deno.test("readIdl() lets be what nobody can read by a layout, until it is needed", () => {
  const generic = {
    name: "G",
    generics: [{ kind: "type", name: "T" }],
    type: { kind: "struct", fields: [{ name: "t", type: { generic: "T" } }] },
  };
  const packed = {
    name: "Z",
    serialization: "bytemuck",
    type: { kind: "struct", fields: [{ name: "a", type: "u8" }] },
  };
  const plain = { name: "P", generics: [], serialization: "borsh", type: { kind: "type", alias: "u8" } };
  expect(layoutOf({ defined: "P" }, plain)).toEqual({ type: "u8" });
  const empty = { name: "E", type: { kind: "struct" } };
  const opaque = (what: string): unknown => ({ type: "opaque", what });
  expect(layoutOf({ hashMap: ["u8", "u8"] })).toEqual(opaque("a hashMap"));
  expect(layoutOf({ coption: "u8" })).toEqual(opaque("a coption"));
  expect(layoutOf({ array: ["u8", { generic: "N" }] })).toEqual(opaque("a generic type"));
  expect(layoutOf({ defined: { name: "G", generics: [{ kind: "type", type: "u8" }] } }, generic)).toEqual(
    opaque("a generic type"),
  );
  expect(layoutOf({ defined: { name: "G" } }, generic)).toEqual(opaque("a generic type"));
  expect(layoutOf({ defined: "Z" }, packed)).toEqual(opaque("a type that is not serialized by borsh"));
  expect(layoutOf({ defined: "E" }, empty)).toEqual(opaque("a type without bytes"));
  expect(layoutOf({ array: ["u8", 0] })).toEqual(opaque("a type without bytes"));
  expect(layoutOf({ vec: { defined: "E" } }, empty)).toEqual({ type: "vec", of: opaque("a type without bytes") });
  const asEvent = fresh({ types: [{ ...packed, name: "DepositEvent" }] });
  expect(readIdl(asEvent).events[0]?.fields).toEqual([{
    name: "DepositEvent",
    layout: opaque("a type that is not serialized by borsh"),
  }]);
});

Deno.test("readIdl() takes the accounts of groups in their order, and knows optional ones", () => {
  const accounts = [
    { name: "user", signer: true },
    { name: "common", accounts: [{ name: "vault" }, { name: "more", accounts: [{ name: "mint", optional: true }] }] },
    { name: "last", isOptional: true },
  ];
  const [instruction] =
    readIdl(fresh({ instructions: [{ name: "deposit", discriminator: OTHER, args: [], accounts }] })).instructions;
  expect(instruction?.accounts.map(({ name, optional }) => [name, optional])).toEqual([
    ["user", false],
    ["common.vault", false],
    ["common.more.mint", true],
    ["last", true],
  ]);
});
