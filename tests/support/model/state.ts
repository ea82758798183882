/**
 * What a ledger shows: its vaults, their rows in chain order, what was opened and closed, and what became of each signature.
 *
 * @module
 */
import type { Settlement } from "@/lib/domain/settlement.ts";
import { canBeShown } from "./explanation.ts";
import type { Leg, LegType } from "./leg.ts";
import { candidatesOf, type Model } from "./model.ts";
import { threadsOf } from "./misfit.ts";
import type { Place } from "./place.ts";
import { changesOf, type Status, type StatusChange, statusOf } from "./status.ts";
import { ownerAt, type Tenures, tenuresOf, type Vault } from "./tenure.ts";
import { after, type Balances, NOTHING } from "./thread.ts";

/** One row of a vault's ledger. Amounts in base units. */
export interface Row extends Place {
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
export interface VaultState extends Vault {
  readonly status: Status;
  readonly balances: Balances;
  readonly rows: readonly Row[];
}

/** Everything that the auditor compares. */
export interface LedgerState {
  /** In the order of their owners. */
  readonly vaults: readonly VaultState[];
  /** Outcome and code, as {@link inWords} puts them, by signature. */
  readonly outcomes: ReadonlyMap<string, string>;
  /** What was opened, closed, paused and resumed. */
  readonly changes: readonly StatusChange[];
}

/** What a model shows. */
export function stateOf(model: Model): LedgerState {
  const applied = candidatesOf(model.entries, "applied");
  const tenures = tenuresOf(applied);
  const changes = changesOf(applied, tenures);
  const failed = candidatesOf(model.entries, "failed").filter((candidate) => canBeShown(candidate, tenures));
  const histories = threadsOf([...applied, ...failed], tenures, new Set(tenures.keys()));
  const vaults = [...model.vaults.values()].map((vault): VaultState => ({
    ...vault,
    status: statusOf(vault, changes),
    ...written(histories.get(vault.owner) ?? [], tenures),
  }));
  const outcomes = [...model.entries].map(([signature, entry]) => [signature, inWords(entry)] as const);
  return { vaults: vaults.sort((a, b) => a.owner < b.owner ? -1 : 1), outcomes: new Map(outcomes), changes };
}

/** Codes of what is missing. */
const MISSING: readonly (string | null)[] = ["vault_unknown", "vault_of_another_owner", "balance_would_be_negative"];

/** An outcome with its code. Where several things are missing, the ledger may name whichever it likes. */
export function inWords({ outcome, code }: Pick<Settlement, "outcome" | "code">): string {
  const isMissing = outcome === "parked" && MISSING.includes(code);
  return code === null || isMissing ? outcome : `${outcome} ${code}`;
}

function written(legs: readonly Leg[], tenures: Tenures): Pick<VaultState, "balances" | "rows"> {
  let balances = NOTHING;
  const rows = legs.map((leg): Row => {
    const before = balances;
    balances = after(before, leg);
    const shown = leg.type === "lock" || leg.type === "unlock" ? "available" : "total";
    const { signature, slot, transactionIndex, ordinal, type, amount, otherVault } = leg;
    const counterparty = otherVault === null ? null : ownerAt(tenures, otherVault, leg);
    return {
      ...{ signature, slot, transactionIndex, ordinal, type, amount },
      status: leg.failed ? "failed" : "confirmed",
      ...{ before: before[shown], after: balances[shown], counterparty, note: leg.reason },
    };
  });
  return { balances, rows };
}

/** A state as lines of text, in one order, so that two of them can be compared and a difference read. */
export function linesOf({ vaults, outcomes, changes }: LedgerState): string[] {
  const ledger = vaults.flatMap(({ owner, address, tokenAccount, status, balances, rows }) => [
    ["vault", owner, address, tokenAccount, status, ...amountsOf(balances)].join(" "),
    ...rows.map((row) => lineOf(owner, row)),
  ]);
  const told = [...outcomes].map(([signature, outcome]) => `outcome ${signature} ${outcome}`);
  return [...ledger, ...told.sort(), ...changes.map(changeLine).sort()];
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

function changeLine(
  { address, owner, change, authority, slot, transactionIndex, ordinal, signature }: StatusChange,
): string {
  // Whose a vault was that was closed or paused follows from its openings: a ledger need not write it down.
  const whose = [address ?? "protocol", change === "initialise" ? owner : "-"];
  return [change, ...whose, slot, transactionIndex, ordinal, authority ?? "-", signature].join(" ");
}
