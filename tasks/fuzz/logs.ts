/**
 * Random logs through the reader, whole and cut: it must find what the vault program said, or say that it cannot.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";
import { type Dice, diceOf } from "@/tests/support/model/dice.ts";
import { bodyOf, type Instruction, PROGRAM, rawTransaction } from "@/tests/support/raw_delivery.ts";
import { generator } from "@/tests/support/seeded.ts";
import type { Counts, Kind } from "./campaign.ts";
import { type Frame, framesIn, logOfTree, randomTree, saidIn } from "./log_tree.ts";

/** What a round is made of. */
export interface Logs {
  /** Trees of a round. */
  readonly trees: number;
  /** Cuts of each log at a random byte, beside those before every line. */
  readonly cuts: number;
  /** What is on trial. */
  readonly read: typeof readDelivery;
}

const FULL: Logs = { trees: 200, cuts: 6, read: readDelivery };

const program = compileProgram(PROGRAM, idl, mapping);

/** Logs of this shape. */
export function logs(shape: Partial<Logs> = {}): Kind {
  const given = { ...FULL, ...shape };
  return {
    mustHappen: [
      "events read",
      "nested",
      "foreign events",
      "failed frames",
      "undecodable",
      "truncated",
      "cut unmarked",
      "holes",
    ],
    open: () =>
      Promise.resolve({ round: (seed) => Promise.resolve(round(given, seed)), close: () => Promise.resolve() }),
  };
}

function round({ trees, cuts, read }: Logs, seed: number): Counts {
  const dice = diceOf(generator(seed));
  const counts = {
    ...{ logs: 0, "events read": 0, nested: 0, "foreign events": 0, "failed frames": 0, undecodable: 0 },
    ...{ truncated: 0, "cut unmarked": 0, holes: 0 },
  };
  for (let number = 0; number < trees; number++) {
    const tree = randomTree(dice);
    const log = logOfTree(tree);
    const said = saidIn(tree);
    const trial = reader(read, tree);
    const check = (lines: readonly string[], complaint: (found: ChainTransaction) => string | null): void => {
      counts.logs++;
      const found = trial(lines);
      const wrong = complaint(found);
      if (wrong) throw new Error(`${wrong}\n${inFull(lines)}\nsaid: ${inFull(said)}\nread: ${inFull(found)}`);
    };
    check(log, (found) => wholeComplaint(tree, found));
    for (let line = 0; line < log.length; line++) {
      counts.truncated++;
      check([...log.slice(0, line), "Log truncated"], truncatedComplaint);
      counts["cut unmarked"]++;
      check(log.slice(0, line), (found) => unmarkedComplaint(tree, line, found));
    }
    for (const { lines, whole } of byteCuts(dice, log, cuts)) {
      counts.truncated++;
      check([...lines, "Log truncated"], truncatedComplaint);
      counts["cut unmarked"]++;
      check(lines, (found) => unmarkedComplaint(tree, whole, found));
    }
    for (let hole = 0; hole < cuts && framesIn(tree).every(({ fails }) => !fails); hole++) {
      counts.holes++;
      const from = Math.floor(dice.random() * log.length);
      check(log.toSpliced(from, 1 + Math.floor(dice.random() * 4)), (found) => holeComplaint(tree, found));
    }
    const whole = trial(log);
    if (whole.verdict === "read") counts["events read"] += whole.events.length;
    if (whole.verdict === "quarantined") counts.undecodable++;
    counts.nested += tree.filter((frame) => framesIn([frame]).length > 1).length;
    counts["failed frames"] += framesIn(tree).filter(({ fails }) => fails).length;
    counts["foreign events"] += foreignEvents(tree);
  }
  return counts;
}

/** Reads a transaction that succeeded, made these calls, and has the log it is given. */
function reader(read: typeof readDelivery, tree: readonly Frame[]): (lines: readonly string[]) => ChainTransaction {
  const item = itemOf(tree);
  return (lines) => {
    const [found, ...more] = read(bodyOf({ ...item, meta: { ...item.meta, logMessages: lines } }), program);
    if (!found || more.length > 0) throw new Error("One transaction must have one reading");
    return found;
  };
}

