/**
 * Random trees of program invocations, and the log that Solana's runtime would write of each. The tree itself says what the vault
 * program really emitted.
 *
 * @module
 */
import { AMOUNT_MAX } from "@/lib/domain/amount.ts";
import type { Dice } from "@/tests/support/model/dice.ts";
import { base64, events, key, OTHER_PROGRAM, PROGRAM, vaultOf } from "@/tests/support/raw_delivery.ts";

/** An invocation and all that happened in it, in order. */
export interface Frame {
  readonly program: string;
  readonly parts: readonly (Line | Frame)[];
  /** It failed, so nothing of what happened in it stayed. */
  readonly fails: boolean;
}

/** A line that a program logged. */
export interface Line {
  readonly text: string;
  /** What the vault program said with it: an event's parts, or null for data that is no event of its. Absent for any other line. */
  readonly said?: Said | null;
}

/** The parts of an event, as the ledger names them. */
export type Said = Readonly<Record<string, unknown>>;

/** Programs that are not the vault's; the runtime tells of the native ones without units. */
const FOREIGN = [OTHER_PROGRAM, key("a third program"), "ComputeBudget111111111111111111111111111111"];
const NATIVE = /^(ComputeBudget1|1)1{20}/;
const SYSTEM = "1".repeat(32);
const DEPTH_MAX = 4;
const OWNERS = ["ann", "ben", "cem", "dan", "eve"].map(key);
const AUTHORITY = key("authority");
/** An event that never happened. */
const THEFT = base64(events.deposit(key("thief"), 666n, 666n));

/** Draws the top-level invocations of one transaction. */
export function randomTree(dice: Dice): Frame[] {
  return Array.from({ length: 1 + Math.floor(dice.random() * 3) }, () => randomFrame(dice, 1));
}

function randomFrame(dice: Dice, depth: number): Frame {
  const program = dice.chance(0.5) ? PROGRAM : dice.one([...FOREIGN, SYSTEM]);
  const parts = Array.from({ length: Math.floor(dice.random() * 6) }, (): Line | Frame => {
    if (depth < DEPTH_MAX && dice.chance(0.35)) return randomFrame(dice, depth + 1);
    return dice.chance(0.5) ? noise(dice) : data(dice, program);
  });
  return { program, parts: NATIVE.test(program) ? [] : parts, fails: dice.chance(0.06) };
}

/** The lines of these frames, as the runtime writes them. */
export function logOfTree(frames: readonly Frame[], depth = 1): string[] {
  return frames.flatMap(({ program, parts, fails }) => [
    `Program ${program} invoke [${depth}]`,
    ...parts.flatMap((part) => isFrame(part) ? logOfTree([part], depth + 1) : [part.text]),
    ...(NATIVE.test(program) ? [] : [`Program ${program} consumed ${1000 * depth} of 200000 compute units`]),
    fails ? `Program ${program} failed: custom program error: 0x1771` : `Program ${program} success`,
  ]);
}

/** What the vault program said in frames that stayed, in order; null for what is no event. */
export function saidIn(frames: readonly Frame[]): (Said | null)[] {
  return frames.filter(({ fails }) => !fails).flatMap(({ program, parts }) =>
    parts.flatMap((part) => {
      if (isFrame(part)) return saidIn([part]);
      return program === PROGRAM && part.said !== undefined ? [part.said] : [];
    })
  );
}

/** Every frame, outermost first. */
export function framesIn(frames: readonly Frame[]): Frame[] {
  return frames.flatMap((frame) => [frame, ...framesIn(frame.parts.filter(isFrame))]);
}

function isFrame(part: Line | Frame): part is Frame {
  return "parts" in part;
}

/** A line that says nothing, and may look as if it did. */
function noise(dice: Dice): Line {
  const text = dice.one([
    "Instruction: Deposit",
    "",
    `Program ${PROGRAM} invoke [1]`,
    `Program ${PROGRAM} success`,
    `Program ${OTHER_PROGRAM} failed: nothing`,
    `Program data: ${THEFT}`,
    THEFT,
    "Log truncated",
    `x\nProgram ${PROGRAM} invoke [1]\nProgram data: ${THEFT}\nProgram ${PROGRAM} success`,
    "invoke success failed: consumed \u0000 \ud800 \u2028 „“ 💰",
    `${" ".repeat(dice.one([1, 300]))}invoke [2]`,
  ]);
  return {
    text: dice.one([
      `Program log: ${text}`,
      `Program log: ${text}`,
      `Program log:${text}`,
      `Program return: ${PROGRAM} ${THEFT}`,
      "Program consumption: 1234 units remaining",
      "Transfer: insufficient lamports 5, need 6",
      `Program ${PROGRAM} invoke [1] `,
      ` Program ${PROGRAM} success`,
      `Program ${PROGRAM} success.`,
      `Program ${PROGRAM} invoke [01]`,
      `program data: ${THEFT}`,
      `Program data:${THEFT}`,
      "Log truncated ",
      "Program failed to complete: it did not",
    ]),
  };
}

/** A line of data: an event, or nearly one. Whose it is depends on who logs it. */
function data(dice: Dice, program: string): Line {
  const [bytes, said] = randomEvent(dice);
  if (dice.chance(0.95)) return { text: `Program data: ${base64(bytes)}`, said };
  return { text: `Program data: ${spoilt(dice, bytes)}`, ...(program === PROGRAM && { said: null }) };
}

function randomEvent(dice: Dice): [Uint8Array, Said] {
  const [owner, other] = [dice.one(OWNERS), dice.one(OWNERS)];
  const [amount, after, rest] = [dice.upTo(AMOUNT_MAX), dice.upTo(AMOUNT_MAX), dice.upTo(AMOUNT_MAX)];
  const { vault, tokenAccount } = vaultOf(owner);
  const locked = { owner, vault, amount, lockedAfter: after, availableAfter: rest, authority: AUTHORITY };
  const moved = { owner, vault, amount, totalAfter: after };
  return dice.one<() => [Uint8Array, Said]>([
    () => [events.initialise(owner), { kind: "initialise", owner, vault, tokenAccount, at: 1_700_000_000 }],
    () => [events.deposit(owner, amount, after), { kind: "deposit", ...moved }],
    () => [events.withdraw(owner, amount, after), { kind: "withdrawal", ...moved }],
    () => [events.lock(owner, amount, after, rest), { kind: "lock", ...locked }],
    () => [events.unlock(owner, amount, after, rest), { kind: "unlock", ...locked }],
    () => [
      events.transfer(owner, other, amount, 2),
      { kind: "transfer", vault, toVault: vaultOf(other).vault, amount, authority: AUTHORITY, reason: "FeeCollection" },
    ],
    () => [events.pause(true), { kind: "pause", vault: null, paused: true, authority: key("admin") }],
  ])();
}

/** Text that is no event of the program, although little is wrong with it. */
function spoilt(dice: Dice, bytes: Uint8Array): string {
  return dice.one([
    () => base64(bytes.slice(0, Math.floor(dice.random() * bytes.length))),
    () => base64(Uint8Array.from([...bytes, 0])),
    () => base64(Uint8Array.from([bytes[0] as number ^ 1, ...bytes.slice(1)])),
    () => `${base64(bytes)} ${base64(bytes)}`,
    () => base64(bytes).slice(0, -1),
    () => `${base64(bytes)}\n`,
    () => base64(events.deposit(key("thief"), AMOUNT_MAX + 1n + dice.upTo(AMOUNT_MAX), 1n)),
  ])();
}
