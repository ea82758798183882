/**
 * The token balances of vaults around a transaction, where its payload carries them. They check the ledger and never feed it.
 *
 * @module
 */
import type { TokenBalanceChange } from "@/lib/domain/chain_transaction.ts";
import { countAt, type JsonObject, objectAt, optionalArrayAt } from "./fields.ts";

/** An exact amount of a token: what `uiTokenAmount.amount` holds. `uiAmount` beside it is rounded. */
const AMOUNT = /^(0|[1-9][0-9]{0,19})$/;

/** The chain's amounts are u64. */
const U64_MAX = 2n ** 64n - 1n;

/**
 * The changes of token accounts that belong to one of `vaults`, in the order of the accounts. An account that is absent before held nothing.
 * One whose amount is no exact amount, before or after, is left out: what cannot be read checks nothing.
 *
 * @throws {Malformed} when an entry points to no account.
 */
export function tokenBalancesOf(
  meta: JsonObject,
  keys: readonly string[],
  vaults: ReadonlySet<string>,
): TokenBalanceChange[] {
  const before = amountsOf(meta, "preTokenBalances", vaults);
  const after = amountsOf(meta, "postTokenBalances", vaults);
  const changes: TokenBalanceChange[] = [];
  for (const index of [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => a - b)) {
    const account = keys[index];
    const [held, holds] = [before.get(index) ?? NOTHING, after.get(index) ?? NOTHING];
    const owner = holds.owner ?? held.owner;
    if (account === undefined || owner === null || held.amount === null || holds.amount === null) continue;
    changes.push({ account, owner, before: held.amount, after: holds.amount });
  }
  return changes;
}

/** What a token account holds. */
interface Holding {
  readonly owner: string | null;
  /** Null where it cannot be read. */
  readonly amount: bigint | null;
}

const NOTHING: Holding = { owner: null, amount: 0n };

function amountsOf(
  meta: JsonObject,
  key: "preTokenBalances" | "postTokenBalances",
  vaults: ReadonlySet<string>,
): Map<number, Holding> {
  const amounts = new Map<number, Holding>();
  for (const [i, value] of (optionalArrayAt(meta[key], `meta.${key}`) ?? []).entries()) {
    const entry = objectAt(value, `meta.${key}[${i}]`);
    const amount = objectAt(entry.uiTokenAmount, `meta.${key}[${i}].uiTokenAmount`).amount;
    if (typeof entry.owner !== "string" || !vaults.has(entry.owner)) continue;
    amounts.set(countAt(entry.accountIndex, `meta.${key}[${i}].accountIndex`), {
      owner: entry.owner,
      amount: exactAmount(amount),
    });
  }
  return amounts;
}

function exactAmount(text: unknown): bigint | null {
  if (typeof text !== "string" || !AMOUNT.test(text)) return null;
  const amount = BigInt(text);
  return amount <= U64_MAX ? amount : null;
}
