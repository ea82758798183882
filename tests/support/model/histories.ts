/**
 * Several random histories on one chain.
 *
 * @module
 */
import type { ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Dice } from "./dice.ts";
import { randomHistory } from "./history.ts";

/** More transactions than a block of {@link randomHistory} holds. */
const BLOCK = 1_000;

/** So many histories beside each other, which share blocks and no vault, in chain order. */
export function histories(
  name: string,
  dice: Dice,
  count: number,
  size: { owners: number; transactions: number },
): ReadTransaction[] {
  const apart = Array.from(
    { length: count },
    (_, number) =>
      randomHistory(`${name} history ${number}`, dice, size).transactions.map((transaction) => ({
        ...transaction,
        transactionIndex: (transaction.transactionIndex ?? 0) + number * BLOCK,
      })),
  );
  return apart.flat().sort((a, b) => a.slot - b.slot || a.transactionIndex - b.transactionIndex);
}
