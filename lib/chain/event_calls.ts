/**
 * Events that a program tells by calling itself (`emit_cpi!`): an instruction whose data are a tag and then the event, and whose only account
 * is an address that nobody but the program can sign for.
 *
 * @module
 */
import type { LogEntry } from "./invocation_log.ts";
import { eventAuthority } from "./pda.ts";
import type { VaultProgram } from "./program.ts";
import type { VaultCall } from "./vault_calls.ts";

/** The first eight bytes of sha256("anchor:event"), as a little-endian number. */
const TAG = Uint8Array.of(0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d);

/** Whether a call of the vault program is meant to tell of an event, by whomever. */
export function isEventCall(call: VaultCall): boolean {
  const data = call.data();
  return TAG.every((byte, i) => data[i] === byte);
}

/** The event's bytes in a call that {@link isEventCall}; null where it does not carry the program's own address for events. */
export function eventOfCall(program: VaultProgram, call: VaultCall): Uint8Array | null {
  const accounts = call.accounts();
  const isSigned = accounts.length === 1 && accounts[0] === eventAuthority(program);
  return isSigned ? call.data().subarray(TAG.length) : null;
}

/** What the program told, in order: base64 that it logged, or bytes with which it called itself. */
export type Told = string | Uint8Array;

/**
 * Everything that the program told, in the order of the log: a line where it stands, a call where it begins.
 *
 * @param entries the program's entries in a whole log.
 * @param calls the calls of the program by the payload's instructions.
 * @returns null where the two do not show the same calls, so that one that told of an event may be missing or taken for another.
 */
export function toldIn(
  program: VaultProgram,
  entries: readonly LogEntry[],
  calls: readonly VaultCall[],
): Told[] | null {
  const logged = entries.filter((entry) => entry.kind === "call");
  if (logged.length < calls.length) return null;
  const callsItself = logged.some(({ byItself }) => byItself) || calls.some(({ caller }) => caller === "vault program");
  if (callsItself && (logged.length > calls.length || logged.some((entry, i) => contradicts(entry, calls[i])))) {
    return null;
  }
  const told: Told[] = [];
  let number = 0;
  for (const entry of entries) {
    if (entry.kind === "data") {
      told.push(entry.text);
      continue;
    }
    const call = calls[number++];
    if (!call || !entry.byItself || entry.undone || !isEventCall(call)) continue;
    const event = eventOfCall(program, call);
    if (event) told.push(event);
  }
  return told;
}

/** Whether the instructions name another caller than the log does. */
function contradicts({ byItself }: { byItself: boolean }, call: VaultCall | undefined): boolean {
  const caller = call?.caller ?? null;
  return caller !== null && (caller === "vault program") !== byItself;
}
