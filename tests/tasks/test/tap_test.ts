import { expect } from "expect";
import { readTap } from "@/tasks/test/tap.ts";

Deno.test("readTap() counts assertions, with the reason of each that was skipped", () => {
  const output = ["1..3", "ok 1 - is there", "ok 2", "ok 3 - # SKIP no extension here", "", "no line of TAP"];
  expect(readTap(output, "a.sql")).toEqual({ passed: 2, failed: [], skipped: ["no extension here (a.sql)"] });
});

Deno.test("readTap() keeps the explanation of a failure", () => {
  const output = [
    "1..2",
    "ok 1",
    'not ok 2 - equal\n# Failed test 2: "equal"\n#         have: 1',
    "# Looks like you failed",
  ];
  expect(readTap(output, "a.sql").failed).toEqual(['equal (a.sql)\n  # Failed test 2: "equal"\n  #         have: 1']);
});

Deno.test("readTap() counts a plan that was not kept", () => {
  expect(readTap(["1..3", "ok 1", "ok 2"], "a.sql").failed).toEqual(["a.sql planned 3 assertions and made 2"]);
  expect(readTap(["1..1", "ok 1", "ok 2"], "a.sql").failed).toEqual(["a.sql planned 1 assertions and made 2"]);
});

Deno.test("readTap() counts a plan that is missing, or made to fit afterwards", () => {
  expect(readTap(["ok 1"], "a.sql").failed).toEqual(["a.sql planned no number of assertions and made 1"]);
  expect(readTap(["ok 1", "1..1"], "a.sql").failed).toHaveLength(1);
  expect(readTap(["1..0", "ok 1", "1..1"], "a.sql").failed).toHaveLength(1);
  expect(readTap([], "a.sql").failed).toHaveLength(1);
});
