/**
 * Vaults, and deposits into each of them in turn, as the webhook delivers them: bodies, and what is read from them.
 *
 * @module
 */
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { readDelivery } from "@/lib/chain/delivery.ts";
import { compileProgram } from "@/lib/chain/program.ts";
import type { Delivery } from "@/lib/ledger/ingest.ts";
import { at, initialise } from "@/tests/support/book.ts";
import { bodyOf, events, key, logOf, PROGRAM, rawTransaction } from "@/tests/support/raw_delivery.ts";

const program = compileProgram(PROGRAM, idl, mapping);

/** A body, and what is read from it. */
export interface WebhookDelivery extends Delivery {
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A chain on which everybody deposits, one after the other. */
export class Deposits {
  readonly owners: readonly string[];
  readonly #totals: bigint[];
  #slot = 1;
  #next = 0;

  constructor(vaults: number) {
    this.owners = Array.from({ length: vaults }, (_, number) => key(`owner ${number}`));
    this.#totals = this.owners.map(() => 0n);
  }

  /** The deliveries that open every vault. */
  openings(): Delivery[] {
    const deliveries: Delivery[] = [];
    for (let from = 0; from < this.owners.length; from += 1000) {
      const transactions = this.owners.slice(from, from + 1000).map((owner) => at(this.#slot++, [initialise(owner)]));
      deliveries.push({ source: "webhook", body: new TextEncoder().encode(`opening ${from}`), transactions });
    }
    return deliveries;
  }

  /** So many transactions of one deposit each. */
  delivery(size: number): WebhookDelivery {
    const body = bodyOf(...Array.from({ length: size }, () => this.#deposit()));
    return { source: "webhook", body, transactions: readDelivery(body, program) };
  }

  #deposit(): ReturnType<typeof rawTransaction> {
    const place = this.#next++ % this.owners.length;
    const total = this.#totals[place] = (this.#totals[place] ?? 0n) + 5_000_000n;
    const slot = this.#slot++;
    const logs = logOf(events.deposit(this.owners[place] ?? "", 5_000_000n, total));
    return rawTransaction({ slot, blockTime: 1_700_000_000 + slot, logs });
  }
}
