/**
 * What happened in a transaction that succeeded, proven without its log: Solana runs a transaction wholly or not at all, so every
 * instruction in it did what it was asked to, and the tokens of the vaults tell whether that is all that happened.
 *
 * @module
 */
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";
import { eventOfCall, isEventCall, type Told } from "./event_calls.ts";
import { eventFromInstruction, eventsFromTold, Unreadable } from "./ledger_events.ts";
import { DISCRIMINATOR_BYTES, discriminatorKey, type VaultProgram } from "./program.ts";
import type { TokenChanges } from "./token_balances.ts";
import type { VaultCall, VaultCalls } from "./vault_calls.ts";

/** Why the events cannot be proven. */
export class Unproven extends Error {}

/** What a transaction shows beside its instructions. */
export interface Evidence {
  /** What the program told as far as its log reaches; it must not say otherwise. */
  readonly told: readonly Told[];
  /** How often it was called as far as its log reaches. */
  readonly calls: number;
  /** The changes of the token accounts of these vaults; null where the payload carries none of any account. */
  readonly tokenChanges: (vaults: ReadonlySet<string>) => TokenChanges | null;
}

/**
 * The events of a transaction by the instructions that called the vault program; each has the ordinal that it has by the log.
 *
 * @throws {Unproven} with the reason.
 * @throws {Unreadable} amount_out_of_range or vault_not_of_owner, as by the log.
 */
export function provenEvents(program: VaultProgram, found: VaultCalls, evidence: Evidence): LedgerEvent[] {
  if (found.inner === "absent") throw new Unproven("it does not carry the calls between programs");
  if (found.inner === "none" && found.isPassedOn()) {
    throw new Unproven("another program may have called the vault program, and no such call is carried");
  }
  if (evidence.calls > found.calls.length) throw new Unproven("its log shows calls that it does not carry");
  const events: LedgerEvent[] = [];
  for (const call of found.calls) {
    const event = isEventCall(call) ? null : eventOf(program, call, events.length);
    if (event) events.push(event);
  }
  if (found.inner === "none" && events.some(movesTokens)) {
    throw new Unproven("tokens moved, and no call of the token program is carried");
  }
  requireAgreement(program, evidence.told, events, "log");
  const ownCalls = found.calls.filter(isEventCall).flatMap((call) => eventOfCall(program, call) ?? []);
  const called = requireAgreement(program, ownCalls, events, "call of itself");
  if (called > 0 && called !== events.length) throw new Unproven("it tells of more or fewer events");
  requireTokens(events, evidence.tokenChanges(vaultsOf(events)));
  return events;
}

/** The vaults that these events concern. */
export function vaultsOf(events: readonly LedgerEvent[]): ReadonlySet<string> {
  const vaults = new Set<string>();
  for (const event of events) {
    if (event.vault === null) continue;
    vaults.add(event.vault);
    if (event.kind === "transfer") vaults.add(event.toVault);
  }
  return vaults;
}

/** What one instruction did; null where it has no effect on the ledger. */
function eventOf(program: VaultProgram, call: VaultCall, ordinal: number): LedgerEvent | null {
  const data = call.data();
  if (program.inertInstructions === null) {
    throw new Unproven("the program's mapping does not say that its instructions tell everything");
  }
  const key = data.length < DISCRIMINATOR_BYTES ? null : discriminatorKey(data);
  if (key !== null && program.inertInstructions.has(key)) return null;
  if (key === null || !program.instructions.has(key)) throw new Unproven(`its IDL knows no instruction ${key ?? ""}`);
  if (call.caller !== "transaction" && call.caller !== "another program") {
    throw new Unproven("the vault program may have called itself, which leaves open what came first");
  }
  try {
    return eventFromInstruction(program, data, call.accounts(), ordinal);
  } catch (error) {
    if (error instanceof Unreadable && error.code === "undecodable_event") throw new Unproven(error.message);
    throw error;
  }
}

/** What was told must be the beginning of what the instructions say. @returns of how many events was told. */
function requireAgreement(
  program: VaultProgram,
  told: readonly Told[],
  events: readonly LedgerEvent[],
  where: string,
): number {
  const tokenAccounts = new Map(
    events.flatMap((event): [string, string][] =>
      event.kind === "initialise" ? [[event.vault, event.tokenAccount]] : []
    ),
  );
  let heard: LedgerEvent[];
  try {
    heard = eventsFromTold(program, told, (vault) => tokenAccounts.get(vault));
  } catch (error) {
    throw error instanceof Unreadable ? new Unproven(`its ${where}: ${error.message}`) : error;
  }
  heard.forEach((one, i) => {
    const event = events[i];
    if (!event || !saysTheSame(one, event)) throw new Unproven(`its ${where} says otherwise of event ${i}`);
  });
  return heard.length;
}

/** Whether an event says all that the instruction says, and nothing else; it may say more. */
function saysTheSame(heard: LedgerEvent, event: LedgerEvent): boolean {
  const other: Readonly<Record<string, unknown>> = { ...heard };
  return Object.entries(event).every(([part, value]) => value === null || other[part] === value);
}

/** What goes in and out of each vault must be what its token account gained or lost. */
function requireTokens(events: readonly LedgerEvent[], changes: TokenChanges | null): void {
  if (changes === null && events.some(movesTokens)) throw new Unproven("it carries no token balances");
  for (const vault of vaultsOf(events)) {
    const expected = events.reduce((sum, event) => sum + effectOn(vault, event), 0n);
    const changed = (changes ?? []).filter(({ owner, change }) => owner === vault && change !== 0n);
    // An account of another mint that changed beside it leaves open which of the two is the vault's.
    if (changed.length > 1 || (changed[0] ? changed[0].change : 0n) !== expected) {
      throw new Unproven(`the tokens of vault ${vault} changed by other than ${expected}`);
    }
  }
}

function movesTokens({ kind }: LedgerEvent): boolean {
  return kind === "deposit" || kind === "withdrawal" || kind === "transfer";
}

/** What an event adds to the tokens of a vault. */
function effectOn(vault: string, event: LedgerEvent): bigint {
  switch (event.kind) {
    case "deposit":
      return event.vault === vault ? event.amount : 0n;
    case "withdrawal":
      return event.vault === vault ? -event.amount : 0n;
    case "transfer":
      return (event.toVault === vault ? event.amount : 0n) - (event.vault === vault ? event.amount : 0n);
    default:
      return 0n;
  }
}
