import { expect } from "expect";
import { type DenoTests, runDenoTests } from "@/tasks/test/deno_tests.ts";
import type { Tally } from "@/tasks/test/tally.ts";
import { isRunning } from "@/tests/support/is_running.ts";

/** Runs these files as the tests of a project of their own. */
async function run(
  files: Record<string, string>,
  options: Partial<DenoTests> = {},
): Promise<{ tally: Tally; said: string }> {
  const root = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(files)) await Deno.writeTextFile(`${root}/${path}`, text);
  const said: string[] = [];
  const tally = await runDenoTests({
    root,
    files: Object.keys(files),
    filter: undefined,
    permissions: ["--allow-all"],
    folder: root,
    env: {},
    interrupted: new AbortController().signal,
    say: (line) => said.push(line),
    ...options,
  });
  await Deno.remove(root, { recursive: true });
  return { tally, said: said.join("\n") };
}

const PASSES = `Deno.test("passes", () => {});`;

Deno.test("runDenoTests() counts what passed, failed and was left out, and shows the output of a file that failed", async () => {
  const { tally, said } = await run({
    "a_test.ts": `${PASSES} Deno.test("fails", () => { throw new Error("because"); });`,
    "b_test.ts": `${PASSES} Deno.test({ name: "opens a page: no browser", ignore: true, fn() {} });`,
  });
  expect(tally).toEqual({
    passed: 2,
    failed: ["fails (a_test.ts)"],
    skipped: ["opens a page: no browser (b_test.ts)"],
  });
  expect(said).toMatch(/^a_test\.ts \.\.\. 1 passed, 1 FAILED \([0-9.]+s\)$/m);
  expect(said).toMatch(/^b_test\.ts \.\.\. 1 passed, 1 skipped \([0-9.]+s\)$/m);
  expect(said).toContain("Error: because");
});

Deno.test("runDenoTests() counts a file that does not load, and runs the others", async () => {
  const { tally } = await run({
    "a_test.ts": `import "./nowhere.ts";`,
    "b_test.ts": `Deno.test("no end", () => {`,
    "c_test.ts": `throw new Error("at the top");`,
    "d_test.ts": PASSES,
  });
  expect(tally.passed).toBe(1);
  expect(tally.failed.map((line) => line.slice(0, 9)).sort()).toEqual(["a_test.ts", "b_test.ts", "c_test.ts"]);
});

Deno.test("runDenoTests() counts a process that ends in the middle", async () => {
  const { tally } = await run({ "a_test.ts": `${PASSES} Deno.test("dies", () => Deno.kill(Deno.pid, "SIGKILL"));` });
  expect(tally.failed).toEqual(["a_test.ts ended with SIGKILL, and no test failed: something outside of them did"]);
});

Deno.test("runDenoTests() counts an error after the last test", async () => {
  const late =
    `Deno.test({ name: "t", fn() { setTimeout(() => { throw new Error("late"); }, 0); }, sanitizeOps: false });`;
  const { tally } = await run({ "a_test.ts": late });
  expect(tally.failed).toHaveLength(1);
});

Deno.test("runDenoTests() counts what a test leaves open", async () => {
  const { tally } = await run({
    "a_test.ts": `Deno.test("leaks", () => { Deno.listen({ port: 0 }); });`,
    "b_test.ts": `Deno.test("waits", () => { setTimeout(() => {}, 1000); });`,
  });
  expect([...tally.failed].sort()).toEqual(["leaks (a_test.ts)", "waits (b_test.ts)"]);
});

Deno.test("runDenoTests() counts a file without a test, unless a filter left none", async () => {
  expect((await run({ "a_test.ts": "export {};" })).tally.failed).toEqual(["a_test.ts holds no test"]);
  const filtered = await run({ "a_test.ts": PASSES, "b_test.ts": `Deno.test("other", () => {});` }, { filter: "pass" });
  expect(filtered.tally).toEqual({ passed: 1, failed: [], skipped: [] });
});

Deno.test("runDenoTests() ends a file that takes too long, with everything that it started", async () => {
  const pidFile = await Deno.makeTempFile();
  const text = `Deno.test("hangs", async () => {
    const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
    await Deno.writeTextFile("${pidFile}", String(child.pid));
    await child.status;
  });`;
  const { tally, said } = await run({ "a_test.ts": text }, { patience: 2_000 });
  expect(tally.failed).toEqual(["a_test.ts did not end within 2 s, and no test failed: something outside of them did"]);
  expect(said).toContain("hangs ...");
  const sleeper = await Deno.readTextFile(pidFile);
  expect(await isRunning(sleeper)).toBe(false);
  await Deno.remove(pidFile);
});

Deno.test("runDenoTests() gives tests no permission that is not named", async () => {
  const text = `Deno.test("reads the environment", () => { Deno.env.get("HOME"); }); ${PASSES}`;
  expect((await run({ "a_test.ts": text }, { permissions: [] })).tally).toEqual({
    passed: 1,
    failed: ["reads the environment (a_test.ts)"],
    skipped: [],
  });
});

Deno.test("runDenoTests() ends when it is interrupted", async () => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 1_000);
  const started = performance.now();
  const hangs = `Deno.test("hangs", async () => { await new Promise(() => setInterval(() => {}, 1000)); });`;
  const files = { "a_test.ts": hangs, "b_test.ts": hangs, "c_test.ts": hangs };
  const { said } = await run(files, { interrupted: controller.signal, jobs: 2 });
  clearTimeout(timer);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(said).not.toContain("c_test.ts");
});
