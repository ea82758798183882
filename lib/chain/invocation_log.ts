/**
 * Attributes the lines of a Solana log to the program that was executing, by the stack of invocations.
 *
 * Text that a program prints always stands behind `Program log: ` or `Program data: `, so a line that matches a whole pattern below
 * comes from the runtime and cannot be forged. That holds only while each array element is one line: they are never joined or split.
 *
 * @module
 */

const INVOKE = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[([1-9][0-9]*)\]$/;
const SUCCESS = /^Program [1-9A-HJ-NP-Za-km-z]{32,44} success$/;
const FAILURE = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) failed: [^]*$/;
const DATA_PREFIX = "Program data: ";
/** What programs print, which is most of a log, and is none of the above. */
const PRINTED_PREFIX = "Program log: ";
/** What the runtime appends once a log has reached 10 000 bytes; everything later is lost. */
const TRUNCATED = "Log truncated";

/** What the program did in its log, in order: it logged data, or was called. */
export type LogEntry =
  | { readonly kind: "data"; /** The text behind `Program data: `. */ readonly text: string }
  | {
    readonly kind: "call";
    /** The vault program itself made the call. */
    readonly byItself: boolean;
    /** The call failed, or one above it, and what it did was undone. */
    readonly undone: boolean;
  };

/** What a program did by its log. */
export interface ProgramLog {
  /** What it logged in calls that were not undone, and every call of it. */
  readonly entries: readonly LogEntry[];
  /** Some program's call failed, and so what it did was undone. */
  readonly hasUndone: boolean;
  /** null: the log is whole. Otherwise `entries` may lack some and must not be used by themselves. */
  readonly flaw: "log_truncated" | "log_inconsistent" | null;
}

/** Reads what `program` did in a transaction's log. */
export function readProgramLog(lines: readonly string[], program: string): ProgramLog {
  const stack: { readonly name: string; readonly entriesBefore: number }[] = [];
  const entries: LogEntry[] = [];
  let hasUndone = false;
  let flaw: ProgramLog["flaw"] = null;
  for (const line of lines) {
    if (line.startsWith(PRINTED_PREFIX)) continue;
    if (line.startsWith(DATA_PREFIX)) {
      if (stack.length === 0) flaw ??= "log_inconsistent";
      if (stack.at(-1)?.name === program) entries.push({ kind: "data", text: line.slice(DATA_PREFIX.length) });
      continue;
    }
    if (line === TRUNCATED) {
      flaw = "log_truncated";
      break;
    }
    // A pattern is tried where a cheaper look does not rule it out, here and below.
    const started = line.endsWith("]") ? INVOKE.exec(line) : null;
    if (started) {
      const [, name = "", depth] = started;
      if (depth !== String(stack.length + 1)) flaw ??= "log_inconsistent";
      const caller = stack.at(-1)?.name;
      stack.push({ name, entriesBefore: entries.length });
      if (name === program) entries.push({ kind: "call", byItself: caller === program, undone: false });
      continue;
    }
    if (line === `Program ${stack.at(-1)?.name} success`) {
      stack.pop();
      continue;
    }
    const failed = line.includes(" failed: ") ? FAILURE.exec(line) : null;
    if (!failed) {
      // Of another than the one that runs.
      if (line.endsWith("success") && SUCCESS.test(line)) flaw ??= "log_inconsistent";
      continue;
    }
    const call = stack.pop();
    if (call?.name !== failed[1]) flaw ??= "log_inconsistent";
    hasUndone = true;
    entries.push(...undone(entries.splice(call?.entriesBefore ?? 0)));
    // Then the whole transaction failed, and whoever took it for a success has not seen all of it.
    if (stack.length === 0) flaw ??= "log_inconsistent";
  }
  if (flaw === null && stack.length > 0) flaw = "log_inconsistent";
  return { entries, hasUndone, flaw };
}

/** What stays of the entries of a call that failed: that there were calls, and nothing that they said. */
function undone(entries: readonly LogEntry[]): LogEntry[] {
  return entries.flatMap((entry) => entry.kind === "call" ? [{ ...entry, undone: true }] : []);
}
