import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import { instructions, tokens } from "@/tests/support/instructions.ts";
import { base64, encode, events, key, logOf, rawTransaction, vaultOf } from "@/tests/support/raw_delivery.ts";
import { program, read, readItem } from "@/tests/support/vault_program.ts";

const alice = key("alice");
const item = rawTransaction({ logs: logOf(events.deposit(alice, 5n, 5n)) }) as Record<string, unknown> & {
  transaction: { signatures: string[] };
};
const json = JSON.stringify([item]);

function read1(body: Uint8Array): Record<string, unknown> {
  const [only, ...more] = readDelivery(body, program);
  expect(more).toEqual([]);
  return only as unknown as Record<string, unknown>;
}

Deno.test("row 16: bytes that are not UTF-8 are quarantined, wherever they stand, and nothing is put in their place", () => {
  const bytes = new TextEncoder().encode(json);
  const place = json.indexOf("Instruction");
  const broken: number[][] = [
    [0xff],
    [0xfe],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
    [0x80],
  ];
  for (const other of broken) {
    for (const at of [0, place, bytes.length]) {
      const body = Uint8Array.of(...bytes.slice(0, at), ...other, ...bytes.slice(at));
      expect(read1(body)).toEqual({ verdict: "quarantined", code: "not_utf8", reason: "The body is not UTF-8" });
    }
  }
  // And what comes next is read as if nothing had been.
  expect(read1(bytes)).toMatchObject({ verdict: "read" });
});

Deno.test("row 16: UTF-16 and UTF-32 are quarantined; a byte order mark in front of UTF-8 is none of the text", () => {
  const wide = (bytes: number, little: boolean): Uint8Array => {
    const body = new Uint8Array(bytes * (json.length + 1));
    const view = new DataView(body.buffer);
    [...`\ufeff${json}`].forEach((character, i) =>
      bytes === 2
        ? view.setUint16(2 * i, character.charCodeAt(0), little)
        : view.setUint32(4 * i, character.charCodeAt(0), little)
    );
    return body;
  };
  for (const bytes of [2, 4]) {
    for (const little of [true, false]) expect(read1(wide(bytes, little)).code).toMatch(/^not_(utf8|json)$/);
  }
  expect(read1(new TextEncoder().encode(`\ufeff${json}`))).toMatchObject({ verdict: "read" });
});

Deno.test("row 17: no reason holds what PostgreSQL cannot store, whatever text was sent", () => {
  const strange = [
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\udc00x",
    "\ud83d\ude00".repeat(60),
    `${"x".repeat(78)}\ud83d\ude00`,
    "\u202e",
    "\uffff",
  ];
  for (const text of strange) {
    for (
      const odd of [
        { ...item, slot: text },
        { ...item, transaction: text },
        { ...item, transaction: { signatures: [text] } },
        { ...item, meta: { ...item.meta as object, logMessages: [text, 7] } },
        { signature: text, slot: 1, instructions: [] },
        [text],
        text,
      ]
    ) {
      const found = readItem(odd);
      expect(found).toMatchObject({ verdict: "quarantined", code: "malformed" });
      // The signature is kept where there is one, and nothing else in its place.
      expect([undefined, item.transaction.signatures[0]]).toContain(found.signature);
      expect(String(found.reason).isWellFormed()).toBe(true);
      expect(found.reason).not.toContain("\u0000");
    }
    for (const body of [`[${text}`, `{"${text}`, `"${text}" 1`]) {
      const { code, reason } = read1(new TextEncoder().encode(body));
      expect(code).toBe("not_json");
      expect(String(reason).isWellFormed() && !String(reason).includes("\u0000")).toBe(true);
    }
  }
});

Deno.test("row 17: strange text in a log is text, and changes nothing", () => {
  const event = `Program data: ${base64(events.deposit(alice, 5n, 5n))}`;
  for (const text of ["\u0000", "\ud800", "\ufffd", "\u2028", "\r", "💰"]) {
    const logs = logOf(events.deposit(alice, 5n, 5n));
    logs.splice(2, 0, `Program log: ${text}`, `Program log: ${text}${event}`);
    expect(read({ logs })).toMatchObject({ verdict: "read", events: [{ amount: 5n }] });
    expect(read({ logs: logOf(events.deposit(alice, 5n, 5n)).map((line) => line === event ? line + text : line) }))
      .toMatchObject({ verdict: "quarantined", code: "undecodable_event" });
  }
});

const U64 = 2n ** 64n;
const LEDGER_MAX = 2n ** 63n - 1n;
const BOUNDARIES = [
  0n,
  1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 62n,
  LEDGER_MAX,
  LEDGER_MAX + 1n,
  U64 - 1n,
];

