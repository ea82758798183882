/**
 * Flattens a tree of calls into log lines and inner instructions.
 *
 * @module
 */
import { isNative } from "./accounts.ts";
import type { Call } from "./calls.ts";
import type { Instruction } from "./instructions.ts";

/** Bytes of log that a validator keeps of one transaction. */
const LOG_BYTES = 10_000;

/** An instruction that a program called, and its depth: 2 for one called by a top-level instruction. */
export interface InnerInstruction {
  readonly instruction: Instruction;
  readonly depth: number;
}

/**
 * The log lines of the calls.
 *
 * @param limit the compute units that the transaction may use.
 * @returns the lines in order, and the compute units used.
 */
export function writeLogs(calls: readonly Call[], limit: number): { lines: string[]; consumed: number } {
  const lines: string[] = [];
  const left = calls.reduce((units, call) => writeCall(call, 1, units, lines), limit);
  return { lines: cutLog(lines), consumed: limit - left };
}

/** What the validator keeps: a line that would reach the limit is left out, and a shorter one after it may still find its place. */
function cutLog(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let written = 0;
  let isCut = false;
  for (const line of lines) {
    const bytes = new TextEncoder().encode(line).length;
    if (written + bytes < LOG_BYTES) {
      kept.push(line);
      written += bytes;
    } else if (!isCut) {
      kept.push("Log truncated");
      isCut = true;
    }
  }
  return kept;
}

/** The calls inside a top-level call, in the order in which they began. */
export function innerInstructions(call: Call, depth = 2): InnerInstruction[] {
  return call.body.flatMap((entry) => {
    if (typeof entry === "string") return [];
    return [{ instruction: entry.instruction, depth }, ...innerInstructions(entry, depth + 1)];
  });
}

/** Writes one call. A program's own units are spent evenly before, between and after the calls that it makes. */
function writeCall(call: Call, depth: number, budget: number, lines: string[]): number {
  const { program } = call.instruction;
  const share = Math.floor(call.units / (1 + call.body.filter((entry) => typeof entry !== "string").length));
  lines.push(`Program ${program} invoke [${depth}]`);
  let left = budget - call.units % share - share;
  for (const entry of call.body) {
    if (typeof entry === "string") lines.push(entry);
    else left = writeCall(entry, depth + 1, left, lines) - share;
  }
  if (!isNative(program)) lines.push(`Program ${program} consumed ${budget - left} of ${budget} compute units`);
  if (call.returns) lines.push(`Program return: ${program} ${call.returns}`);
  lines.push(
    call.failure === undefined
      ? `Program ${program} success`
      : `Program ${program} failed: custom program error: 0x${call.failure.toString(16)}`,
  );
  return left;
}
