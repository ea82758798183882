/**
 * Senders that hand over deliveries, several at a time, and each of them again until it has been acknowledged.
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";

/** A delivery, and what is read from it. */
export interface Parcel {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly transactions: readonly ChainTransaction[];
}

/** An acknowledgement: what became of each transaction of a delivery, as far as its sender knows. */
export interface Receipt {
  readonly parcel: Parcel;
  readonly settlements: readonly Pick<Settlement, "signature" | "outcome">[];
}

/** Senders at work. */
export interface Senders {
  /** Deliveries that were handed over and not answered yet. */
  underWay(): readonly Parcel[];
  /** All that was acknowledged, in the order of the answers. */
  receipts(): readonly Receipt[];
  /** Resolves at the next acknowledgement, or when there is nothing left. */
  next(): Promise<void>;
  /** Resolves when everything is acknowledged, when the senders are stopped, or when one gives up. */
  readonly done: Promise<void>;
  /** Lets nobody send until {@link Senders.resume}; what is under way stays under way. */
  hold(): void;
  resume(): void;
  /** Ends them, whatever is left. */
  stop(): void;
  /** Why they gave up; null where they did not. */
  failure(): unknown;
}

/** What a sender waits before it tries again. Milliseconds. */
const PAUSE_MS = 30;
/** How often a sender tries. A crash costs one attempt, or a few. */
const ATTEMPTS_MAX = 200;

/**
 * Starts so many senders on these parcels.
 *
 * @param send hands one over. What it throws means that nobody knows what became of it.
 */
export function startSenders(
  parcels: readonly Parcel[],
  count: number,
  send: (parcel: Parcel) => Promise<Receipt["settlements"]>,
): Senders {
  const waiting = [...parcels];
  const underWay = new Set<Parcel>();
  const receipts: Receipt[] = [];
  let stopped = false;
  let failure: unknown = null;
  const stop = (): void => {
    stopped = true;
    held.resolve();
  };
  let held = Promise.withResolvers<void>();
  held.resolve();
  let answered = Promise.withResolvers<void>();
  const handOver = async (parcel: Parcel): Promise<void> => {
    for (let attempt = 1;; attempt++) {
      await held.promise;
      if (stopped) return;
      underWay.add(parcel);
      try {
        receipts.push({ parcel, settlements: await send(parcel) });
        answered.resolve();
        answered = Promise.withResolvers();
        return;
      } catch (error) {
        underWay.delete(parcel);
        if (attempt === ATTEMPTS_MAX) {
          failure = error;
          stop();
        }
        await new Promise((resume) => setTimeout(resume, PAUSE_MS));
      } finally {
        underWay.delete(parcel);
      }
    }
  };
  const work = async (): Promise<void> => {
    for (let parcel = waiting.shift(); parcel && !stopped; parcel = waiting.shift()) await handOver(parcel);
  };
  const done = Promise.all(Array.from({ length: count }, work)).then(() => answered.resolve());
  return {
    underWay: () => [...underWay],
    receipts: () => receipts,
    next: () => Promise.race([answered.promise, done]),
    done,
    hold: () => void (held = Promise.withResolvers()),
    resume: () => held.resolve(),
    stop,
    failure: () => failure,
  };
}
