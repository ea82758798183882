/**
 * What the command lines of the tasks have in common: how flags are read, where text goes, and which data folder is meant.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** The flags every task that finds a running instance has. */
export const INSTANCE_FLAGS = {
  "data-dir": { type: "string" },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies ParseArgsOptionsConfig;

/** A command line that cannot be understood: exit code 2. The message says what and is fit to be shown. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Reads flags, and refuses what is not among them.
 *
 * @throws {UsageError} for an unknown flag, a missing value, or a word that belongs to no flag.
 */
export function readFlags<Flags extends ParseArgsOptionsConfig>(
  args: string[],
  options: Flags,
): ReturnType<typeof parseArgs<{ args: string[]; options: Flags; strict: true }>>["values"] {
  try {
    return parseArgs({ args, options, strict: true }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * The data folder that `--data-dir` names, or the project's own. A relative path counts from where the user typed it,
 * although `deno task` runs in the project.
 */
export function dataDirOf(flag: string | undefined): string {
  if (flag === undefined) return fileURLToPath(new URL("../.vaultbook", import.meta.url));
  return resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), flag);
}

/**
 * Runs a task to its exit code. An error becomes one line on standard error: code 2 for a command line that cannot be
 * understood, else 1.
 */
export async function runTask(main: (args: string[]) => Promise<number>): Promise<void> {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    if (error instanceof UsageError) complain("--help shows what there is");
    Deno.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** Writes a line to standard output. */
export function say(line: string): void {
  write(Deno.stdout, line);
}

/** Writes a line to standard error. */
export function complain(line: string): void {
  write(Deno.stderr, line);
}

function write(stream: { writeSync(bytes: Uint8Array): number }, line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let sent = 0; sent < bytes.length;) sent += stream.writeSync(bytes.subarray(sent));
}
