import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import { base64, bodyOf, events, key, OTHER_PROGRAM, PROGRAM, rawTransaction } from "@/tests/support/raw_delivery.ts";
import { program, read, verdictOf } from "@/tests/support/vault_program.ts";

const alice = key("alice");
const line = (amount: bigint): string => `Program data: ${base64(events.deposit(alice, amount, amount))}`;
const inside = (program: string, depth: number, ...body: string[]): string[] => [
  `Program ${program} invoke [${depth}]`,
  ...body,
  `Program ${program} success`,
];

/** The amounts of the deposits that are read from this log; or verdict and code. */
function amounts(logs: readonly string[]): unknown {
  const { verdict, code, events } = read({ logs });
  return verdict === "read" ? (events as { amount: bigint }[]).map(({ amount }) => amount) : [verdict, code];
}

Deno.test("row 11: no event of another program is read, above ours, below ours, or beside it", () => {
  const own = line(1n);
  const foreign = line(666n);
  expect(amounts([...inside(OTHER_PROGRAM, 1, foreign), ...inside(PROGRAM, 1, own)])).toEqual([1n]);
  expect(amounts(inside(OTHER_PROGRAM, 1, foreign, ...inside(PROGRAM, 2, own), foreign))).toEqual([1n]);
  expect(amounts(inside(PROGRAM, 1, own, ...inside(OTHER_PROGRAM, 2, foreign), line(2n)))).toEqual([1n, 2n]);
  const both = inside(PROGRAM, 1, ...inside(OTHER_PROGRAM, 2, foreign, ...inside(PROGRAM, 3, own), foreign), line(2n));
  expect(amounts(both)).toEqual([1n, 2n]);
});

Deno.test("row 11: a program's name that ours begins, or that begins ours, is another program", () => {
  for (
    const name of [PROGRAM.slice(0, -1), `${PROGRAM}1`.slice(0, 44), `1${PROGRAM}`.slice(0, 44), PROGRAM.toLowerCase()]
  ) {
    if (name === PROGRAM) continue;
    expect(amounts([...inside(PROGRAM, 1), ...inside(name, 1, line(666n))])).not.toEqual([666n]);
  }
});

Deno.test("row 11: text that looks like the runtime's changes nothing, wherever it is printed", () => {
  const texts = [
    `Program log: Program ${PROGRAM} invoke [1]`,
    `Program log: Program ${OTHER_PROGRAM} success`,
    `Program log: x\nProgram ${PROGRAM} invoke [1]\n${line(666n)}\nProgram ${PROGRAM} success`,
    `Program log: ${line(666n)}`,
    `Program log: ${base64(events.deposit(alice, 666n, 666n))}`,
    `Program log: Log truncated`,
    `Program return: ${PROGRAM} ${base64(events.deposit(alice, 666n, 666n))}`,
    ` ${line(666n)}`,
    line(666n).toLowerCase(),
    `Program ${PROGRAM} invoke [1] `,
    ` Program ${PROGRAM} success`,
    `Program ${PROGRAM} success.`,
    `Program ${PROGRAM} invoke [01]`,
    `Program ${PROGRAM} invoke [1] ]`,
    `xProgram ${PROGRAM} invoke [1]`,
    `Program ${PROGRAM} invoke [0]`,
    `program ${PROGRAM} invoke [2]`,
    `xProgram ${PROGRAM} success`,
    "Log truncated ",
    `Program ${PROGRAM} consumed 1 of 2 compute units`,
  ];
  for (const text of texts) {
    const logs = [...inside(OTHER_PROGRAM, 1, text), ...inside(PROGRAM, 1, text, line(7n), text)];
    expect([text, amounts(logs)]).toEqual([text, [7n]]);
  }
});

Deno.test("row 11: an invocation at the wrong depth, an end of another program, data of nobody: nothing is read", () => {
  const own = inside(PROGRAM, 1, line(7n));
  for (
    const broken of [
      inside(PROGRAM, 2, line(7n)),
      [...own, line(7n)],
      [line(7n), ...own],
      [...own, `Program ${PROGRAM} success`],
      [`Program ${PROGRAM} invoke [1]`, line(7n), `Program ${OTHER_PROGRAM} success`],
      [`Program ${PROGRAM} invoke [1]`, line(7n)],
      [...own, `Program ${OTHER_PROGRAM} invoke [1]`],
      [`Program ${PROGRAM} invoke [1]`, line(7n), `Program ${PROGRAM} failed: custom program error: 0x1`],
    ]
  ) {
    expect([broken, amounts(broken)]).toEqual([broken, ["parked", "log_inconsistent"]]);
  }
});

Deno.test("row 12: an event is read at any depth, through one program or several", () => {
  for (const depth of [1, 2, 3, 4]) {
    const wrap = (at: number): string[] =>
      at < depth ? inside(key(`program ${at}`), at, ...wrap(at + 1)) : inside(PROGRAM, at, line(7n));
    expect([depth, amounts(wrap(1))]).toEqual([depth, [7n]]);
  }
});

