/** Who a request to the local platform comes from: a database role and the claims that row security reads. */
export interface Caller {
  /** The database role the request runs as: `anon`, `authenticated` or `service_role`. */
  readonly role: string;
  /** What `auth.jwt()` gives; of an API key alone only `{ role }`. */
  readonly claims: Record<string, unknown>;
}
