/**
 * The token balances of vaults around a transaction, where its payload carries them. They check the ledger and never feed it.
 *
 * @module
 */
import type { TokenBalanceChange } from "@/lib/domain/chain_transaction.ts";
import { countAt, type JsonObject, objectAt, optionalArrayAt } from "./fields.ts";

/** An exact amount of a token: what `uiTokenAmount.amount` holds. `uiAmount` beside it is rounded. */
const AMOUNT = /^(0|[1-9][0-9]{0,19})$/;

/**
 * The changes of token accounts that belong to one of `vaults`, in the order of the accounts. An account that is absent before held nothing.
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
    const owner = after.get(index)?.owner ?? before.get(index)?.owner;
    if (account === undefined || owner === undefined) continue;
    changes.push({ account, owner, before: before.get(index)?.amount ?? 0n, after: after.get(index)?.amount ?? 0n });
  }
  return changes;
}

function amountsOf(
  meta: JsonObject,
  key: "preTokenBalances" | "postTokenBalances",
  vaults: ReadonlySet<string>,
): Map<number, { owner: string; amount: bigint }> {
  const amounts = new Map<number, { owner: string; amount: bigint }>();
  for (const [i, value] of (optionalArrayAt(meta[key], `meta.${key}`) ?? []).entries()) {
    const entry = objectAt(value, `meta.${key}[${i}]`);
    const amount = objectAt(entry.uiTokenAmount, `meta.${key}[${i}].uiTokenAmount`).amount;
    if (
      typeof entry.owner !== "string" || !vaults.has(entry.owner) || typeof amount !== "string" || !AMOUNT.test(amount)
    ) continue;
    amounts.set(countAt(entry.accountIndex, `meta.${key}[${i}].accountIndex`), {
      owner: entry.owner,
      amount: BigInt(amount),
    });
  }
  return amounts;
}
