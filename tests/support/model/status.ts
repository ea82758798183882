/**
 * Whether a vault is open: what was said about it, and about the whole protocol.
 *
 * @module
 */
import type { LedgerEvent } from "@/lib/domain/ledger_event.ts";
import type { Candidate } from "./candidate.ts";
import { byPlace, type Place } from "./place.ts";
import { ownerAt, type Tenures, type Vault } from "./tenure.ts";

/** What a vault's row says of it. */
export type Status = "active" | "paused" | "closed";

/** Something was opened, closed, paused or resumed. */
export interface StatusChange extends Place {
  /** Null: the whole protocol. */
  readonly address: string | null;
  /** Whose the address was then, or came to be. */
  readonly owner: string | null;
  readonly change: "initialise" | "close" | "pause" | "resume";
  /** Who paused or resumed. */
  readonly authority: string | null;
}

/** All that these transactions say of it, in chain order. */
export function changesOf(candidates: readonly Candidate[], tenures: Tenures): StatusChange[] {
  return candidates.flatMap(({ transaction: { signature, slot, transactionIndex, events } }) =>
    events.flatMap((event): StatusChange[] => {
      const change = changeOf(event);
      if (!change) return [];
      const place = { slot, transactionIndex: transactionIndex ?? 0, signature, ordinal: event.ordinal };
      const owner = event.kind === "initialise"
        ? event.owner
        : event.vault === null
        ? null
        : ownerAt(tenures, event.vault, place);
      const authority = event.kind === "pause" ? event.authority : null;
      return [{ ...place, address: event.vault, owner, change, authority }];
    })
  ).sort(byPlace);
}

function changeOf(event: LedgerEvent): StatusChange["change"] | null {
  if (event.kind === "initialise" || event.kind === "close") return event.kind;
  if (event.kind !== "pause") return null;
  return event.paused ? "pause" : "resume";
}

/** What the last change that concerns a vault makes of it. That its address came to be another's closes it. */
export function statusOf({ owner, address }: Vault, changes: readonly StatusChange[]): Status {
  const last = changes.findLast((change) =>
    change.address === address && (change.owner === owner || change.change === "initialise")
  );
  if (last?.owner !== owner) return "closed";
  return last.change === "close" ? "closed" : last.change === "pause" ? "paused" : "active";
}
