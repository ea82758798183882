/**
 * Runs the steps of a check side by side and tells how each went.
 *
 * @module
 */

/** One step of a check. */
export interface Step {
  readonly name: string;
  /** Returns what is wrong, in words to be shown; empty when nothing is. What it throws counts as wrong too. */
  run(): Promise<string>;
}

/**
 * Runs all steps at once. Each is shown when it ends, with its time in seconds and what is wrong.
 *
 * @returns how many steps found something wrong.
 */
export async function runSteps(steps: readonly Step[], say: (line: string) => void): Promise<number> {
  const width = Math.max(...steps.map((step) => step.name.length));
  const results = await Promise.all(steps.map(async (step) => {
    const started = performance.now();
    const wrong = await step.run().catch(describe);
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
    say(`${wrong ? "FAILED" : "ok    "} ${step.name.padEnd(width)} ${seconds} s`);
    if (wrong) say(`\n${wrong.replace(/^/gm, "    ")}\n`);
    return wrong;
  }));
  return results.filter((wrong) => wrong !== "").length;
}

/**
 * A step that runs this very Deno with these arguments in `root`; wrong is what it prints when it fails.
 */
export function denoStep(name: string, root: string, args: readonly string[]): Step {
  return {
    name,
    async run(): Promise<string> {
      const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd: root, env: { RUST_BACKTRACE: "0" } });
      const { success, code, stdout, stderr } = await command.output();
      if (success) return "";
      const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      return printed.trim() || `deno ${args.join(" ")} ended with ${code}`;
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
