import { expect } from "expect";
import { readProgramLog } from "@/lib/chain/invocation_log.ts";
import { OTHER_PROGRAM, PROGRAM } from "@/tests/support/raw_delivery.ts";

const call = { kind: "call", byItself: false, undone: false };
const data = (text: string): Record<string, string> => ({ kind: "data", text });
const begins = (program: string, depth: number): string => `Program ${program} invoke [${depth}]`;
const ends = (program: string): string => `Program ${program} success`;
const fails = (program: string): string => `Program ${program} failed: custom program error: 0x1`;

Deno.test("readProgramLog() tells the program's calls and data in their order, and that nothing is amiss", () => {
  const lines = [
    ...[begins(PROGRAM, 1), "Program data: one", ends(PROGRAM)],
    ...[begins(OTHER_PROGRAM, 1), "Program data: not ours", begins(PROGRAM, 2), "Program data: two", ends(PROGRAM)],
    ...["Program data: not ours either", ends(OTHER_PROGRAM)],
  ];
  expect(readProgramLog(lines, PROGRAM))
    .toEqual({ entries: [call, data("one"), call, data("two")], hasUndone: false, flaw: null });
  expect(readProgramLog([], PROGRAM)).toEqual({ entries: [], hasUndone: false, flaw: null });
});

Deno.test("readProgramLog() knows a call that the program made of itself, and no other", () => {
  const lines = [
    ...[begins(PROGRAM, 1), begins(PROGRAM, 2), ends(PROGRAM), begins(OTHER_PROGRAM, 2), begins(PROGRAM, 3)],
    ...[ends(PROGRAM), ends(OTHER_PROGRAM), ends(PROGRAM)],
  ];
  expect(readProgramLog(lines, PROGRAM).entries).toEqual([call, { ...call, byItself: true }, call]);
});

Deno.test("readProgramLog() hears nothing behind Log truncated, whatever was open and whatever follows", () => {
  for (const open of [[], [begins(PROGRAM, 1)], [begins(PROGRAM, 1), "Program data: one"]]) {
    const told = readProgramLog([...open, "Log truncated"], PROGRAM);
    const more = readProgramLog([...open, "Log truncated", "Program data: two", begins(PROGRAM, 2)], PROGRAM);
    expect(told.flaw).toBe("log_truncated");
    expect(more).toEqual(told);
  }
  // Also of a log that was amiss before.
  expect(readProgramLog(["Program data: one", "Log truncated"], PROGRAM).flaw).toBe("log_truncated");
});

Deno.test("readProgramLog() keeps of a call that failed that there was one, and of those around it everything", () => {
  const lines = [
    ...[begins(PROGRAM, 1), "Program data: before", begins(OTHER_PROGRAM, 2), begins(PROGRAM, 3), "Program data: lost"],
    ...[ends(PROGRAM), fails(OTHER_PROGRAM), "Program data: after", ends(PROGRAM)],
  ];
  expect(readProgramLog(lines, PROGRAM)).toEqual({
    entries: [call, data("before"), { ...call, undone: true }, data("after")],
    hasUndone: true,
    flaw: null,
  });
});

Deno.test("readProgramLog() finds a log inconsistent in each way in which one can be", () => {
  const whole = [begins(PROGRAM, 1), ends(PROGRAM)];
  for (
    const lines of [
      ["Program data: of nobody"],
      [...whole, "Program data: of nobody"],
      [begins(PROGRAM, 2), ends(PROGRAM)],
      [begins(PROGRAM, 1), begins(PROGRAM, 1), ends(PROGRAM), ends(PROGRAM)],
      [begins(PROGRAM, 1), ends(OTHER_PROGRAM), ends(PROGRAM)],
      [ends(PROGRAM)],
      [...whole, ends(PROGRAM)],
      [fails(PROGRAM)],
      [begins(PROGRAM, 1), fails(PROGRAM)],
      [begins(PROGRAM, 1), begins(OTHER_PROGRAM, 2), fails(PROGRAM), ends(PROGRAM)],
      [begins(PROGRAM, 1)],
    ]
  ) expect([lines, readProgramLog(lines, PROGRAM).flaw]).toEqual([lines, "log_inconsistent"]);
});
