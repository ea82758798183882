import { expect } from "expect";
import { runSqlTests } from "@/tasks/test/sql_tests.ts";
import type { Tally } from "@/tasks/test/tally.ts";

/** Runs these texts as pgTAP files. */
async function run(files: Record<string, string>): Promise<{ tally: Tally; said: string }> {
  const root = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(files)) await Deno.writeTextFile(`${root}/${path}`, text);
  const said: string[] = [];
  const tally = await runSqlTests({
    root,
    files: Object.keys(files),
    adminUrl: Deno.env.get("VAULTBOOK_TEST_ADMIN_URL") ?? "",
    say: (line) => said.push(line),
    interrupted: new AbortController().signal,
  });
  await Deno.remove(root, { recursive: true });
  return { tally, said: said.join("\n") };
}

const within = (text: string): string => `begin;\n${text}\nselect * from finish();\nrollback;\n`;

Deno.test("runSqlTests() runs pgTAP on a migrated database, each file in a transaction of its own", async () => {
  const { tally, said } = await run({
    "1.sql": within(`
      select plan(3);
      select has_table('public', 'vaults', 'vaults is there');
      select fail('on purpose');
      select skip('nothing to see', 1);
      create table public.left_behind ();`),
    "2.sql": within("select plan(1); select hasnt_table('public', 'left_behind', 'nothing was left behind');"),
  });
  expect(tally.passed).toBe(2);
  expect(tally.failed).toEqual([expect.stringContaining("on purpose (1.sql)")]);
  expect(tally.skipped).toEqual(["nothing to see (1.sql)"]);
  expect(said).toMatch(/^1\.sql \.\.\. 1 assertions FAILED/m);
  expect(said).toMatch(/^2\.sql \.\.\. 1 assertions ok/m);
});

Deno.test("runSqlTests() counts a file that ends with an error, and says in which line", async () => {
  const { tally } = await run({
    "1.sql": within("select plan(1);\nselect pass('reached');\nselect * from public.nowhere;"),
    "2.sql": within("select plan(1); select pass('reached');"),
  });
  expect(tally.passed).toBe(1);
  expect(tally.failed).toEqual([`1.sql:4: relation "public.nowhere" does not exist (42P01)`]);
});

Deno.test("runSqlTests() counts a plan that was not kept", async () => {
  const { tally } = await run({ "1.sql": within("select plan(2); select pass('one');") });
  expect(tally.failed).toEqual(["1.sql planned 2 assertions and made 1"]);
});

Deno.test("runSqlTests() runs no file that would leave something behind", async () => {
  const { tally } = await run({ "1.sql": "select plan(1); select pass('one');" });
  expect(tally).toEqual({ passed: 0, failed: ["1.sql must begin a transaction and roll it back"], skipped: [] });
});
