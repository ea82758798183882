import { expect } from "expect";
import { denoStep, runSteps } from "@/tasks/check/steps.ts";

const step = (name: string, wrong: string): Parameters<typeof runSteps>[0][number] => ({
  name,
  run: () => Promise.resolve(wrong),
});

Deno.test("runSteps() tells of each step with its time, and what is wrong with it", async () => {
  const said: string[] = [];
  const failed = await runSteps([step("good", ""), step("wrong one", "first\nsecond")], (line) => said.push(line));
  expect(failed).toBe(1);
  expect(said.map((line) => line.replace(/[0-9.]+ s$/, "0 s"))).toEqual([
    "ok     good        0 s",
    "FAILED wrong one   0 s",
    "\n    first\n    second\n",
  ]);
});

Deno.test("runSteps() counts a step that throws, and finishes the others", async () => {
  const said: string[] = [];
  const steps = [{ name: "broken", run: () => Promise.reject(new Error("no server")) }, step("good", "")];
  expect(await runSteps(steps, (line) => said.push(line))).toBe(1);
  expect(said.join("\n")).toContain("no server");
  expect(said.some((line) => line.startsWith("ok     good"))).toBe(true);
});

Deno.test("denoStep() is right when Deno is, and else says what Deno said", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/a.ts`, "const a   = 1;\n");
  expect(await denoStep("format", folder, ["fmt", "--check", "a.ts"]).run()).toContain("not formatted");
  await Deno.writeTextFile(`${folder}/a.ts`, "const a = 1;\n");
  expect(await denoStep("format", folder, ["fmt", "--check", "a.ts"]).run()).toBe("");
  await Deno.remove(folder, { recursive: true });
});
