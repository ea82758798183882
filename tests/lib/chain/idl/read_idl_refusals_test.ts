import { expect } from "expect";
import { type Idl, readIdl } from "@/lib/chain/idl/read_idl.ts";
import { refusalOf } from "./refusals.ts";
import { DISCRIMINATOR, fresh, nested, old, OTHER, withFields } from "./small_idl.ts";

/** A chain of types, each holding the next one twice. */
function doubling(length: number): unknown[] {
  return Array.from({ length }, (_, i) => ({
    name: `T${i}`,
    type: {
      kind: "struct",
      fields: ["a", "b"].map((name) => ({ name, type: i + 1 < length ? { defined: `T${i + 1}` } : "u8" })),
    },
  }));
}

const instruction = (changes: Record<string, unknown>): Record<string, unknown> =>
  fresh({ instructions: [{ name: "deposit", discriminator: OTHER, accounts: [], args: [], ...changes }] });
const event = (changes: Record<string, unknown>): Record<string, unknown> =>
  fresh({ events: [{ name: "DepositEvent", discriminator: DISCRIMINATOR, ...changes }] });
const FIELD = "types[0].type.fields[0]";

/** Groups of accounts within groups. */
function groups(depth: number): unknown[] {
  return [depth === 0 ? { name: "vault" } : { name: "a", accounts: groups(depth - 1) }];
}

