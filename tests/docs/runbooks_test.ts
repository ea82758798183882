import { expect } from "expect";
import { openTestDatabase } from "@/tests/support/database.ts";
import { blocksOf, textOf } from "@/tests/support/documents/document.ts";

const PARTS = ["What it means", "Look", "Do", "How it closes"];

Deno.test("every alert that is critical, or becomes so, has a runbook that says what to look at, what to do and how it closes", async () => {
  const database = await openTestDatabase();
  try {
    const types = await database.admin<{ name: string }[]>`
      select alert_type as name from public.alert_rules where 'critical' in (severity, escalate_to) order by alert_type`;
    expect(types.length).toBeGreaterThan(8);
    for (const { name } of types) {
      const text = await textOf(`docs/runbooks/${name}.md`);
      expect([name, text.split("\n")[0]]).toEqual([name, expect.stringMatching(`^# ${name}: `)]);
      expect([name, [...text.matchAll(/^## (.+)$/gm)].map(([, part]) => part)]).toEqual([name, PARTS]);
      // What is in the blocks is run by examples_test.ts.
      expect([name, blocksOf(name, text).some(({ language }) => language === "sql")]).toEqual([name, true]);
    }
    const index = await textOf("docs/operations.md");
    for (const { name } of types) expect([name, index.includes(`(runbooks/${name}.md)`)]).toEqual([name, true]);
  } finally {
    await database.close();
  }
});
