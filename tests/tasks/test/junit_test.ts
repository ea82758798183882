import { expect } from "expect";
import { readJunit } from "@/tasks/test/junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="7" failures="3" errors="1" time="0.015">
    <testsuite name="./tests/a_test.ts" tests="7" disabled="2" errors="0" failures="3">
        <testcase name="a() passes" classname="./tests/a_test.ts" time="0.000" line="1" col="6">
        </testcase>
        <testcase name="a() opens a page: no browser is here" classname="./tests/a_test.ts" time="0.000" line="2" col="6">
            <skipped/>
        </testcase>
        <testcase name="a() fails &lt;x&gt; &amp; &quot;q&quot; &#x41;&#66;" classname="./tests/a_test.ts" time="0.001" line="3" col="6">
            <failure message="Uncaught Error: boom">Error: &lt;/testcase&gt;
    at file:///a_test.ts:3:48</failure>
        </testcase>
        <testcase name="a() has steps" classname="./tests/a_test.ts" time="0.001" line="4" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="a() has steps &gt; one" classname="./tests/a_test.ts" time="0.001" line="4" col="45">
        </testcase>
        <testcase name="a() has steps &gt; two" classname="./tests/a_test.ts" time="0.000" line="4" col="76">
            <failure message="Uncaught Error: s">Error: s</failure>
        </testcase>
        <testcase name="a() knows that 2 &gt; 1" classname="./tests/a_test.ts" time="0.000" line="4" col="130">
        </testcase>
    </testsuite>
    <testsuite name="./tests/support/b.ts" tests="1" disabled="0" errors="1" failures="0">
        <testcase name="b() was cut short" classname="./tests/support/b.ts" time="0.000" line="2" col="6">
            <error message="Cancelled"/>
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("readJunit() counts tests and not their steps, and names what failed and what was skipped", () => {
  expect(readJunit(REPORT, "a_test.ts")).toEqual({
    passed: 2,
    failed: [
      `a() fails <x> & "q" AB (a_test.ts)`,
      "a() has steps (a_test.ts)",
      "b() was cut short (a_test.ts)",
    ],
    skipped: ["a() opens a page: no browser is here (a_test.ts)"],
  });
});

Deno.test("readJunit() leaves out what a filter left out, and not what it looked for", () => {
  expect(readJunit(REPORT, "a_test.ts", "page").skipped).toEqual(["a() opens a page: no browser is here (a_test.ts)"]);
  expect(readJunit(REPORT, "a_test.ts", "a_test").skipped).toEqual([]);
});

Deno.test("readJunit() counts nothing in a report of nothing", () => {
  const empty = '<testsuites name="deno test" tests="0" failures="0" errors="0" time="0.000">\n</testsuites>';
  expect(readJunit(empty, "a_test.ts")).toEqual({ passed: 0, failed: [], skipped: [] });
});
