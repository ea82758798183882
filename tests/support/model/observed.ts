/**
 * What the database shows, in the words of the model.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { Outcome } from "@/lib/domain/settlement.ts";
import { connected, misfitOf } from "./admission.ts";
import { candidatesOf, explain, type Model } from "./model.ts";
import { inWords, type LedgerState, linesOf, type Row, stateOf, type VaultState } from "./state.ts";

/** How often each content of each signature came: `signature outcome-kind count`, in one order. */
export type Counts = readonly string[];

/** Reads the whole ledger. */
export async function observed(sql: Sql): Promise<LedgerState & { readonly counts: Counts }> {
  const [vaults, rows, inbox, pauses] = await Promise.all([
    sql`select owner, vault_address, token_account, total_balance, locked_balance, available_balance, total_deposited,
               total_withdrawn
          from public.vaults`,
    sql`select vault_owner, signature, slot, transaction_index, event_index, transaction_type, status, amount,
               balance_before, balance_after, counterparty, note
          from public.transactions
         order by slot, transaction_index, event_index, transaction_type = 'transfer_in'`,
    sql<{ signature: string; outcome: Outcome; code: string | null; times_seen: number }[]>`
        select signature, outcome, code, times_seen from vaultbook.inbox where signature is not null`,
    sql`
        select slot, transaction_index, event_index, change = 'pause' as is_paused, authority, signature
          from vaultbook.status_changes where vault_address is null and rolled_back_at is null`,
  ]);
  const rowsOf = Map.groupBy(rows, (row) => String(row.vault_owner));
  const states = vaults.map((vault): VaultState => ({
    owner: String(vault.owner),
    address: String(vault.vault_address),
    tokenAccount: String(vault.token_account),
    balances: {
      total: BigInt(vault.total_balance),
      locked: BigInt(vault.locked_balance),
      available: BigInt(vault.available_balance),
      deposited: BigInt(vault.total_deposited),
      withdrawn: BigInt(vault.total_withdrawn),
    },
    rows: (rowsOf.get(String(vault.owner)) ?? []).map(rowOf),
  }));
  const outcomes = inbox.filter(({ outcome }) => outcome !== "conflict")
    .map((entry) => [entry.signature, inWords(entry)] as const);
  return {
    vaults: states.sort((a, b) => a.owner < b.owner ? -1 : 1),
    outcomes: new Map(outcomes),
    pauses: pauses.map((pause) => Object.values(pause).join(" ")).sort(),
    counts: inbox.map(({ signature, outcome, times_seen }) => countLine(signature, outcome === "conflict", times_seen))
      .sort(),
  };
}

function rowOf(row: Record<string, unknown>): Row {
  return {
    signature: String(row.signature),
    slot: Number(row.slot),
    transactionIndex: Number(row.transaction_index),
    ordinal: Number(row.event_index),
    type: row.transaction_type as Row["type"],
    status: row.status as Row["status"],
    amount: BigInt(String(row.amount)),
    before: BigInt(String(row.balance_before)),
    after: BigInt(String(row.balance_after)),
    counterparty: row.counterparty as string | null,
    note: row.note as string | null,
  };
}

/** The counts of a model. */
export function countsOf({ entries, conflicts }: Model): Counts {
  return [
    ...[...entries].map(([signature, { seen }]) => countLine(signature, false, seen)),
    ...conflicts.map(({ transaction, seen }) => countLine(transaction.signature, true, seen)),
  ].sort();
}

function countLine(signature: string, isConflict: boolean, seen: number): string {
  return `${signature} ${isConflict ? "conflict" : "held"} × ${seen}`;
}

/**
 * What a ledger has to show that has heard what `model` has, and has taken up what `state` says it has. Which of two things
 * that exclude each other it takes up is its own choice; all else follows. It has no such choice where what it has taken up is
 * impossible, and where something waits that is possible: by itself, or with all that waits for the same vaults.
 */
export function implied(
  model: Model,
  { outcomes }: Pick<LedgerState, "outcomes">,
): { lines: string[] } | { impossible: string } {
  const entries = new Map([...model.entries].map(([signature, entry]) => {
    if (!entry.candidate || entry.candidate.transaction.failed) return [signature, entry] as const;
    const outcome: Outcome = outcomes.get(signature) === "applied" ? "applied" : "parked";
    return [signature, { ...entry, outcome, code: null }] as const;
  }));
  const applied = candidatesOf(entries, "applied");
  const misfit = misfitOf([], applied);
  if (misfit) return { impossible: `${misfit.candidate.transaction.signature} is applied although ${misfit.why}` };
  const waiting = candidatesOf(entries, "parked");
  for (const group of [...waiting.map((candidate) => [candidate]), ...connected(waiting)]) {
    if (misfitOf(applied, group)) continue;
    const names = group.map(({ transaction }) => transaction.signature);
    return { impossible: `Not applied although nothing is in the way: ${names.join(" with ")}` };
  }
  explain(entries);
  return { lines: linesOf(stateOf({ ...model, entries })) };
}
