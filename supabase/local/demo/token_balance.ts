/**
 * The token balances in a transaction's `meta`.
 *
 * @module
 */
import { type AddressBook, TOKEN_PROGRAM } from "./address.ts";
import type { ChainState } from "./state.ts";

/** USDT's decimals. */
const DECIMALS = 6;

/** One token account that the transaction names. */
export interface TokenBalance {
  readonly accountIndex: number;
  readonly mint: string;
  readonly owner: string;
  readonly programId: string;
  readonly amount: bigint;
}

/** A token balance as JSON. `uiAmount` is a float and never exact. */
export interface TokenBalanceJson {
  readonly accountIndex: number;
  readonly mint: string;
  readonly owner: string;
  readonly programId: string;
  readonly uiTokenAmount: {
    readonly amount: string;
    readonly decimals: number;
    readonly uiAmount: number | null;
    readonly uiAmountString: string;
  };
}

/** The balances of those accounts that are USDT accounts, in the order of the list. */
export function tokenBalances(state: ChainState, keys: readonly string[], book: AddressBook): TokenBalance[] {
  return keys.flatMap((key, accountIndex) => {
    const token = state.tokens.get(key);
    if (!token) return [];
    return [{ accountIndex, mint: book.mint, owner: token.owner, programId: TOKEN_PROGRAM, amount: token.amount }];
  });
}

/** The balance as JSON; `single` rounds `uiAmount` to a 32-bit float, as Helius does and a node does not. */
export function tokenBalanceJson(balance: TokenBalance, { single }: { single: boolean }): TokenBalanceJson {
  const { amount, ...rest } = balance;
  const text = decimalText(amount);
  // A node leaves out a zero, which then reads as null.
  const exact = amount === 0n ? null : parseDecimal(text);
  const uiAmount = exact !== null && single ? shortestSingle(exact) : exact;
  return {
    ...rest,
    uiTokenAmount: { amount: amount.toString(), decimals: DECIMALS, uiAmount, uiAmountString: text },
  };
}

/** 89700569n → "89.700569", 1500000n → "1.5", 2000000n → "2". */
function decimalText(amount: bigint): string {
  const digits = amount.toString().padStart(DECIMALS + 1, "0");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "");
  const whole = digits.slice(0, -DECIMALS);
  return fraction ? `${whole}.${fraction}` : whole;
}

/** The shortest decimal that names the same 32-bit float: 89.700569 → 89.70057. */
function shortestSingle(value: number): number {
  const single = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = parseDecimal(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return parseDecimal(single.toPrecision(9));
}

/** Only for `uiAmount`, which is a float by definition. */
function parseDecimal(text: string): number {
  return +text;
}