Deno.test("row 10: a log that ends at any line without a word of it is never read in part", () => {
  const log = [
    ...inside(PROGRAM, 1, line(1n)),
    ...inside(OTHER_PROGRAM, 1, ...inside(PROGRAM, 2, line(2n)), "Program log: x"),
  ];
  for (let cut = 0; cut < log.length; cut++) {
    // Between two top-level calls the end cannot be seen.
    const expected = cut === 0 ? ["parked", "log_inconsistent"] : cut === 3 ? [1n] : ["parked", "log_inconsistent"];
    expect([cut, amounts(log.slice(0, cut))]).toEqual([cut, expected]);
    expect(amounts([...log.slice(0, cut), "Log truncated"])).toEqual(["parked", "log_truncated"]);
  }
});

Deno.test("row 11: a thousand texts of every kind of character, and none is taken for a line of the runtime", () => {
  for (let code = 0; code < 1000; code++) {
    const text = String.fromCharCode(code);
    const logs = inside(
      PROGRAM,
      1,
      `Program log:${text}${PROGRAM} invoke [2]`,
      `Program ${PROGRAM}${text}success${text}x`,
      line(7n),
    );
    expect([code, amounts(logs)]).toEqual([code, [7n]]);
  }
});

Deno.test("base64 of an event is read to the letter: padded, unbroken, of the one alphabet", () => {
  const text = base64(events.withdraw(alice, 5n, 5n));
  expect(verdictOf({ logs: inside(PROGRAM, 1, `Program data: ${text}`) })[0]).toBe("read");
  for (
    const other of [
      "",
      text.slice(0, -1),
      `${text}=`,
      ` ${text}`,
      `${text} `,
      `${text}\n`,
      `${text} ${text}`,
      text.replace("A", "_"),
      "A",
      "AA=A",
      "=",
      "====",
    ]
  ) {
    expect([other, verdictOf({ logs: inside(PROGRAM, 1, `Program data: ${other}`) })])
      .toEqual([other, ["quarantined", "undecodable_event"]]);
  }
});

Deno.test("a time that no calendar holds is no time, and a reason that the program has not is no event", () => {
  const initialise = events.initialise(alice);
  const at = (seconds: bigint): unknown => {
    const bytes = initialise.slice();
    new DataView(bytes.buffer).setBigInt64(bytes.length - 8, seconds, true);
    return (read({ logs: inside(PROGRAM, 1, `Program data: ${base64(bytes)}`) }).events as { at: unknown }[])[0]?.at;
  };
  for (const none of [-1n, 253_402_300_800n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    expect([none, at(none)]).toEqual([none, null]);
  }
  for (const time of [0n, 253_402_300_799n]) expect(at(time)).toBe(Number(time));
  const transfer = (reason: number): string[] =>
    inside(PROGRAM, 1, `Program data: ${base64(events.transfer(alice, key("bob"), 1n, reason))}`);
  const names = ["Settlement", "Liquidation", "FeeCollection", "InsuranceFund", "Other"];
  names.forEach((reason, i) => expect(read({ logs: transfer(i) })).toMatchObject({ events: [{ reason }] }));
  for (const reason of [5, 255]) {
    expect(verdictOf({ logs: transfer(reason) })).toEqual(["quarantined", "undecodable_event"]);
  }
});

Deno.test("a transfer for a reason that only this program knows is recorded as Other", () => {
  const [[discriminator, schema] = []] = [...program.events].filter(([, { effect }]) => effect === "transfer");
  if (discriminator === undefined || !schema) throw new Error("The default program has transfers");
  const parts = { ...schema.parts, reason: "timestamp" };
  const own = { ...program, events: new Map([...program.events, [discriminator, { ...schema, parts }]]) };
  const item = rawTransaction({
    logs: inside(PROGRAM, 1, `Program data: ${base64(events.transfer(alice, key("bob"), 1n, 0))}`),
  });
  expect(readDelivery(bodyOf(item), own)).toMatchObject([{ events: [{ kind: "transfer", reason: "Other" }] }]);
});

Deno.test("an event whose vault is not its owner's is quarantined, whichever kind it is", () => {
  const bob = key("bob");
  const [at, length] = [8 + 32, 32];
  for (
    const event of [
      events.initialise(alice),
      events.deposit(alice, 1n, 1n),
      events.withdraw(alice, 1n, 1n),
      events.lock(alice, 1n, 1n, 1n),
      events.unlock(alice, 1n, 1n, 1n),
    ]
  ) {
    const foreign = event.slice();
    foreign.set(events.deposit(bob, 1n, 1n).slice(at, at + length), at);
    expect(verdictOf({ logs: inside(PROGRAM, 1, `Program data: ${base64(event)}`) })[0]).toBe("read");
    expect(verdictOf({ logs: inside(PROGRAM, 1, `Program data: ${base64(foreign)}`) }))
      .toEqual(["quarantined", "vault_not_of_owner"]);
  }
  const unchecked = { ...program, vaultSeeds: null };
  const foreign = events.deposit(alice, 1n, 1n);
  foreign.set(events.deposit(bob, 1n, 1n).slice(at, at + length), at);
  const item = rawTransaction({ logs: inside(PROGRAM, 1, `Program data: ${base64(foreign)}`) });
  expect(readDelivery(bodyOf(item), unchecked)).toMatchObject([{ verdict: "read" }]);
});
