/**
 * Who asks, proven by a key or a token.
 *
 * @module
 */

/** The holder of a secret key: the exchange's own servers. */
export interface ServiceCaller {
  readonly kind: "service";
}

/** Somebody who signed in. */
export interface UserCaller {
  readonly kind: "user";
  /** The wallet that signed in, base58; null for a user without one, who owns nothing. */
  readonly wallet: string | null;
  /** By `app_metadata.role`, which only the service sets. */
  readonly isOps: boolean;
  /** All claims of the token, as the database's policies read them. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Either of them. Whoever is neither is nobody. */
export type Caller = ServiceCaller | UserCaller;

/** Whether this caller sees every owner's rows. */
export function seesAll(caller: Caller): boolean {
  return caller.kind === "service" || caller.isOps;
}
