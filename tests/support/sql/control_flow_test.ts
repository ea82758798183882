import { expect } from "expect";
import { branchesOf } from "./control_flow.ts";
import type { ProfiledStatement } from "./record.ts";

/** As the profiler tells it: number, number of the statement around it, list in that, place, line, how often, and with an error, what. */
type Row = readonly [number, number | null, string | null, number, number, number, number, string];

function taken(...rows: readonly Row[]): string[] {
  const statements = rows.map(([id, parent, list, place, line, begun, failed, name]): ProfiledStatement => (
    { where: "f()", id, parent, list, place, line, begun, failed, name }
  ));
  return branchesOf(statements).map(({ line, remark, isTaken }) => `${line} ${remark} ${isTaken}`.replace("  ", " "));
}

Deno.test("branchesOf() tells which arms of IF and CASE were taken, also those that are not written", () => {
  const body: Row = [0, null, null, 1, 1, 3, 0, "statement block"];
  expect(taken(body, [1, 0, "body", 1, 2, 3, 0, "IF"], [2, 1, "then body", 1, 3, 1, 0, "RETURN"])).toEqual([
    "3 true",
    "2 is never false true",
  ]);
  expect(taken(body, [1, 0, "body", 1, 2, 3, 1, "IF"], [2, 1, "then body", 1, 3, 2, 0, "RETURN"])).toEqual([
    "3 true",
    "2 is never false false",
  ]);
  expect(
    taken(
      body,
      [1, 0, "body", 1, 2, 3, 0, "IF"],
      [2, 1, "then body", 1, 3, 0, 0, "assignment"],
      [3, 1, "then body", 2, 4, 0, 0, "assignment"],
      [4, 1, "elsif 1", 1, 5, 3, 0, "assignment"],
      [5, 1, "else body", 1, 6, 0, 0, "assignment"],
    ),
  ).toEqual(["3 false", "5 true", "6 false"]);
  expect(
    taken(
      body,
      [1, 0, "body", 1, 2, 3, 0, "CASE"],
      [2, 1, "case when 1", 1, 3, 3, 0, "assignment"],
      [3, 1, "case else", 1, 4, 0, 0, "assignment"],
    ),
  ).toEqual(["3 true", "4 false"]);
});

Deno.test("branchesOf() tells which handlers and loops were entered", () => {
  expect(
    taken(
      [0, null, null, 1, 1, 3, 0, "statement block"],
      [1, 0, "body", 1, 2, 3, 1, "PERFORM"],
      [2, 0, "exception 1", 1, 4, 1, 0, "RAISE"],
      [3, 0, "exception 2", 1, 6, 0, 0, "RAISE"],
      [4, 0, "body", 2, 8, 2, 0, "WHILE"],
      [5, 4, "loop body", 1, 9, 0, 0, "PERFORM"],
      [6, 0, "body", 3, 11, 2, 0, "LOOP"],
      [7, 6, "loop body", 1, 12, 2, 0, "PERFORM"],
    ),
  ).toEqual(["4 true", "6 false", "9 false"]);
});

Deno.test("branchesOf() tells whether EXIT WHEN and CONTINUE WHEN ever left, and ever stayed", () => {
  const loop = (exit: number, next: number): string[] =>
    taken(
      [0, null, null, 1, 1, 1, 0, "LOOP"],
      [1, 0, "loop body", 1, 2, exit, 0, "EXIT"],
      [2, 0, "loop body", 2, 3, next, 0, "PERFORM"],
      [3, 0, "loop body", 3, 4, next, 0, "EXIT"],
    );
  expect(loop(5, 4)).toEqual(["2 is never true true", "2 is never false true"]);
  expect(loop(5, 5)).toEqual(["2 is never true false", "2 is never false true"]);
  expect(loop(5, 0)).toEqual(["2 is never true true", "2 is never false false"]);
});
