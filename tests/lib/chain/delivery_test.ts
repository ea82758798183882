import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import {
  bodyOf,
  events,
  key,
  logOf,
  OTHER_PROGRAM,
  PROGRAM,
  rawTransaction,
  signature,
} from "@/tests/support/raw_delivery.ts";

const program = compileProgram(PROGRAM, idl, mapping);
const alice = key("alice");
const deposit = events.deposit(alice, 5n, 5n);

Deno.test("readDelivery() keeps the recorded deliveries out: none holds a vault event", async () => {
  for (const { name } of Deno.readDirSync(new URL("../../vectors/", import.meta.url))) {
    if (!/^[0-9]+_.*\.json$/.test(name)) continue;
    const body = await Deno.readFile(new URL(`../../vectors/${name}`, import.meta.url));
    for (const transaction of readDelivery(body, program)) {
      expect([name, transaction.verdict]).toEqual([name, "ignored"]);
    }
  }
});

Deno.test("readDelivery() finds the Anchor event that a recorded delivery holds, and refuses it as none of the vault's", async () => {
  const body = await Deno.readFile(new URL("../../vectors/06_raw_anchor_event_devnet_hotpotato.json", import.meta.url));
  const theirs = compileProgram("FTmU5btw8kipZEcacr1cf5kd7Ld9qnaBmQjxbyYd76yo", idl, mapping);
  expect(readDelivery(body, theirs)).toMatchObject([{ verdict: "quarantined", code: "undecodable_event" }]);
});

Deno.test("readDelivery() parks an enhanced delivery that called the vault program", () => {
  const item = {
    signature: signature("enhanced"),
    slot: 9,
    timestamp: 1_700_000_000,
    instructions: [{
      programId: OTHER_PROGRAM,
      accounts: [],
      data: "",
      innerInstructions: [{ programId: PROGRAM, accounts: [], data: "" }],
    }],
  };
  expect(readDelivery(bodyOf(item), program)).toMatchObject([{ verdict: "parked", code: "enhanced_form" }]);
});

Deno.test("readDelivery() quarantines a body that is no array of transactions, and says why", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const cases: [Uint8Array, string][] = [
    [Uint8Array.of(0x5b, 0xff, 0xfe, 0x5d), "not_utf8"],
    [bytes("{"), "not_json"],
    [bytes(""), "not_json"],
    [bytes("{}"), "not_an_array"],
    [bytes("null"), "not_an_array"],
    [bytes(`[${"0,".repeat(1000)}0]`), "too_many_transactions"],
  ];
  for (const [body, code] of cases) {
    expect(readDelivery(body, program)).toMatchObject([{ verdict: "quarantined", code }]);
  }
  expect(readDelivery(bytes("[]"), program)).toEqual([]);
});

Deno.test("readDelivery() quarantines a broken transaction by its field and reads its neighbours", () => {
  const good = rawTransaction({ logs: logOf(deposit) });
  const broken: [unknown, string][] = [
    [null, "transaction must be an object: current value is null"],
    [{ ...good, slot: 1.5 }, "slot must be a whole number from 0 to 9007199254740991: current value is 1.5"],
    [{ ...good, slot: "7" }, 'slot must be a whole number from 0 to 9007199254740991: current value is "7"'],
    [{ ...good, meta: undefined }, "meta must be an object: current value is missing"],
    [
      { ...good, indexWithinBlock: -1 },
      "indexWithinBlock must be a whole number from 0 to 2147483647: current value is -1",
    ],
    [
      { ...good, transaction: { signatures: ["short"], message: {} } },
      'transaction.signatures[0] must be base58 of 64 bytes: current value is "short"',
    ],
  ];
  for (const [item, reason] of broken) {
    expect(readDelivery(bodyOf(good, item, good), program)).toMatchObject([
      { verdict: "read" },
      { verdict: "quarantined", code: "malformed", reason },
      { verdict: "read" },
    ]);
  }
});

Deno.test("readDelivery() keeps the signature of a broken transaction, where it is one, in either form", () => {
  const good = rawTransaction({ logs: logOf(deposit) });
  const own = signature("slot 301020408");
  const found = (item: unknown): unknown => readDelivery(bodyOf(item), program)[0]?.signature;
  expect(found({ ...good, slot: -1 })).toBe(own);
  expect(found({ signature: own, instructions: [] })).toBe(own);
  // The one at the top is the enhanced form's, which is looked at first.
  expect(found({ ...good, slot: -1, signature: signature("another") })).toBe(signature("another"));
  for (const signatures of [[], ["short"], [7], "text", null, [`${own}1`]]) {
    expect([signatures, found({ ...good, transaction: { signatures } })]).toEqual([signatures, undefined]);
  }
  expect(found({ signature: 7, instructions: [] })).toBe(undefined);
});

Deno.test("row 15: readDelivery() names what is nested deeply by its kind, without writing it out", () => {
  const deep = `${'[{"a":'.repeat(4_990)}{"0":1}${"}]".repeat(4_990)}`;
  const body = new TextEncoder().encode(`[{"signature":${deep}},${deep}]`);
  expect(readDelivery(body, program)).toMatchObject([
    { verdict: "quarantined", code: "malformed", reason: "signature must be a string: current value is an array of 1" },
    {
      verdict: "quarantined",
      code: "malformed",
      reason: "transaction must be an object: current value is an array of 1",
    },
  ]);
});

Deno.test("readDelivery() reads 1000 transactions and not one more", () => {
  const item = rawTransaction({ logs: logOf(deposit) });
  const read = readDelivery(bodyOf(...Array(1000).fill(item)), program);
  expect([read.length, new Set(read.map(({ verdict }) => verdict))]).toEqual([1000, new Set(["read"])]);
  expect(readDelivery(bodyOf(...Array(1001).fill(item)), program)).toMatchObject([{ code: "too_many_transactions" }]);
});

Deno.test("readDelivery() takes an element with meta for raw, whatever else it names", () => {
  const item = { ...rawTransaction({ logs: logOf(deposit) }), signature: signature("another"), instructions: [] };
  expect(readDelivery(bodyOf(item), program)).toMatchObject([{
    verdict: "read",
    signature: signature("slot 301020408"),
  }]);
});
