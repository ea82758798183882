/**
 * The token balances of vaults around a transaction, where its payload carries them. They check what was read and never feed it.
 *
 * @module
 */
import type { TokenBalanceChange } from "@/lib/domain/chain_transaction.ts";
import { arrayAt, countAt, type JsonObject, Malformed, objectAt, optionalArrayAt, stringAt } from "./fields.ts";

/** An exact amount of a token: what `uiTokenAmount.amount` holds. `uiAmount` beside it is rounded. */
const AMOUNT = /^(0|[1-9][0-9]{0,19})$/;
/** An exact change: what `rawTokenAmount.tokenAmount` holds. `tokenAmount` in `tokenTransfers` is rounded. */
const CHANGE = /^(0|-?[1-9][0-9]{0,19})$/;

/** The chain's amounts are u64. */
const U64_MAX = 2n ** 64n - 1n;

/** By how much each token account of a vault changed, in base units; null where the payload holds no exact amount. */
export type TokenChanges = readonly { readonly owner: string; readonly change: bigint | null }[];

/**
 * The token accounts of a raw payload that belong to one of `vaults`, in the order of the accounts. One that is absent before held nothing.
 * One whose amount is no exact amount, before or after, is left out: what cannot be read checks nothing.
 *
 * @throws {Malformed} when an entry of a vault points to no account.
 */
export function tokenBalancesOf(
  meta: JsonObject,
  keys: readonly string[],
  vaults: ReadonlySet<string>,
): TokenBalanceChange[] {
  return holdingsOf(meta, keys, vaults).flatMap(({ account, owner, before, after }) =>
    before === null || after === null ? [] : [{ account, owner, before, after }]
  );
}

/**
 * What a raw payload says of the token accounts that belong to one of `vaults`; null where it says nothing of any account.
 *
 * @throws {Malformed} as {@link tokenBalancesOf}.
 */
export function rawTokenChanges(
  meta: JsonObject,
  keys: readonly string[],
  vaults: ReadonlySet<string>,
): TokenChanges | null {
  if ((meta.preTokenBalances ?? null) === null || (meta.postTokenBalances ?? null) === null) return null;
  return holdingsOf(meta, keys, vaults).map(({ owner, before, after }) => ({
    owner,
    change: before === null || after === null ? null : after - before,
  }));
}

/** What a token account of a vault held and holds; null where that is no exact amount. */
interface Holdings {
  readonly account: string;
  readonly owner: string;
  readonly before: bigint | null;
  readonly after: bigint | null;
}

/** Where a payload has what was held, and then what is. */
const SIDES = [["preTokenBalances", "before"], ["postTokenBalances", "after"]] as const;

function holdingsOf(meta: JsonObject, keys: readonly string[], vaults: ReadonlySet<string>): Holdings[] {
  const byIndex = new Map<number, Holdings>();
  for (const [key, side] of SIDES) {
    const entries = optionalArrayAt(meta[key], `meta.${key}`) ?? [];
    entries.forEach((value, i) => {
      // Old nodes do not tell whose an account is.
      const owner = (value as JsonObject | null)?.owner ?? objectAt(value, `meta.${key}[${i}]`).owner;
      if (typeof owner !== "string" || !vaults.has(owner)) return;
      const { accountIndex, uiTokenAmount } = value as JsonObject;
      const { amount } = objectAt(uiTokenAmount, `meta.${key}[${i}].uiTokenAmount`);
      const index = countAt(accountIndex, `meta.${key}[${i}].accountIndex`);
      const account = keys[index];
      if (account === undefined) throw new Malformed("accountIndex", `an index into ${keys.length} accounts`, index);
      const holdings = byIndex.get(index) ?? { account, owner, before: 0n, after: 0n };
      byIndex.set(index, { ...holdings, owner, [side]: exact(amount, AMOUNT) });
    });
  }
  return [...byIndex].sort(([one], [other]) => one - other).map(([, holdings]) => holdings);
}

/**
 * What an enhanced payload says of the token accounts that belong to one of `vaults`; null where it says nothing of any account.
 *
 * @throws {Malformed} when an entry is none.
 */
export function enhancedTokenChanges(item: JsonObject, vaults: ReadonlySet<string>): TokenChanges | null {
  const accounts = optionalArrayAt(item.accountData, "accountData");
  return accounts?.flatMap((value, i) => {
    // As most are.
    const changes = (value as JsonObject | null)?.tokenBalanceChanges;
    if (Array.isArray(changes) && changes.length === 0) return [];
    const path = `accountData[${i}].tokenBalanceChanges`;
    return arrayAt(objectAt(value, `accountData[${i}]`).tokenBalanceChanges, path).flatMap((value, j) => {
      const entry = objectAt(value, `${path}[${j}]`);
      const owner = stringAt(entry.userAccount, `${path}[${j}].userAccount`);
      if (!vaults.has(owner)) return [];
      const { tokenAmount } = objectAt(entry.rawTokenAmount, `${path}[${j}].rawTokenAmount`);
      return [{ owner, change: exact(tokenAmount, CHANGE) }];
    });
  }) ?? null;
}

/** The number, where the text is one that a u64 or its change can be. */
function exact(text: unknown, pattern: RegExp): bigint | null {
  if (typeof text !== "string" || !pattern.test(text)) return null;
  const amount = BigInt(text);
  return amount <= U64_MAX && amount >= -U64_MAX ? amount : null;
}
