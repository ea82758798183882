/**
 * Where a transaction lies, after all that was said of it. A fork of the chain can hold it elsewhere, or not at all.
 *
 * @module
 */

/** Somebody saw the transaction here. */
export interface Claim {
  readonly slot: number;
  readonly transactionIndex: number;
  readonly blockTime: number | null;
  /** Seen at finalized commitment: no fork can take it from there any more. */
  readonly finalized: boolean;
}

/**
 * The claim that holds: the finalized one; else the highest on the chain whose slot was not lost; null where none is left.
 * Says the same in whatever order claims and losses came to be known.
 */
export function landingOf(claims: readonly Claim[], lost: ReadonlySet<number> | undefined): Claim | null {
  const finalized = claims.filter((claim) => claim.finalized);
  const candidates = finalized.length > 0 ? finalized : claims.filter(({ slot }) => !lost?.has(slot));
  return candidates.reduce<Claim | null>((best, claim) => best && isHigher(best, claim) ? best : claim, null);
}

/** The claims with one more; two of one place are one. */
export function withClaim(claims: readonly Claim[], claim: Claim): readonly Claim[] {
  const known = claims.find((other) => isSamePlace(other, claim));
  if (!known) return [...claims, claim];
  if (known.finalized || !claim.finalized) return claims;
  return [...claims.filter((other) => other !== known), claim];
}

/** Whether both are the same place on the chain; null is nowhere. */
export function isSamePlace(a: Claim | null, b: Claim | null): boolean {
  return a?.slot === b?.slot && a?.transactionIndex === b?.transactionIndex;
}

function isHigher(a: Claim, b: Claim): boolean {
  return a.slot > b.slot || (a.slot === b.slot && a.transactionIndex > b.transactionIndex);
}
