import { expect } from "expect";
import { fileURLToPath } from "node:url";
import habits from "@/tasks/check/habits.ts";

/** The rules that a file of the project with this content breaks. */
function brokenBy(path: string, source: string): string[] {
  const filename = fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  return Deno.lint.runPlugin(habits, filename, source).map(({ id }) => id);
}

Deno.test("clock refuses to read the time outside a clock.ts", () => {
  for (const source of ["const a = Date.now();", "const a = new Date();", "const a = Date.now;"]) {
    expect(brokenBy("lib/ledger/jobs.ts", source)).toEqual(["habits/clock"]);
    expect(brokenBy("functions/tvl/tvl.ts", source)).toEqual(["habits/clock"]);
    expect(brokenBy("lib/ledger/clock.ts", source)).toEqual([]);
    expect(brokenBy("supabase/local/jobs/jobs.ts", source)).toEqual([]);
  }
});

Deno.test("clock leaves alone what reads no time", () => {
  expect(
    brokenBy("lib/ledger/jobs.ts", "const a = new Date(0); const b = performance.now(); const c = Date.parse('');"),
  )
    .toEqual([]);
});

Deno.test("amounts refuses every way from text to a number", () => {
  for (const call of ["Number(a)", "parseInt(a)", "parseFloat(a)", "Number.parseInt(a, 10)", "globalThis.Number(a)"]) {
    expect(brokenBy("lib/chain/fields.ts", `const b = ${call};`)).toEqual(["habits/amounts"]);
    expect(brokenBy("functions/api/app.ts", `const b = ${call};`)).toEqual(["habits/amounts"]);
    expect(brokenBy("tasks/start.ts", `const b = ${call};`)).toEqual([]);
  }
});

Deno.test("amounts accepts a conversion whose line above says why it is harmless", () => {
  expect(brokenBy("lib/a.ts", "// not an amount: a slot\nconst b = Number(a);")).toEqual([]);
  expect(brokenBy("lib/a.ts", "function f() {\n  // not an amount: a slot\n  return { slot: Number(a) };\n}")).toEqual(
    [],
  );
  expect(brokenBy("lib/a.ts", "// not an amount:\nconst b = Number(a);")).toEqual(["habits/amounts"]);
  expect(brokenBy("lib/a.ts", "// not an amount: a slot\n\nconst b = Number(a);")).toEqual(["habits/amounts"]);
  expect(brokenBy("lib/a.ts", "// not an amount: a slot\nconst b = 1;\nconst c = Number(a);")).toEqual([
    "habits/amounts",
  ]);
});

Deno.test("amounts leaves alone what converts nothing", () => {
  expect(brokenBy("lib/a.ts", "Number.isSafeInteger(a); const max = Number.MAX_SAFE_INTEGER; BigInt(a); toNumber(a);"))
    .toEqual([]);
});

Deno.test("function-length refuses the 71st line, in every kind of function", () => {
  const body = (lines: number): string => `{${"\n".repeat(lines - 1)}}`;
  for (const head of ["function f() ", "const f = () => ", "const f = function () ", "class C { m() "]) {
    const tail = head.startsWith("class") ? " }" : "";
    expect(brokenBy("tests/a_test.ts", head + body(70) + tail)).toEqual([]);
    expect(brokenBy("tests/a_test.ts", head + body(71) + tail)).toEqual(["habits/function-length"]);
  }
});