Deno.test("row 19: each amount of each event is exact up to 2^63 − 1, and quarantined above", () => {
  const authority = { pk: key("authority") };
  const time = { i64: 1n };
  const owned = [{ pk: alice }, { pk: vaultOf(alice).vault }];
  const kinds: [string, string[], (amounts: bigint[]) => Uint8Array][] = [
    ["deposit", ["amount", "totalAfter"], ([a = 0n, b = 0n]) => events.deposit(alice, a, b)],
    ["withdrawal", ["amount", "totalAfter"], ([a = 0n, b = 0n]) => events.withdraw(alice, a, b)],
    [
      "lock",
      ["amount", "lockedAfter", "availableAfter"],
      ([a = 0n, b = 0n, c = 0n]) =>
        encode("ea292edc58854d2f", [...owned, { u64: a }, { u64: b }, { u64: c }, authority, time]),
    ],
    [
      "unlock",
      ["amount", "lockedAfter", "availableAfter"],
      ([a = 0n, b = 0n, c = 0n]) => events.unlock(alice, a, b, c),
    ],
    ["transfer", ["amount"], ([a = 0n]) => events.transfer(alice, key("bob"), a, 0)],
  ];
  for (const [kind, fields, event] of kinds) {
    for (const [place, field] of fields.entries()) {
      for (const value of BOUNDARIES) {
        const found = read({ logs: logOf(event(fields.map((_, i) => i === place ? value : 3n))) });
        if (value > LEDGER_MAX) {
          expect([kind, field, found.code]).toEqual([kind, field, "amount_out_of_range"]);
          expect(found.reason).toContain(`current value is ${value}`);
        } else expect([kind, found.events]).toMatchObject([kind, [{ kind, [field]: value }]]);
      }
    }
  }
});

Deno.test("row 19: an instruction's amount is exact up to 2^63 − 1, and quarantined above", () => {
  for (const value of BOUNDARIES) {
    const calls = [instructions.lock(alice, value)];
    expect(read({ calls, logs: null })).toMatchObject(
      value > LEDGER_MAX ? { verdict: "quarantined", code: "amount_out_of_range" } : { events: [{ amount: value }] },
    );
    // A failed transaction moves nothing, and what cannot be written down of it is left out.
    expect(read({ calls, logs: null, err: "x" })).toMatchObject({
      failed: true,
      events: value > LEDGER_MAX ? [] : [{ amount: value }],
    });
  }
});

Deno.test("row 19: a token balance is taken from whole decimal text alone, and any other checks nothing", () => {
  const logs = logOf(events.deposit(alice, 5n, 5n));
  const withAmount = (amount: unknown): unknown => {
    const raw = rawTransaction({ logs, tokenBalances: [tokens(alice, 0n, 5n)] });
    const meta = raw.meta as { postTokenBalances: Record<string, unknown>[] };
    const [post] = meta.postTokenBalances;
    return {
      ...raw,
      meta: { ...meta, postTokenBalances: [{ ...post, uiTokenAmount: { amount, decimals: 6, uiAmount: 5 } }] },
    };
  };
  for (const value of BOUNDARIES) {
    expect(readItem(withAmount(String(value)))).toMatchObject({ verdict: "read", tokenBalances: [{ after: value }] });
  }
  for (
    const other of [
      5,
      "-1",
      "1.5",
      "1e3",
      "0x10",
      " 1",
      "1 ",
      "01",
      "",
      "NaN",
      null,
      undefined,
      true,
      "1_000",
      "٣",
      "9".repeat(21),
    ]
  ) {
    expect([other, readItem(withAmount(other))]).toMatchObject([other, { verdict: "read", tokenBalances: [] }]);
  }
});

Deno.test("row 19: slot and index are whole numbers in their range, in whatever way they are written", () => {
  const body = (slot: string, index: string): Uint8Array =>
    new TextEncoder().encode(
      JSON.stringify([{ ...item, slot: "SLOT", indexWithinBlock: "INDEX" }]).replace('"SLOT"', slot).replace(
        '"INDEX"',
        index,
      ),
    );
  for (const slot of ["0", "1e3", "9007199254740991", "1.0"]) {
    expect(read1(body(slot, "0"))).toMatchObject({ verdict: "read" });
  }
  for (const slot of ["-1", "1.5", "9007199254740992", "18446744073709551615", "1e400", '"7"', "null", "true", "[]"]) {
    expect([slot, read1(body(slot, "0"))]).toMatchObject([slot, { code: "malformed" }]);
  }
  for (const index of ["2147483648", "-1", "0.5", '"1"', "false"]) {
    expect([index, read1(body("1", index))]).toMatchObject([index, { code: "malformed" }]);
  }
  expect(read1(body("1", "2147483647"))).toMatchObject({ transactionIndex: 2147483647 });
  for (const wrong of ["NaN", "Infinity", "0x10", "01", "+1", "1.", ".5"]) {
    expect([wrong, read1(body(wrong, "0"))]).toMatchObject([wrong, { code: "not_json" }]);
  }
});

Deno.test("data of an instruction that is longer than any can be is not looked at, and proves nothing", () => {
  const raw = rawTransaction({ calls: [instructions.lock(alice, 5n)], logs: null }) as {
    transaction: { message: { instructions: { data: string }[] } };
  };
  for (const instruction of raw.transaction.message.instructions) instruction.data = "z".repeat(5_000_000);
  expect(readItem(raw)).toMatchObject({ verdict: "parked", code: "logs_missing" });
});
