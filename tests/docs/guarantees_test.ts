import { expect } from "expect";
import { textOf } from "@/tests/support/documents/document.ts";
import { PROJECT } from "@/tests/support/running_instance.ts";

/** What a document names as `[…](…/tests/FILE_test.ts) "name"`, and what of that is no test's name. */
async function namedTests(text: string): Promise<{ named: number; missing: string[] }> {
  const named = [...text.matchAll(/\]\((?:\.\.\/)+(tests\/[\w/]+_test\.ts)\)\s+\(?"([^"]+)"/g)];
  const missing: string[] = [];
  for (const [, file = "", name = ""] of named) {
    const source = await Deno.readTextFile(new URL(file, PROJECT)).catch(() => "");
    // Or the beginning of one that goes on with what it is run for.
    const isThere = ['"', "`"].some((quote) => source.includes(quote + name.replaceAll(/\s+/g, " ")));
    if (!isThere) missing.push(`${file} "${name}"`);
  }
  return { named: named.length, missing };
}

Deno.test("every guarantee names the test that holds it", async () => {
  const text = await textOf("docs/guarantees.md");
  const promises = text.split("\n").filter((line) => line.startsWith("| ") && !/^\| (promise|---)/.test(line));
  const { named, missing } = await namedTests(text);
  expect(missing).toEqual([]);
  expect(promises.length).toBeGreaterThan(40);
  expect(named).toBe(promises.length + 1); // the one that holds this page
  for (const runbook of ["restore", "upgrade"]) {
    expect((await namedTests(await textOf(`docs/runbooks/${runbook}.md`))).missing).toEqual([]);
  }
  // It finds what is not there.
  const forged = '[`ingest_test.ts`](../tests/lib/ledger/ingest_test.ts) "no such test"';
  expect(await namedTests(forged)).toEqual({ named: 1, missing: ['tests/lib/ledger/ingest_test.ts "no such test"'] });
});
