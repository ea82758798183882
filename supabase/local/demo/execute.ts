/**
 * Runs a transaction: every step or none, as Solana does.
 *
 * @module
 */
import type { AddressBook } from "./address.ts";
import type { VaultEvent } from "./events.ts";
import { budgetInstructions } from "./instructions.ts";
import { applyVaultStep, moveTokens, type Outcome, type TokenMove } from "./program.ts";
import { type ForeignStep, isVaultStep, type Step, type TransactionDraft, type TransactionRecord } from "./record.ts";
import { INSUFFICIENT_FUNDS, type Refusal } from "./refusals.ts";
import { type ChainState, withEntry } from "./state.ts";

/** What every wallet holds when it first appears on the demo chain: 1000 SOL and 5 000 000 USDT. */
const WALLET_LAMPORTS = 1_000_000_000_000;
const WALLET_USDT = 5_000_000_000_000n;
const LAMPORTS_PER_SIGNATURE = 5000;

/** What one step came to. */
export interface StepResult {
  readonly step: Step;
  readonly events: readonly VaultEvent[];
  readonly moves: readonly TokenMove[];
  /** Set on the step that failed the transaction. */
  readonly refusal: Refusal | null;
}

/** What a transaction came to. */
export interface Execution {
  readonly before: ChainState;
  readonly after: ChainState;
  /** The steps that ran, in order: all of them, or those up to the one that failed. */
  readonly results: readonly StepResult[];
  /** The failed top-level instruction and its custom error number; null on success. */
  readonly error: { readonly instruction: number; readonly code: number } | null;
  /** Lamports. */
  readonly fee: number;
}

/** Runs the transaction on the state, which is not changed. A failed one costs its fee and does nothing else. */
export function execute(state: ChainState, record: TransactionRecord, book: AddressBook): Execution {
  const before = openWallets(state, record, book);
  const fee = transactionFee(record);
  const paid = (before.lamports.get(record.payer) ?? 0) - fee;
  const charged = { ...before, lamports: withEntry(before.lamports, record.payer, paid) };
  let after: ChainState = charged;
  const results: StepResult[] = [];
  for (const [place, step] of record.steps.entries()) {
    const outcome = isVaultStep(step)
      ? applyVaultStep(after, step, book, record.time)
      : applyForeignStep(after, step, book);
    if (!outcome.ok) {
      results.push({ step, events: [], moves: outcome.moves, refusal: outcome.refusal });
      const instruction = budgetInstructions(record).length + place;
      return { before, after: charged, results, error: { instruction, code: outcome.refusal.code }, fee };
    }
    results.push({ step, events: outcome.events, moves: outcome.moves, refusal: null });
    after = outcome.state;
  }
  return { before, after, results, error: null, fee };
}

/**
 * Gives every wallet that the transaction names its first funds, if it is new. On the real chain these would have come by
 * earlier transactions; here they belong to the beginning and are only written down when they are first needed.
 */
export function openWallets(state: ChainState, draft: TransactionDraft, book: AddressBook): ChainState {
  let { lamports, tokens } = state;
  const owners = [draft.payer, ...draft.steps.flatMap(walletOwners)];
  for (const owner of owners) {
    if (!lamports.has(owner)) lamports = withEntry(lamports, owner, WALLET_LAMPORTS);
  }
  for (const owner of draft.steps.flatMap(tokenOwners)) {
    const address = book.walletOf(owner);
    if (!tokens.has(address)) tokens = withEntry(tokens, address, { owner, amount: WALLET_USDT });
  }
  return { ...state, lamports, tokens };
}

function walletOwners(step: Step): string[] {
  if ("admin" in step) return [step.admin];
  if ("signer" in step) return [step.signer];
  if (step.kind === "lamports_transfer") return [step.from, step.to];
  return tokenOwners(step);
}

function tokenOwners(step: Step): string[] {
  if ("user" in step) return [step.user];
  if (step.kind === "lamports_transfer") return [step.to];
  return step.kind === "token_transfer" ? [step.from] : [];
}

function transactionFee({ signatures, budget }: TransactionRecord): number {
  const priority = budget ? Math.ceil((budget.units * budget.price) / 1_000_000) : 0;
  return signatures.length * LAMPORTS_PER_SIGNATURE + priority;
}

function applyForeignStep(state: ChainState, step: ForeignStep, book: AddressBook): Outcome {
  const nothing = { events: [], moves: [] };
  if (step.kind === "token_transfer") {
    const source = book.walletOf(step.from);
    const moved = moveTokens(state, { source, destination: step.to, authority: step.from, amount: step.amount });
    return moved
      ? { ok: true, state: moved, ...nothing }
      : { ok: false, refusal: { ...INSUFFICIENT_FUNDS, inCall: false }, moves: [] };
  }
  if (step.kind === "lamports_transfer") {
    const paid = withEntry(state.lamports, step.from, (state.lamports.get(step.from) ?? 0) - step.lamports);
    const lamports = withEntry(paid, step.to, (paid.get(step.to) ?? 0) + step.lamports);
    return { ok: true, state: { ...state, lamports }, ...nothing };
  }
  return { ok: true, state, ...nothing };
}
