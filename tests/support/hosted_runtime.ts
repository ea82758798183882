/**
 * The Deno that hosted functions run on, as npm has it. It reads no lock file of a later one.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const RUNTIME = "deno@2.1.4";
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs it in the project's folder: the exit code, and both outputs. */
export async function hostedDeno(args: readonly string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command("npx", {
    cwd: ROOT,
    args: ["-y", RUNTIME, ...args],
    // Where the machine has certificates of its own, they count, as for the later Deno.
    env: { NO_COLOR: "1", npm_config_loglevel: "error", DENO_TLS_CA_STORE: "mozilla,system" },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
