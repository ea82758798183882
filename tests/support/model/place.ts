/**
 * Where things lie on the chain, and what comes before what.
 *
 * @module
 */

/** Where an event lies. */
export interface Place {
  readonly slot: number;
  /** Place of the transaction in its block. */
  readonly transactionIndex: number;
  readonly signature: string;
  /** Place of the event in its transaction. */
  readonly ordinal: number;
}

/**
 * Chain order. Two forks can hold different transactions in one place, and the ledger can have heard of both: what is left open
 * then, their signatures decide, byte by byte, so that the events of one transaction stay together.
 */
export function byPlace(a: Place, b: Place): number {
  return a.slot - b.slot || a.transactionIndex - b.transactionIndex || bySignature(a, b) || a.ordinal - b.ordinal;
}

function bySignature({ signature: a }: Place, { signature: b }: Place): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