/** A transaction that succeeded and made these calls, in the raw form, without its log. */
export function itemOf(tree: readonly Frame[]): Record<string, unknown> & { meta: Record<string, unknown> } {
  const calls = tree.map((frame) => ({
    ...instruction(frame.program),
    accounts: [...new Set(framesIn([frame]).map((inner) => inner.program))],
    inner: innerCalls(frame, 2),
  }));
  return rawTransaction({ logs: [], calls }) as Record<string, unknown> & { meta: Record<string, unknown> };
}

/** What a frame called, in the order in which it began. */
function innerCalls({ parts }: Frame, height: number): Instruction[] {
  return parts.filter((part) => "program" in part).flatMap((frame) => [
    { ...instruction(frame.program), height },
    ...innerCalls(frame, height + 1),
  ]);
}

function instruction(program: string): Instruction {
  return { program, data: new Uint8Array(8), accounts: [] };
}

/** What is wrong with the reading of the whole log; null where nothing is. */
function wholeComplaint(tree: readonly Frame[], found: ChainTransaction): string | null {
  // Solana would have undone it all. A payload that says otherwise is not to be believed, nor need it be.
  if (tree.some(({ fails }) => fails)) return found.verdict === "read" ? "A failed transaction was read" : null;
  const said = saidIn(tree);
  if (said.includes(null)) return found.verdict === "quarantined" ? null : "What is no event was not quarantined";
  if (said.length === 0) return found.verdict === "ignored" ? null : "Nothing was said, and something was made of it";
  if (found.verdict !== "read") return "What was said was not read";
  return isDeepStrictEqual(found.events, said.map(placed)) ? null : "Something else was read than what was said";
}

/** A log that says that it was cut tells nothing. */
export function truncatedComplaint(found: ChainTransaction): string | null {
  return found.verdict === "parked" || found.verdict === "ignored" ? null : "Something was made of a truncated log";
}

/**
 * A log that ends early without a word: every frame that is still open shows it. Only between two top-level invocations nothing
 * does; then what is read must be what was said up to there.
 */
export function unmarkedComplaint(tree: readonly Frame[], lines: number, found: ChainTransaction): string | null {
  if (found.verdict !== "read") return null;
  let ended = 0;
  const before = tree.filter((frame) => (ended += logOfTree([frame]).length) <= lines);
  const isBetween = logOfTree(before).length === lines;
  return isBetween ? wholeComplaint(before, found) : "Something was read from a log without its end";
}

/** A log that lost lines: what is read must at least have been said, in this order. */
function holeComplaint(tree: readonly Frame[], found: ChainTransaction): string | null {
  if (found.verdict !== "read") return null;
  const said = saidIn(tree).values();
  const wasSaid = (event: LedgerEvent): boolean =>
    said.some((one) => isDeepStrictEqual(placed(one, event.ordinal), event));
  return found.events.every(wasSaid) ? null : "Something was read that nobody had said";
}

/** A line that the runtime writes itself. Look-alikes can be cut to one, which what programs log cannot. */
export const RUNTIME = /^Program \S+ (invoke \[[0-9]\]|success)$/;

/** The log cut at random bytes: whole lines, a part of the next one, and how many lines are whole. */
function* byteCuts(
  dice: Dice,
  log: readonly string[],
  count: number,
): Generator<{ lines: string[]; whole: number }> {
  for (let cut = 0; cut < count; cut++) {
    const whole = Math.floor(dice.random() * log.length);
    const line = log[whole] ?? "";
    const rest = line.slice(0, Math.floor(dice.random() * line.length));
    if (RUNTIME.test(rest)) continue;
    yield { lines: [...log.slice(0, whole), ...(rest === "" ? [] : [rest])], whole };
  }
}

/** How many lines of others hold an event of the vault program. */
function foreignEvents(tree: readonly Frame[]): number {
  return framesIn(tree).filter((frame) => frame.program !== PROGRAM)
    .flatMap(({ parts }) => parts.filter((part) => "text" in part && part.said)).length;
}

function placed(said: Readonly<Record<string, unknown>> | null, ordinal: number): LedgerEvent {
  return { ...said, ordinal } as LedgerEvent;
}

function inFull(value: unknown): string {
  return JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}n` : part, 1);
}
