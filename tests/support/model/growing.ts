/**
 * A model that grows step by step, for tests of the auditor itself.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { signature } from "@/tests/support/raw_delivery.ts";
import { emptyModel, type Model, receive, rollBack } from "./model.ts";
import { stateOf, type VaultState } from "./state.ts";

/** A model, and what it shows in short. */
export interface Growing {
  /** Takes one delivery. Gives outcomes with their codes. */
  take(...transactions: ChainTransaction[]): string[];
  /** Takes one delivery of what is finalized. */
  takeFinalized(...transactions: ChainTransaction[]): string[];
  /** Rolls these landings back. Gives how many of them lie nowhere now. */
  lose(...transactions: ChainTransaction[]): number;
  model(): Model;
  /** By the name that its signature is made from. */
  outcome(name: string): string | undefined;
  /** An owner's rows: type, status, amount, before, after. */
  rows(owner: string): string[];
  /** An owner's vault: status, total, locked, available, deposited, withdrawn. */
  vault(owner: string): string | undefined;
}

/** A model that has heard of nothing yet. */
export function growing(): Growing {
  let model = emptyModel();
  const advance = (transactions: ChainTransaction[], finalized: boolean): string[] => {
    const { model: next, settlements } = receive(model, transactions, { finalized });
    model = next;
    return settlements.map(inFull);
  };
  const vaultOf = (owner: string): VaultState | undefined =>
    stateOf(model).vaults.find((vault) => vault.owner === owner);
  return {
    take: (...transactions) => advance(transactions, false),
    takeFinalized: (...transactions) => advance(transactions, true),
    lose(...transactions): number {
      const lost = transactions.map(({ signature = "", slot = 0 }) => ({ signature, slot }));
      const { model: next, signatures } = rollBack(model, lost);
      model = next;
      return signatures.length;
    },
    model: () => model,
    outcome: (name) => stateOf(model).outcomes.get(signature(name)),
    rows: (owner) =>
      vaultOf(owner)?.rows.map((row) => [row.type, row.status, row.amount, row.before, row.after].join(" ")) ?? [],
    vault(owner): string | undefined {
      const found = vaultOf(owner);
      if (!found) return undefined;
      const { total, locked, available, deposited, withdrawn } = found.balances;
      return [found.status, total, locked, available, deposited, withdrawn].join(" ");
    },
  };
}

function inFull({ outcome, code }: Settlement): string {
  return code === null ? outcome : `${outcome} ${code}`;
}
