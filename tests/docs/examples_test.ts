/**
 * Every block of code in the documents is run, as a newcomer would: in a clone of its own, started once.
 *
 * @module
 */
import { expect } from "expect";
import { type Block, blocksOf, documents, textOf } from "@/tests/support/documents/document.ts";
import { EXECUTIONS, expectNone, fileOf } from "@/tests/support/documents/execution.ts";
import { type Newcomer, openNewcomer } from "@/tests/support/documents/newcomer.ts";
import { PROJECT } from "@/tests/support/running_instance.ts";

/** One of each kind that must be found. */
const BROKEN = `
\`\`\`sh
deno task no_such_task
\`\`\`
\`\`\`sh
curl -s http://127.0.0.1:54321/functions/v1/api/vaults/nobody
\`\`\`
\`\`\`console
$ deno task verify
All 16 hold
\`\`\`
\`\`\`ts
const amount: bigint = JSON.parse("no");
\`\`\`
\`\`\`sql
select no_such_column from public.vaults;
\`\`\`
\`\`\`json
{ "amount": 1n }
\`\`\`
`;

/** Below the ports that the system gives to outgoing connections, and beside those of other tests. */
const PORT = 17_310 + 4 * Math.floor(Math.random() * 500);

const run = async (block: Block, newcomer: Newcomer): Promise<string> =>
  await EXECUTIONS.get(block.language)?.(block, newcomer) ?? "";

Deno.test("every example in the documents does what it says", async (test) => {
  const blocks = (await Promise.all((await documents()).map(async (name) => blocksOf(name, await textOf(name)))))
    .flat();
  const toRun = blocks.filter(({ language, mark }) =>
    language !== "" && (mark.kind === "run" || mark.kind === "until")
  );
  const newcomer = await openNewcomer(PORT);
  try {
    await test.step("each is in a language that can be run, or says who runs it, or why nobody does", async () => {
      expect(blocks.filter(({ language }) => language !== "" && !EXECUTIONS.has(language))).toEqual([]);
      for (const { mark } of blocks) {
        if (mark.kind === "run by") expect((await Deno.stat(new URL(mark.test, PROJECT))).isFile).toBe(true);
      }
    });
    await test.step("each is run", async () => {
      const wrong: string[] = [];
      for (const block of toRun) {
        const complaint = await run(block, newcomer);
        if (complaint) wrong.push(`${block.document}:${block.line} ${complaint}`);
      }
      expectNone(wrong);
    });
    await test.step("the programs among them have the types that they say", async () => {
      const files = toRun.filter(({ language }) => language === "ts").map(fileOf);
      expect(files.length).toBeGreaterThan(0); // none would mean every file
      const { code, stderr } = await newcomer.type(`deno check --quiet ${files.join(" ")}`);
      expect([code, stderr]).toEqual([0, ""]);
    });
    await test.step("and what is broken is found", async () => {
      for (const block of blocksOf("broken.md", BROKEN)) {
        expect([block.line, await run(block, newcomer)]).toEqual([block.line, expect.stringMatching(/./)]);
      }
    });
  } finally {
    await newcomer.close();
  }
  const count = (kind: Block["mark"]["kind"]): number =>
    blocks.filter(({ language, mark }) => language !== "" && mark.kind === kind).length;
  // deno-lint-ignore no-console -- how much was run, and how much was not
  console.log(`${toRun.length} examples run, ${count("run by")} by other tests, ${count("not run")} not run:`);
  for (const { document, line, mark } of blocks) {
    // deno-lint-ignore no-console -- so that nothing is left out unseen
    if (mark.kind === "not run") console.log(`  ${document}:${line} ${mark.reason}`);
  }
});
