/**
 * Whether a process runs.
 *
 * @module
 */

/** False for one that has ended, also where nobody has buried it yet. */
export async function isRunning(pid: number | string): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] }).output();
  const state = new TextDecoder().decode(stdout).trim();
  return state !== "" && !state.startsWith("Z");
}