const REFUSALS: readonly [what: unknown, refusal: string][] = [
  [null, "idl must be an object: current value is null"],
  [[], "idl must be an object: current value is an array of 0"],
  [{}, "idl must be an Anchor IDL: it has neither address (0.30 and later) nor name and version (before)"],
  [
    { name: "vault" },
    "idl must be an Anchor IDL: it has neither address (0.30 and later) nor name and version (before)",
  ],
  [{ metadata: { spec: "0.1.0" } }, "address must be a string: current value is missing"],
  [fresh({ address: "nowhere" }), "address must be a public key: current value is nowhere"],
  [fresh({ instructions: undefined }), "instructions must be an array: current value is missing"],
  [fresh({ events: {} }), "events must be an array: current value is an object"],
  [fresh({ types: 1 }), "types must be an array: current value is 1"],
  [event({ name: "Nothing" }), "events[0].name must be a type of the IDL: Nothing is none"],
  [event({ name: 5 }), "events[0].name must be a string: current value is 5"],
  [event({ name: "no name" }), 'events[0].name must be a name: current value is "no name"'],
  [event({ name: "__proto__" }), 'events[0].name must be a name: current value is "__proto__"'],
  [event({ discriminator: undefined }), "events[0].discriminator must be an array: current value is missing"],
  [event({ discriminator: [1, 2, 3] }), "events[0].discriminator must be 8 bytes: current length is 3"],
  [event({ discriminator: [...OTHER, 9] }), "events[0].discriminator must be 8 bytes: current length is 9"],
  [
    event({ discriminator: [1, 2, 3, 4, 5, 6, 7, 256] }),
    "events[0].discriminator[7] must be a whole number from 0 to 255: current value is 256",
  ],
  [
    event({ discriminator: [-1, 2, 3, 4, 5, 6, 7, 8] }),
    "events[0].discriminator[0] must be a whole number from 0 to 255: current value is -1",
  ],
  [
    event({ discriminator: [1.5, 2, 3, 4, 5, 6, 7, 8] }),
    "events[0].discriminator[0] must be a whole number from 0 to 255: current value is 1.5",
  ],
  [
    instruction({ discriminator: undefined }),
    "instructions[0].discriminator must be an array: current value is missing",
  ],
  [instruction({ name: "de posit" }), 'instructions[0].name must be a name: current value is "de posit"'],
  [instruction({ accounts: undefined }), "instructions[0].accounts must be an array: current value is missing"],
  [instruction({ args: undefined }), "instructions[0].args must be an array: current value is missing"],
  [
    instruction({ args: [{ name: "a", type: "u46" }] }),
    'instructions[0].args[0].type must be a type: current value is "u46"',
  ],
  [
    instruction({ accounts: [{ name: "a" }, { name: "a" }] }),
    "instructions[0].accounts must differ from instructions[0].accounts: current value is a",
  ],
  [
    instruction({ accounts: groups(9) }),
    `instructions[0].accounts${"[0].accounts".repeat(9)} must not stand deeper than 8 groups within each other`,
  ],
  [instruction({ accounts: [{}] }), "instructions[0].accounts[0].name must be a string: current value is missing"],
  [
    fresh({
      events: [{ name: "DepositEvent", discriminator: OTHER }, { name: "DepositEvent", discriminator: DISCRIMINATOR }],
    }),
    "events[1].name must differ from events[0].name: current value is DepositEvent",
  ],
  [
    {
      ...withFields([], { name: "B", type: { kind: "struct", fields: [] } }),
      events: ["DepositEvent", "B"].map((name) => ({ name, discriminator: OTHER })),
    },
    "events[1].discriminator must differ from events[0].discriminator: current value is 0102030405060708",
  ],
  [
    fresh({ instructions: ["a", "b"].map((name) => ({ name, discriminator: OTHER, accounts: [], args: [] })) }),
    "instructions[1].discriminator must differ from instructions[0].discriminator: current value is 0102030405060708",
  ],
  [
    fresh({
      accounts: [{ name: "DepositEvent", discriminator: OTHER }, {
        name: "DepositEvent",
        discriminator: DISCRIMINATOR,
      }],
    }),
    "accounts[1].name must differ from accounts[0].name: current value is DepositEvent",
  ],
  [
    withFields([{ name: "a", type: "u8" }, { name: "a", type: "u8" }]),
    "types[0].type.fields[1].name must differ from types[0].type.fields[0].name: current value is a",
  ],
  [withFields([{ name: "", type: "u8" }]), `${FIELD}.name must be a name: current value is ""`],
  [withFields([{ name: "__proto__", type: "u8" }]), `${FIELD}.name must be a name: current value is "__proto__"`],
  [withFields([{ name: "a.b", type: "u8" }]), `${FIELD}.name must be a name: current value is "a.b"`],
  [withFields([{ name: "a" }]), `${FIELD}.type must be an object: current value is missing`],
  [withFields([{ name: "a", type: "u46" }]), `${FIELD}.type must be a type: current value is "u46"`],
  [withFields([{ name: "a", type: "constructor" }]), `${FIELD}.type must be a type: current value is "constructor"`],
  [withFields([{ name: "a", type: {} }]), `${FIELD}.type must be a type: current value is {}`],
  [withFields([{ name: "a", type: { maybe: "u8" } }]), `${FIELD}.type must be a type: current value is {"maybe":"u8"}`],
  [
    withFields([{ name: "a", type: { vec: "u8", option: "u8" } }]),
    `${FIELD}.type must be one type: current value names vec and option`,
  ],
  [withFields([{ name: "a", type: { vec: "u46" } }]), `${FIELD}.type.vec must be a type: current value is "u46"`],
  [
    withFields([{ name: "a", type: { array: ["u8"] } }]),
    `${FIELD}.type.array[1] must be a whole number from 0 to 10485760: current value is missing`,
  ],
  [
    withFields([{ name: "a", type: { array: ["u8", -1] } }]),
    `${FIELD}.type.array[1] must be a whole number from 0 to 10485760: current value is -1`,
  ],
  [
    withFields([{ name: "a", type: { array: ["u8", 1, 2] } }]),
    `${FIELD}.type.array must be a type and a length: current value has 3`,
  ],
  [
    withFields([{ name: "a", type: { defined: "Nothing" } }]),
    `${FIELD}.type.defined must be a type of the IDL: Nothing is none`,
  ],
  [
    withFields([{ name: "a", type: { defined: { name: "Nothing" } } }]),
    `${FIELD}.type.defined.name must be a type of the IDL: Nothing is none`,
  ],
  [withFields([{ name: "a", type: { defined: 5 } }]), `${FIELD}.type.defined must be an object: current value is 5`],
  [
    withFields([{ name: "a", type: nested(31) }]),
    `${FIELD}.type${".option".repeat(31)} must not stand deeper than 32 types within each other`,
  ],
  [
    withFields([{ name: "a", type: { array: [{ array: ["u64", 2000] }, 2000] } }]),
    "types[0].type.fields must be at most 10485760 bytes: no account holds more",
  ],
  [
    withFields([{ name: "a", type: { defined: "T0" } }], ...doubling(30)),
    "types[7].type.fields must be at most 10485760 bytes: no account holds more",
  ],
  [
    withFields([{ name: "a", type: { defined: "DepositEvent" } }]),
    "types[0] must not hold itself: DepositEvent in DepositEvent",
  ],
  [
    withFields([{ name: "a", type: { vec: { defined: "B" } } }], {
      name: "B",
      type: { kind: "struct", fields: [{ name: "a", type: { defined: "DepositEvent" } }] },
    }),
    "types[0] must not hold itself: DepositEvent in B in DepositEvent",
  ],
  [
    withFields([], { name: "DepositEvent", type: { kind: "struct", fields: [] } }),
    "types[1].name must differ from types[0].name: current value is DepositEvent",
  ],
  [
    withFields([], { name: "B", type: { kind: "union" } }),
    "types[1].type.kind must be struct, enum or type: current value is union",
  ],
  [withFields([], { name: "B" }), "types[1].type must be an object: current value is missing"],
  [
    withFields([], { name: "B", type: { kind: "enum" } }),
    "types[1].type.variants must be an array: current value is missing",
  ],
  [
    withFields([], { name: "B", type: { kind: "enum", variants: [] } }),
    "types[1].type.variants must have from 1 to 256 variants: current length is 0",
  ],
  [
    withFields([], {
      name: "B",
      type: { kind: "enum", variants: Array.from({ length: 257 }, (_, i) => ({ name: `V${i}` })) },
    }),
    "types[1].type.variants must have from 1 to 256 variants: current length is 257",
  ],
  [
    withFields([], { name: "B", type: { kind: "enum", variants: [{ name: "A" }, { name: "A" }] } }),
    "types[1].type.variants[1].name must differ from types[1].type.variants[0].name: current value is A",
  ],
  [
    fresh({ types: [{ name: "DepositEvent", type: { kind: "enum", variants: [{ name: "A" }] } }] }),
    "events[0].name must be a struct: DepositEvent is none",
  ],
  [old({ events: [{ name: "DepositEvent" }] }), "events[0].fields must be an array: current value is missing"],
  [
    old({ events: [{ name: "A", fields: [], discriminator: [1] }] }),
    "events[0].discriminator must be 8 bytes: current length is 1",
  ],
  [
    old({ accounts: [{ name: "A", type: { kind: "enum", variants: [{ name: "A" }] } }] }),
    "accounts[0].type must be a struct: A is none",
  ],
  // A type that nothing holds is looked at all the same, in either format.
  [
    old({ types: [{ name: "Unused", type: { kind: "union" } }] }),
    "types[0].type.kind must be struct, enum or type: current value is union",
  ],
  [
    withFields([], { name: "Unused", type: { kind: "union" } }),
    "types[1].type.kind must be struct, enum or type: current value is union",
  ],
  [
    old({ types: [{ name: "vault", type: { kind: "struct", fields: [] } }] }),
    "accounts[0].name must differ from types[0].name: current value is vault",
  ],
];

for (const [what, refusal] of REFUSALS) {
  Deno.test(`readIdl() refuses: ${refusal.slice(0, 120)}`, () => {
    expect(refusalOf((): Idl => readIdl(what))).toBe(refusal);
  });
}

Deno.test("readIdl() lets an enum have as many variants, and types stand as deep, as there may be", () => {
  const variants = Array.from({ length: 256 }, (_, i) => ({ name: `V${i}` }));
  expect(refusalOf(() => readIdl(withFields([], { name: "B", type: { kind: "enum", variants } })))).toBe(null);
  expect(refusalOf(() => readIdl(withFields([{ name: "a", type: nested(30) }])))).toBe(null);
  expect(refusalOf(() => readIdl(instruction({ accounts: groups(8) })))).toBe(null);
});
