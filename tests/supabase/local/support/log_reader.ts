/**
 * Reads transactions the way a careful indexer must, and knows nothing of how the demo chain writes them.
 *
 * @module
 */
import type { RawItem } from "@/supabase/local/demo/transaction_json.ts";

/** What the logs of a transaction say of one program. */
export interface LogReading {
  /** Bytes of `Program data:` lines logged while the program itself was running. */
  readonly events: Uint8Array[];
  /** True when every program that began also ended, at the right depth, and none ended that had not begun. */
  readonly balanced: boolean;
}

/** Follows the invoke and success lines. */
export function readLogs(lines: readonly string[], program: string): LogReading {
  const stack: string[] = [];
  const events: Uint8Array[] = [];
  let balanced = true;
  for (const line of lines) {
    const begin = /^Program ([1-9A-HJ-NP-Za-km-z]+) invoke \[(\d+)\]$/.exec(line);
    const end = /^Program ([1-9A-HJ-NP-Za-km-z]+) (?:success|failed: .+)$/.exec(line);
    const data = /^Program data: ([A-Za-z0-9+/=]+)$/.exec(line);
    if (begin) {
      stack.push(begin[1] ?? "");
      balanced &&= stack.length === +(begin[2] ?? 0);
    } else if (end) {
      balanced &&= stack.pop() === end[1];
    } else if (data && stack.at(-1) === program) {
      events.push(Uint8Array.fromBase64(data[1] ?? ""));
    }
  }
  return { events, balanced: balanced && stack.length === 0 };
}

/** How much each account's USDT grew, by the token balances of the item. */
export function tokenGrowth(item: RawItem): Map<string, bigint> {
  const { loadedAddresses, preTokenBalances, postTokenBalances } = item.meta;
  const keys = [
    ...item.transaction.message.accountKeys,
    ...loadedAddresses.writable,
    ...loadedAddresses.readonly,
  ];
  const growth = new Map<string, bigint>();
  const add = (index: number, amount: bigint): void => {
    const key = keys[index] ?? "";
    growth.set(key, (growth.get(key) ?? 0n) + amount);
  };
  for (const { accountIndex, uiTokenAmount } of preTokenBalances) add(accountIndex, -BigInt(uiTokenAmount.amount));
  for (const { accountIndex, uiTokenAmount } of postTokenBalances) add(accountIndex, BigInt(uiTokenAmount.amount));
  return growth;
}
