/**
 * What became of each transaction, given which of them stand, and why.
 *
 * @module
 */
import type { Outcome } from "@/lib/domain/settlement.ts";
import { joined } from "./admission.ts";
import type { Candidate } from "./candidate.ts";
import type { Entry } from "./model.ts";
import { type Tenures, tenuresOf } from "./tenure.ts";

/** What may still be waits; what can never be is quarantined. */
export function explain(entries: Map<string, Entry>, standing: readonly Candidate[]): void {
  const stands = new Set(standing);
  const tenures = tenuresOf(standing);
  for (const [signature, entry] of entries) {
    const { candidate } = entry;
    if (!candidate) continue;
    const [outcome, code] = candidate.transaction.failed
      ? ["failed" as const, canBeShown(candidate, tenures) ? null : "vault_unknown"]
      : stands.has(candidate)
      ? ["applied" as const, null]
      : entry.outcome === "quarantined"
      ? [entry.outcome, entry.code]
      : whyNot(standing, candidate);
    if (entry.outcome !== outcome || entry.code !== code) entries.set(signature, { ...entry, outcome, code });
  }
}

function whyNot(standing: readonly Candidate[], candidate: Candidate): [Outcome, string] {
  const [misfit] = joined(standing, [candidate]).misfits;
  switch (misfit?.why ?? "another_owner") {
    case "negative":
      return ["parked", "balance_would_be_negative"];
    case "too_large":
      return ["quarantined", "amount_out_of_range"];
    case "another_owner":
      return ["parked", "vault_of_another_owner"];
    case "vault_unknown":
    case "second_vault":
      return ["parked", "vault_unknown"];
  }
}

/**
 * Whether a failed transaction has rows. It waits whole until all its vaults are known, where a transfer would have gone among
 * them: a row names the counterparty.
 */
export function canBeShown({ legs }: Candidate, tenures: Tenures): boolean {
  return legs.every(({ vault, otherVault }) => tenures.has(vault) && (otherVault === null || tenures.has(otherVault)));
}
