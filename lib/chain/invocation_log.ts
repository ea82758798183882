/**
 * Attributes the lines of a Solana log to the program that was executing, by the stack of invocations.
 *
 * Text that a program prints always stands behind `Program log: ` or `Program data: `, so a line that matches a whole pattern below
 * comes from the runtime and cannot be forged. That holds only while each array element is one line: they are never joined or split.
 *
 * @module
 */

const INVOKE = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[([1-9][0-9]*)\]$/;
const SUCCESS = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) success$/;
const FAILURE = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) failed: [^]*$/;
const DATA_PREFIX = "Program data: ";
/** What the runtime appends once a log has reached 10 000 bytes; everything later is lost. */
const TRUNCATED = "Log truncated";

/** What a program logged. */
export interface ProgramLog {
  /** Whether the program was invoked at all, at any depth. */
  readonly invoked: boolean;
  /** The text behind `Program data: ` of each line it logged itself in a call that did not fail, in order. */
  readonly data: readonly string[];
  /** null: the log is whole. Otherwise `data` may lack lines and must not be used. */
  readonly flaw: "log_truncated" | "log_inconsistent" | null;
}

/** Reads what `program` logged in a transaction's log. */
export function readProgramLog(lines: readonly string[], program: string): ProgramLog {
  const stack: { readonly name: string; readonly saidBefore: number }[] = [];
  const data: string[] = [];
  let invoked = false;
  let flaw: ProgramLog["flaw"] = null;
  for (const line of lines) {
    if (line.startsWith(DATA_PREFIX)) {
      if (stack.length === 0) flaw ??= "log_inconsistent";
      if (stack.at(-1)?.name === program) data.push(line.slice(DATA_PREFIX.length));
      continue;
    }
    if (line === TRUNCATED) {
      flaw = "log_truncated";
      break;
    }
    const started = INVOKE.exec(line);
    if (started) {
      const [, name = "", depth] = started;
      if (depth !== String(stack.length + 1)) flaw ??= "log_inconsistent";
      stack.push({ name, saidBefore: data.length });
      invoked ||= name === program;
      continue;
    }
    const failed = FAILURE.exec(line);
    const ended = failed ?? SUCCESS.exec(line);
    if (!ended) continue;
    const call = stack.pop();
    if (call?.name !== ended[1]) flaw ??= "log_inconsistent";
    // What happened in a call that failed was undone, and what was said of it is void.
    if (failed) data.length = call?.saidBefore ?? 0;
    // Then the whole transaction failed, and whoever took it for a success has not seen all of it.
    if (failed && stack.length === 0) flaw ??= "log_inconsistent";
  }
  if (flaw === null && stack.length > 0) flaw = "log_inconsistent";
  return { invoked, data, flaw };
}
