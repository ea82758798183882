/**
 * The supabase CLI, as npm has it.
 *
 * @module
 */

/** The version that this project is tested with. */
export const CLI_VERSION = "3.1.0";

/**
 * Runs it; what it says goes to where this task's own words go.
 *
 * @param environment secrets among it: on the command line everybody on the machine could read them.
 * @throws {Error} naming the command that failed, or that npx is missing.
 */
export async function supabase(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const command = new Deno.Command("npx", {
    args: ["-y", `supabase@${CLI_VERSION}`, ...args, "--workdir", folder, "--agent", "no", "--yes"],
    cwd: folder,
    env: { DO_NOT_TRACK: "1", SUPABASE_TELEMETRY_DISABLED: "1", npm_config_loglevel: "error", ...environment },
    stdin: "null",
  });
  let code: number;
  try {
    ({ code } = await command.spawn().status);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error("The supabase CLI needs npx, and it is not on the PATH: install Node.js");
    }
    throw error;
  }
  if (code !== 0) {
    throw new Error(
      `supabase ${
        args.slice(0, 2).join(" ")
      } ended with ${code}; what was done before it stays, and the task can be run again`,
    );
  }
}
