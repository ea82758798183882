/**
 * A chain of deposits, withdrawals, locks and transfers of random vaults, as the webhook delivers it.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Delivery } from "@/lib/ledger/ingest.ts";
import { at, deposit, initialise, lock, transfer, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { bodyOf, events, key, logOf, rawTransaction } from "@/tests/support/raw_delivery.ts";
import { generator } from "@/tests/support/seeded.ts";

/** What a vault begins with, in base units: enough for whatever is drawn, and too little for an alert. */
const START = 5_000_000_000n;

/** Transactions of one event each, in the order of the chain. */
export class Chain {
  readonly owners: readonly string[];
  readonly #random = generator(1);
  #slot = 1;

  constructor(vaults: number) {
    this.owners = Array.from({ length: vaults }, (_, number) => key(`owner ${number}`));
  }

  /** The deliveries that open every vault. */
  *openings(): Generator<Delivery> {
    for (let from = 0; from < this.owners.length; from += 1000) {
      const owners = this.owners.slice(from, from + 1000);
      yield deliveryOf(owners.map((owner) => at(this.#slot++, [initialise(owner), deposit(owner, START)])));
    }
  }

  /** The next so many transactions. */
  delivery(size: number): Delivery {
    return deliveryOf(this.transactions(size));
  }

  /** The same as transactions; of one owner where one is named. */
  transactions(size: number, owner?: string): ChainTransaction[] {
    return Array.from({ length: size }, () => at(this.#slot++, [this.#event(owner ?? this.#owner())]));
  }

  #event(owner: string): Unplaced {
    const amount = 1n + BigInt(Math.floor(this.#random() * 1_000_000));
    const kind = this.#random();
    if (kind < 0.5) return deposit(owner, amount);
    if (kind < 0.7) return withdrawal(owner, amount);
    return kind < 0.95 ? lock(owner, amount) : transfer(owner, this.#owner(), amount);
  }

  #owner(): string {
    return this.owners[Math.floor(this.#random() * this.owners.length)] ?? "";
  }
}

/** With bytes like those that tell of such transactions. */
export function deliveryOf(transactions: readonly ChainTransaction[]): Delivery {
  const raw = transactions.map(({ signature, slot }) =>
    rawTransaction({
      ...(signature ? { signature } : {}),
      ...(slot === undefined ? {} : { slot }),
      logs: logOf(events.deposit(key("owner 0"), 1n, 1n)),
    })
  );
  return { source: "webhook", body: bodyOf(...raw), transactions };
}
