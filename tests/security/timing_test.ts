/**
 * What the time of an answer tells about another owner, for some seconds; for minutes it is `deno task fuzz --only timing`, which comes to
 * 100,000 times of each question in about two hours.
 *
 * @module
 */
import { expect } from "expect";
import { fuzz } from "@/tasks/fuzz.ts";
import { type Timing, timing } from "@/tasks/fuzz/timing.ts";
import { welch } from "@/tests/support/isolation/welch.ts";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { generator } from "@/tests/support/seeded.ts";

/** One round. Gives the exit code and what was said. */
async function run(shape: Partial<Timing>, seed: number): Promise<[number, string]> {
  const lines: string[] = [];
  const args = ["--minutes", "0.0001", "--seed", String(seed)];
  const code = await fuzz(args, { timing: timing(shape) }, (line) => lines.push(line));
  return [code, lines.join("\n")];
}

Deno.test("row 47: an answer about another owner takes as long as one about nobody, through REST, the API and Realtime", async () => {
  const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 32));
  const [code, said] = await run({ samples: 100 }, seed);
  showFigure(`SEED=${seed} ${said.split("\n").at(-1)}`);
  expect([code, said]).toEqual([0, expect.stringMatching(/1 rounds: \d\d questions, \d+ times/)]);
});

Deno.test("row 47: the times of a policy that reads another owner's rows before it hides them are told apart", async () => {
  const [code, said] = await run({
    samples: 300,
    about: "REST alerts",
    async prepare({ database }): Promise<void> {
      await database.admin.unsafe(`
        alter policy "Owners see their own alerts, operators all" on public.alerts using (
          vault_owner = ((select auth.jwt()) ->> 'wallet_address') or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops')`);
    },
  }, 1);
  expect([code, said]).toEqual([1, expect.stringContaining("REST alerts: Welch t ")]);
  expect(said).toMatch(/^To repeat it: deno task fuzz --only timing --seed 1$/m);
});

Deno.test("row 47: Welch's t tells a shift from noise, also where a few times are far too long", () => {
  const random = generator(7);
  const series = (shift: number): number[] =>
    Array.from({ length: 20_000 }, () => shift + random() + (random() < 0.001 ? 1_000 * random() : 0));
  expect(Math.abs(welch(series(0), series(0)))).toBeLessThan(4.5);
  expect(welch(series(0.03), series(0))).toBeGreaterThan(4.5);
  expect(welch(series(0), series(0.03))).toBeLessThan(-4.5);
  expect(welch([1, 1, 1], [1, 1, 1])).toBe(0);
});
