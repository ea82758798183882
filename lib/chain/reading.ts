/**
 * From what a delivery shows of a transaction to the verdict on it, whichever form it came in.
 *
 * @module
 */
import {
  type ChainTransaction,
  type Landing,
  READING_CODES,
  type ReadingCode,
  type TokenBalanceChange,
} from "@/lib/domain/chain_transaction.ts";
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";
import { eventFromInstruction, Unreadable } from "./ledger_events.ts";
import type { VaultProgram } from "./program.ts";
import { type Evidence, provenEvents, Unproven } from "./proof.ts";
import type { VaultCalls } from "./vault_calls.ts";

/** A verdict without effect. The reason is by default what its code means. */
export function unread(
  landing: Landing,
  verdict: "ignored" | "parked" | "quarantined",
  code: ReadingCode,
  reason: string = READING_CODES[code],
): ChainTransaction {
  return { verdict, ...landing, code, reason };
}

/** A transaction that succeeded and did this; parked where the delivery does not tell its place. */
export function succeeded(
  landing: Landing,
  events: readonly LedgerEvent[],
  tokenBalances: readonly TokenBalanceChange[],
): ChainTransaction {
  if (events.length === 0) return unread(landing, "ignored", "no_vault_event");
  if (landing.transactionIndex === null) return unread(landing, "parked", "position_unknown");
  return { verdict: "read", ...landing, failed: false, events, tokenBalances };
}

/**
 * A transaction that succeeded, and whose log tells nothing, or not everything: read from its instructions where they prove all of it,
 * else parked under `flaw`.
 *
 * @param tokenBalances of these events' vaults, to be handed on.
 */
export function readWithoutLog(
  landing: Landing,
  program: VaultProgram,
  found: VaultCalls,
  evidence: Evidence,
  flaw: ReadingCode,
  tokenBalances: (events: readonly LedgerEvent[]) => readonly TokenBalanceChange[],
): ChainTransaction {
  try {
    const events = provenEvents(program, found, evidence);
    if (found.calls.length === 0) return unread(landing, "ignored", "other_program");
    return succeeded(landing, events, tokenBalances(events));
  } catch (error) {
    if (error instanceof Unreadable) return unread(landing, "quarantined", error.code, error.message);
    if (error instanceof Unproven) return unread(landing, "parked", flaw, `${READING_CODES[flaw]}: ${error.message}`);
    throw error;
  }
}

/** A failed transaction says in its instructions what it would have done; its log is not listened to. */
export function readFailed(landing: Landing, program: VaultProgram, found: VaultCalls): ChainTransaction {
  if (found.inner === "absent" && found.isPassedOn()) return unread(landing, "parked", "calls_missing");
  if (found.calls.length === 0) return unread(landing, "ignored", "other_program");
  if (landing.transactionIndex === null) return unread(landing, "parked", "position_unknown");
  const events: LedgerEvent[] = [];
  for (const [i, call] of found.calls.entries()) {
    try {
      // An instruction that cannot be read was refused by the program for just that.
      const event = eventFromInstruction(program, call.data(), call.accounts(), i);
      if (event) events.push(event);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
  }
  return { verdict: "read", ...landing, failed: true, events, tokenBalances: [] };
}
