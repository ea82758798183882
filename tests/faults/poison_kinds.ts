/**
 * Ways in which one element of a delivery can be unusable, and what each must come to.
 *
 * @module
 */
import type { Outcome } from "@/lib/domain/settlement.ts";
import { encode, events, key, logOf, OTHER_PROGRAM, PROGRAM, rawTransaction } from "@/tests/support/raw_delivery.ts";

/** A true deposit of 5 base units, which a kind of poison spoils. */
export interface Healthy {
  readonly owner: string;
  readonly signature: string;
  readonly slot: number;
}

/** A kind of poison. */
export interface PoisonKind {
  readonly name: string;
  readonly outcome: Outcome;
  readonly code: string;
  readonly make: (healthy: Healthy) => unknown;
}

/** Places of a delivery of four and the poison that a kind is put at. */
export function placesOf({ code }: PoisonKind): number[] {
  // Ahead of its vault's initialisation it would wait for that, and be refused together with it.
  return code === "unexpected_error" ? [1, 2, 3, 4] : [0, 1, 2, 3, 4];
}

type Raw = Record<string, unknown> & {
  meta: Record<string, unknown>;
  transaction: { message: Record<string, unknown> };
};

/** An amount that the tests' database refuses, as a mistake that nobody foresaw would be. */
export const UNFORESEEN = 13n;

function raw(
  { owner, signature, slot }: Healthy,
  logs: readonly string[] | null = logOf(events.deposit(owner, 5n, 0n)),
): Raw {
  return rawTransaction({ signature, slot, logs }) as Raw;
}

/** A field of the element is spoilt. */
function malformed(name: string, spoil: (item: Raw) => unknown): PoisonKind {
  return { name, outcome: "quarantined", code: "malformed", make: (healthy) => spoil(raw(healthy)) };
}

/** The program's log is other than it should be. */
function logged(
  name: string,
  outcome: Outcome,
  code: string,
  logs: (deposit: Uint8Array, owner: string) => string[],
): PoisonKind {
  return {
    name,
    outcome,
    code,
    make: (healthy) => raw(healthy, logs(events.deposit(healthy.owner, 5n, 5n), healthy.owner)),
  };
}

const undecodable = (name: string, spoil: (deposit: Uint8Array) => Uint8Array): PoisonKind =>
  logged(name, "quarantined", "undecodable_event", (deposit) => logOf(spoil(deposit)));

const parked = (name: string, code: string, make: PoisonKind["make"]): PoisonKind => ({
  name,
  outcome: "parked",
  code,
  make,
});

const message = (item: Raw, change: Record<string, unknown>): Raw => ({
  ...item,
  transaction: { ...item.transaction, message: { ...item.transaction.message, ...change } },
});

const DEPOSIT_CALL = { program: PROGRAM, data: encode("f223c68952e1f2b6", [{ u64: 5n }]), accounts: [] };

/** Every kind. */
export const POISON_KINDS: readonly PoisonKind[] = [
  malformed("null", () => null),
  malformed("a number", () => 7),
  malformed("a text with a NUL and half a surrogate pair", () => "\u0000\ud800"),
  malformed("an array in an array", () => [[]]),
  malformed("nothing but braces", () => ({})),
  malformed("no meta", ({ meta: _, ...item }) => item),
  malformed("no transaction", ({ transaction: _, ...item }) => item),
  malformed("a fraction of a slot", (item) => ({ ...item, slot: 1.5 })),
  malformed("a slot as text", (item) => ({ ...item, slot: "7" })),
  malformed("a negative slot", (item) => ({ ...item, slot: -1 })),
  malformed("a slot beyond what JSON holds exactly", (item) => ({ ...item, slot: 2 ** 60 })),
  malformed("a place beyond any block", (item) => ({ ...item, indexWithinBlock: 2 ** 31 })),
  malformed("no signature", (item) => ({ ...item, transaction: { ...item.transaction, signatures: [] } })),
  malformed(
    "a signature of 63 bytes",
    (item) => ({ ...item, transaction: { ...item.transaction, signatures: ["1".repeat(63)] } }),
  ),
  malformed("a key that is none", (item) => message(item, { accountKeys: ["0OIl"] })),
  malformed(
    "a program that is no account",
    (item) => message(item, { instructions: [{ programIdIndex: 99, accounts: [], data: "" }] }),
  ),
  malformed("a log that is no list", (item) => ({ ...item, meta: { ...item.meta, logMessages: "Program log" } })),
  malformed("a line of log that is no text", (item) => ({ ...item, meta: { ...item.meta, logMessages: [7] } })),
  undecodable("an event cut short", (deposit) => deposit.slice(0, -1)),
  undecodable("an event with a byte too many", (deposit) => Uint8Array.from([...deposit, 0])),
  undecodable("an event that nobody knows", (deposit) => deposit.with(0, 0)),
  logged(
    "data that is no base64",
    "quarantined",
    "undecodable_event",
    (deposit) => logOf(deposit).map((line) => line.replace(/^(Program data: .*).$/, "$1!")),
  ),
  logged(
    "an amount of 2^63",
    "quarantined",
    "amount_out_of_range",
    (_, owner) => logOf(events.deposit(owner, 2n ** 63n, 0n)),
  ),
  logged(
    "a balance of 2^64 − 1",
    "quarantined",
    "amount_out_of_range",
    (_, owner) => logOf(events.deposit(owner, 5n, 2n ** 64n - 1n)),
  ),
  logged(
    "what the database refuses",
    "quarantined",
    "unexpected_error",
    (_, owner) => logOf(events.deposit(owner, UNFORESEEN, 0n)),
  ),
  logged("a truncated log", "parked", "log_truncated", (deposit) => [...logOf(deposit).slice(0, 3), "Log truncated"]),
  logged("a log that does not nest", "parked", "log_inconsistent", (deposit) => logOf(deposit).slice(0, -1)),
  logged("a call that failed in a transaction that did not", "parked", "log_inconsistent", (deposit) => [
    ...logOf(deposit).slice(0, -1),
    `Program ${PROGRAM} failed: custom program error: 0x1`,
  ]),
  parked("no log", "logs_missing", (healthy) => raw(healthy, null)),
  parked(
    "a deposit that told of nothing",
    "event_missing",
    ({ signature, slot }) => rawTransaction({ signature, slot, logs: logOf(), calls: [DEPOSIT_CALL] }),
  ),
  parked(
    "no place in the block",
    "position_unknown",
    ({ owner, signature, slot }) =>
      rawTransaction({ signature, slot, index: null, logs: logOf(events.deposit(owner, 5n, 5n)) }),
  ),
  parked("the enhanced form", "enhanced_form", ({ signature, slot }) => ({
    ...{ signature, slot, timestamp: 1_700_000_000 },
    instructions: [{
      programId: OTHER_PROGRAM,
      accounts: [],
      data: "",
      innerInstructions: [{ programId: PROGRAM, accounts: [], data: "" }],
    }],
  })),
  logged("a vault that nobody knows", "parked", "vault_unknown", () => logOf(events.deposit(key("nobody"), 5n, 5n))),
  logged(
    "more than there is",
    "parked",
    "balance_would_be_negative",
    (_, owner) => logOf(events.withdraw(owner, 10n ** 12n, 0n)),
  ),
  logged("a transfer to nobody, and a deposit beside it", "parked", "vault_unknown", (deposit, owner) => [
    ...logOf(events.transfer(owner, key("nobody"), 1n, 0)),
    ...logOf(deposit),
  ]),
];
