/**
 * The access tokens of one project: signed with its ES256 key, and verified as strictly as can be.
 *
 * @module
 */
import { errors, importJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from "jose";

/** The audience of every user's access token. */
const AUDIENCE = "authenticated";

/** How far in the future `iat` may lie, as in PostgREST. */
const ISSUED_AT_TOLERANCE_SECONDS = 30;

/** Roles that no access token may carry: they belong to the holder of the secret key alone, or to nobody. */
const RESERVED_ROLES: readonly string[] = ["service_role", "supabase_admin", "supabase_auth_admin", "postgres"];

/** Signs and verifies the access tokens of one project. */
export interface AccessTokens {
  /** The public half of the signing key, as `/auth/v1/.well-known/jwks.json` shows it. */
  readonly jwks: { keys: JsonWebKey[] };
  /** As `ProjectKeys.sign`. */
  sign(claims: Record<string, unknown>, lifetimeSeconds: number): Promise<string>;
  /** As `ProjectKeys.verify`. */
  verify(token: string): Promise<Record<string, unknown>>;
}

/** An access token that proves nothing. `code` and `message` are PostgREST's: PGRST301 undecodable, PGRST303 bad claims. */
export class JwtRefused extends Error {
  constructor(readonly code: "PGRST301" | "PGRST303", message: string, readonly details: string | null = null) {
    super(message);
    this.name = "JwtRefused";
  }
}

/** Whether a role may be carried by no access token. */
export function isReservedRole(role: unknown): boolean {
  return typeof role === "string" && RESERVED_ROLES.includes(role);
}

/**
 * Opens the signing key.
 *
 * @param options.signingKey a private P-256 key in JWK form with a `kid`.
 * @param options.issuer the `iss` of every token.
 * @param options.now milliseconds since the epoch.
 * @throws {TypeError} when the signing key is of another kind.
 */
export async function openAccessTokens(
  options: { signingKey: JsonWebKey; issuer: string; now: () => number },
): Promise<AccessTokens> {
  const { issuer, now } = options;
  const { kty, crv, x, y, d, kid } = options.signingKey as JWK;
  if (kty !== "EC" || crv !== "P-256" || !x || !y || !d || !kid) {
    throw new TypeError("The signing key must be a private P-256 JWK with a kid");
  }
  const header = { alg: "ES256", kid, typ: "JWT" };
  const publicJwk = { kty, crv, x, y, kid, alg: "ES256", use: "sig", key_ops: ["verify"], ext: true };
  const privateKey = await importJWK({ kty, crv, x, y, d }, "ES256");
  const publicKey = await importJWK({ kty, crv, x, y }, "ES256");

  async function sign(claims: Record<string, unknown>, lifetimeSeconds: number): Promise<string> {
    if (isReservedRole(claims.role)) throw new TypeError(`No access token may carry the role ${claims.role}`);
    const issuedAt = Math.floor(now() / 1000);
    const payload: JWTPayload = { iss: issuer, iat: issuedAt, exp: issuedAt + lifetimeSeconds, ...claims };
    return await new SignJWT(payload).setProtectedHeader(header).sign(privateKey);
  }

  async function verify(token: string): Promise<Record<string, unknown>> {
    checkShape(token);
    const keyFor = (theirs: { kid?: string }): typeof publicKey => {
      if (theirs.kid === kid) return publicKey;
      throw new errors.JWKSNoMatchingKey();
    };
    const rules = { algorithms: ["ES256"], requiredClaims: ["exp"], currentDate: new Date(now()) };
    const { payload } = await jwtVerify(token, keyFor, rules).catch((error) => {
      throw refusedBy(error);
    });
    checkClaims(payload, issuer, now());
    return payload;
  }

  return { jwks: { keys: [publicJwk] }, sign, verify };
}

function checkShape(token: string): void {
  if (token === "") throw new JwtRefused("PGRST301", "Empty JWT is sent in Authorization header");
  const parts = token.split(".").length;
  if (parts !== 3) throw new JwtRefused("PGRST301", `Expected 3 parts in JWT; got ${parts}`);
}

function checkClaims(claims: JWTPayload, issuer: string, now: number): void {
  if (claims.aud !== undefined && ![claims.aud].flat().includes(AUDIENCE)) {
    throw new JwtRefused("PGRST303", "JWT not in audience");
  }
  if (claims.iss !== undefined && claims.iss !== issuer) {
    throw new JwtRefused("PGRST303", "JWT not of this project");
  }
  if (claims.iat !== undefined && claims.iat > now / 1000 + ISSUED_AT_TOLERANCE_SECONDS) {
    throw new JwtRefused("PGRST303", "JWT issued at future");
  }
  if (isReservedRole(claims.role)) throw new JwtRefused("PGRST303", "JWT role is reserved for the secret key");
}

/** What PostgREST would say of a token that jose refuses. */
function refusedBy(error: unknown): JwtRefused {
  if (error instanceof errors.JWTExpired) return new JwtRefused("PGRST303", "JWT expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === "missing") return new JwtRefused("PGRST303", `JWT has no ${error.claim} claim`);
    if (error.reason === "invalid") {
      return new JwtRefused("PGRST303", `The JWT '${error.claim}' claim must be a number`);
    }
    return new JwtRefused("PGRST303", "JWT not yet valid");
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return new JwtRefused("PGRST301", "Wrong or unsupported encoding algorithm");
  }
  const details = "None of the keys was able to decode the JWT";
  return new JwtRefused("PGRST301", "No suitable key or wrong key type", details);
}
