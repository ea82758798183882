/**
 * What a ledger shows: its vaults, their rows in chain order, and what became of each signature.
 *
 * @module
 */
import { canBeShown, candidatesOf, type Model } from "./model.ts";
import type { ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { knownVaults, threads } from "./admission.ts";
import type { Leg, LegType } from "./leg.ts";
import { after, type Balances, NOTHING } from "./thread.ts";

/** One row of a vault's ledger. Amounts in base units. */
export interface Row {
  readonly signature: string;
  readonly slot: number;
  readonly transactionIndex: number;
  readonly ordinal: number;
  readonly type: LegType;
  readonly status: "confirmed" | "failed";
  readonly amount: bigint;
  /** Of the available balance for lock and unlock, else of the total. */
  readonly before: bigint;
  readonly after: bigint;
  /** Owner of the other vault of a transfer. */
  readonly counterparty: string | null;
  /** Why a transfer happened. */
  readonly note: string | null;
}

/** One vault and its ledger, in chain order. */
export interface VaultState {
  readonly owner: string;
  readonly address: string;
  readonly tokenAccount: string;
  readonly balances: Balances;
  readonly rows: readonly Row[];
}

/** Everything that the auditor compares. */
export interface LedgerState {
  /** In the order of their owners. */
  readonly vaults: readonly VaultState[];
  /** Outcome and code, as {@link inWords} puts them, by signature. */
  readonly outcomes: ReadonlyMap<string, string>;
  /** What was said about the whole protocol: place, whether it pauses, by whom; one line each, in one order. */
  readonly pauses: readonly string[];
}

/** What a model shows. */
export function stateOf(model: Model): LedgerState {
  const applied = candidatesOf(model.entries, "applied");
  const known = knownVaults(applied);
  const failed = candidatesOf(model.entries, "failed").filter((candidate) => canBeShown(candidate, known));
  const histories = threads([...applied, ...failed], new Set(known.keys()));
  const vaults = [...known].map(([address, { owner, tokenAccount }]): VaultState => {
    const ownerOf = (vault: string | null): string | null => vault === null ? null : known.get(vault)?.owner ?? null;
    return { owner, address, tokenAccount, ...written(histories.get(address) ?? [], ownerOf) };
  });
  const outcomes = [...model.entries].map(([signature, entry]) => [signature, inWords(entry)] as const);
  return {
    vaults: vaults.sort((a, b) => a.owner < b.owner ? -1 : 1),
    outcomes: new Map(outcomes),
    pauses: applied.flatMap(({ transaction }) => pausesOf(transaction)).sort(),
  };
}

function pausesOf({ signature, slot, transactionIndex, events }: ReadTransaction): string[] {
  return events.flatMap((event) =>
    event.kind === "pause"
      ? [[slot, transactionIndex, event.ordinal, event.paused, event.authority, signature].join(" ")]
      : []
  );
}

/** An outcome with its code. Where several things are missing, the ledger may name whichever it likes. */
export function inWords({ outcome, code }: Pick<Settlement, "outcome" | "code">): string {
  const isMissing = outcome === "parked" && (code === "vault_unknown" || code === "balance_would_be_negative");
  return code === null || isMissing ? outcome : `${outcome} ${code}`;
}

function written(
  legs: readonly Leg[],
  ownerOf: (vault: string | null) => string | null,
): Pick<VaultState, "balances" | "rows"> {
  let balances = NOTHING;
  const rows = legs.map((leg): Row => {
    const before = balances;
    balances = after(before, leg);
    const shown = leg.type === "lock" || leg.type === "unlock" ? "available" : "total";
    const { signature, slot, transactionIndex, ordinal, type, amount } = leg;
    return {
      ...{ signature, slot, transactionIndex, ordinal, type, amount },
      status: leg.failed ? "failed" : "confirmed",
      ...{ before: before[shown], after: balances[shown], counterparty: ownerOf(leg.otherVault), note: leg.reason },
    };
  });
  return { balances, rows };
}

/** A state as lines of text, in one order, so that two of them can be compared and a difference read. */
export function linesOf({ vaults, outcomes, pauses }: LedgerState): string[] {
  const ledger = vaults.flatMap(({ owner, address, tokenAccount, balances, rows }) => [
    ["vault", owner, address, tokenAccount, ...amountsOf(balances)].join(" "),
    ...rows.map((row) => lineOf(owner, row)),
  ]);
  const told = [...outcomes].map(([signature, outcome]) => `outcome ${signature} ${outcome}`).sort();
  return [...ledger, ...told, ...pauses.map((line) => `pause ${line}`)];
}

/** The lines that only one of the two has; empty where they are the same lines in the same order. */
export function differences(ledger: readonly string[], auditor: readonly string[]): string[] {
  const [there, here] = [new Set(ledger), new Set(auditor)];
  const found = [
    ...[...there.difference(here)].map((line) => `the ledger alone has: ${line}`),
    ...[...here.difference(there)].map((line) => `the auditor alone has: ${line}`),
  ];
  const isSame = ledger.length === auditor.length && ledger.every((line, place) => line === auditor[place]);
  return isSame || found.length > 0 ? found : ["the same lines in another order, or more often"];
}

function amountsOf({ total, locked, available, deposited, withdrawn }: Balances): bigint[] {
  return [total, locked, available, deposited, withdrawn];
}

function lineOf(owner: string, row: Row): string {
  const place = [row.slot, row.transactionIndex, row.ordinal];
  const amounts = [row.amount, row.before, row.after];
  const rest = [row.counterparty ?? "-", row.note ?? "-", row.signature];
  return ["row", owner, ...place, row.type, row.status, ...amounts, ...rest].join(" ");
}
