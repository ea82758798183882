/**
 * Random logs cut at every byte, with the runtime's word for it and without: of what is cut, nothing may be made.
 *
 * @module
 */
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { readProgramLog } from "@/lib/chain/invocation_log.ts";
import { compileProgram } from "@/lib/chain/program.ts";
import { readRawTransaction } from "@/lib/chain/raw_transaction.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { PROGRAM } from "@/tests/support/raw_delivery.ts";
import { generator } from "@/tests/support/seeded.ts";
import { breathe, type Counts, type Kind } from "./campaign.ts";
import { type Frame, logOfTree, randomTree, saidIn } from "./log_tree.ts";
import { itemOf, RUNTIME, truncatedComplaint, unmarkedComplaint } from "./logs.ts";

/** What a round is made of. */
export interface Cuts {
  /** Trees of a round. */
  readonly trees: number;
  /** What is on trial. */
  readonly readLog: typeof readProgramLog;
}

const FULL: Cuts = { trees: 500, readLog: readProgramLog };

/** One cut of so many also goes through the whole reader: all but the log is the same for each. */
const READ = 16;

const program = compileProgram(PROGRAM, idl, mapping);

/** Cuts of this shape. */
export function cuts(shape: Partial<Cuts> = {}): Kind {
  const given = { ...FULL, ...shape };
  return {
    mustHappen: ["trees", "truncated", "cut unmarked"],
    open: (server) =>
      Promise.resolve({
        round: (seed) => round(given, seed, () => server.interrupted.aborted),
        close: () => Promise.resolve(),
      }),
  };
}

async function round({ trees, readLog }: Cuts, seed: number, isOver: () => boolean): Promise<Counts> {
  const dice = diceOf(generator(seed));
  const counts = { trees: 0, truncated: 0, "cut unmarked": 0, "read in full": 0 };
  for (; counts.trees < trees && !isOver(); counts.trees++) {
    if (counts.trees % 25 === 0) await breathe();
    const tree = randomTree(dice);
    const item = itemOf(tree);
    const ends = endsOf(tree);
    for (const { lines, whole } of everyCut(logOfTree(tree))) {
      const marked = [...lines, "Log truncated"];
      const refuse = (wrong: string | null): void => {
        if (wrong) throw new Error(`${wrong}\n${JSON.stringify(lines, null, 1)}`);
      };
      refuse(readLog(marked, PROGRAM).flaw === null ? "A truncated log was taken for a whole one" : null);
      refuse(unmarked(readLog(lines, PROGRAM), ends.get(whole)));
      counts.truncated++;
      counts["cut unmarked"]++;
      if (++counts["read in full"] % READ > 0) continue;
      const read = (logMessages: readonly string[]): ReturnType<typeof readRawTransaction> =>
        readRawTransaction({ ...item, meta: { ...item.meta, logMessages } }, program);
      refuse(truncatedComplaint(read(marked)));
      refuse(unmarkedComplaint(tree, whole, read(lines)));
    }
  }
  return { ...counts, "read in full": Math.floor(counts["read in full"] / READ) };
}

/** How many lines there are before each top-level invocation, and how often the vault program had said something by then. */
function endsOf(tree: readonly Frame[]): ReadonlyMap<number, number> {
  return new Map(tree.map((_, i) => {
    const before = tree.slice(0, i);
    return [logOfTree(before).length, saidIn(before).length];
  }));
}

/** Only between two top-level invocations a log can end early without showing it. */
function unmarked({ flaw, entries }: ReturnType<typeof readProgramLog>, said: number | undefined): string | null {
  if (flaw !== null) return null;
  if (said === undefined) return "A log without its end was taken for a whole one";
  return entries.filter(({ kind }) => kind === "data").length === said ? null : "Something else was said up to there";
}

/** The log up to each of its bytes, and how many lines of it are whole. */
function* everyCut(log: readonly string[]): Generator<{ lines: readonly string[]; whole: number }> {
  for (const [whole, line] of log.entries()) {
    const before = log.slice(0, whole);
    yield { lines: before, whole };
    for (let length = 1; length < line.length; length++) {
      const rest = line.slice(0, length);
      if (!RUNTIME.test(rest)) yield { lines: [...before, rest], whole };
    }
  }
}
