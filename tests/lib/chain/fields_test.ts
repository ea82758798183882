import { expect } from "expect";
import {
  arrayAt,
  countAt,
  keyAt,
  keysAt,
  Malformed,
  objectAt,
  optionalArrayAt,
  optionalCountAt,
  stringAt,
  stringsAt,
} from "@/lib/chain/fields.ts";
import { key } from "@/tests/support/raw_delivery.ts";

/** What is wrong; null where nothing is. */
function problem(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    expect([error.name, error.message]).toEqual(["Malformed", `${error.path} ${error.problem}`]);
    return error.message;
  }
}

Deno.test("a field of another kind is named by its path and by what it is", () => {
  const values: [unknown, string][] = [
    [undefined, "missing"],
    [null, "null"],
    [true, "true"],
    [1.5, "1.5"],
    ["a\nb", '"a\\nb"'],
    ["x".repeat(78), `"${"x".repeat(78)}"`],
    ["y".repeat(79), `"${"y".repeat(79)}…`],
    [[1, 2], "an array of 2"],
    [{ a: 1 }, "an object"],
  ];
  for (const [value, described] of values) {
    const isArray = Array.isArray(value);
    const isObject = typeof value === "object" && value !== null && !isArray;
    const expected = (what: string, isIt: boolean): string | null =>
      isIt ? null : `a.b must be ${what}: current value is ${described}`;
    expect(problem(() => objectAt(value, "a.b"))).toBe(expected("an object", isObject));
    expect(problem(() => arrayAt(value, "a.b"))).toBe(expected("an array", isArray));
    expect(problem(() => stringAt(value, "a.b"))).toBe(expected("a string", typeof value === "string"));
    expect(problem(() => keyAt(value, "a.b"))).toBe(expected("a public key", false));
    expect(problem(() => countAt(value, "a.b"))).toBe(expected("a whole number from 0 to 9007199254740991", false));
    const isNothing = value === undefined || value === null;
    expect(problem(() => optionalArrayAt(value, "a.b"))).toBe(expected("an array", isArray || isNothing));
    expect(problem(() => optionalCountAt(value, "a.b", 7))).toBe(expected("a whole number from 0 to 7", isNothing));
  }
});

Deno.test("what is there is given as it is, and nothing stands for what is not", () => {
  const [object, array] = [{}, [1]];
  expect(objectAt(object, "")).toBe(object);
  expect(arrayAt(array, "")).toBe(array);
  expect(optionalArrayAt(array, "")).toBe(array);
  expect([optionalArrayAt(undefined, ""), optionalArrayAt(null, "")]).toEqual([null, null]);
  expect([optionalCountAt(undefined, ""), optionalCountAt(null, ""), optionalCountAt(0, "")]).toEqual([null, null, 0]);
});

Deno.test("a count is whole, and within its bounds", () => {
  for (const count of [0, 1, 7]) expect([countAt(count, "", 7), optionalCountAt(count, "", 7)]).toEqual([count, count]);
  expect(countAt(Number.MAX_SAFE_INTEGER, "")).toBe(Number.MAX_SAFE_INTEGER);
  for (const other of [-1, 8, 0.5, NaN, Infinity]) {
    expect(problem(() => countAt(other, "n", 7))).toMatch(/^n must be a whole number from 0 to 7: /);
  }
});

Deno.test("a list names the first item that is wrong", () => {
  const keys = [key("alice"), key("bob")];
  expect(stringsAt(["", "a"], "l")).toEqual(["", "a"]);
  expect(keysAt(keys, "l")).toEqual(keys);
  expect(problem(() => stringsAt(["a", 7, 8], "l"))).toBe("l[1] must be a string: current value is 7");
  expect(problem(() => keysAt([...keys, "0"], "l"))).toBe('l[2] must be a public key: current value is "0"');
  expect(problem(() => stringsAt({}, "l"))).toBe("l must be an array: current value is an object");
  expect(problem(() => keysAt("x", "l"))).toBe('l must be an array: current value is "x"');
  for (const text of ["1".repeat(31), "1".repeat(45), `${"1".repeat(32)}\n`, `0${"1".repeat(32)}`]) {
    expect(problem(() => keyAt(text, "k"))).toMatch(/^k must be a public key/);
  }
});
