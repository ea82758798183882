/**
 * The keys of one project: the two API keys a client sends, and the key that signs users' access tokens. Requests are told
 * apart here as Supabase's gateway and PostgREST do it, with their errors.
 *
 * @module
 */
import { JwtRefused, openAccessTokens } from "./access_tokens.ts";
import type { Caller } from "./caller.ts";

export { JwtRefused };

/** The keys of one project and what they prove. */
export interface ProjectKeys {
  /** `sb_publishable_…`: for browsers; its holder is `anon`. */
  readonly publishable: string;
  /** `sb_secret_…`: for servers; its holder is `service_role`. */
  readonly secret: string;
  /** The `iss` of every access token. */
  readonly issuer: string;
  /** The public half of the signing key, as `/auth/v1/.well-known/jwks.json` shows it. */
  readonly jwks: { keys: JsonWebKey[] };
  /**
   * Signs an access token (ES256, with `kid`). `iss`, `iat` and `exp` are added where the claims do not bring their own.
   *
   * @throws {TypeError} when the claims carry a role that only the secret key may have.
   */
  sign(claims: Record<string, unknown>, lifetimeSeconds: number): Promise<string>;
  /**
   * Verifies an access token: ES256 under this project's `kid` only, with an expiry that has not passed, already valid, and
   * for this project's issuer and audience where it names them.
   *
   * @returns its claims.
   * @throws {JwtRefused} with PostgREST's code and message.
   */
  verify(token: string): Promise<Record<string, unknown>>;
  /**
   * The role of the API key alone (header `apikey` or parameter `?apikey=`). For Auth, which reads the bearer token itself.
   *
   * @throws {ApiKeyRefused} when the key is missing or unknown.
   */
  keyRole(request: Request): Promise<"anon" | "service_role">;
  /**
   * Who the request comes from: the API key must be known, and a user's bearer token then decides role and claims. A bearer
   * that repeats the API key is ignored: supabase-js sends it while nobody is signed in.
   *
   * @throws {ApiKeyRefused} when the API key is missing or unknown.
   * @throws {JwtRefused} when the bearer token is not a valid access token of this project.
   */
  callerOf(request: Request): Promise<Caller>;
}

/** A request without a known API key. `code` is the gateway's `sb-error-code`. */
export class ApiKeyRefused extends Error {
  constructor(readonly code: string, message: string, readonly hint: string) {
    super(message);
    this.name = "ApiKeyRefused";
  }
}

/** The 401 answer of Supabase's gateway or of PostgREST to such an error; undefined for any other error. */
export function refusalOf(error: unknown): Response | undefined {
  if (error instanceof ApiKeyRefused) {
    const headers = { "sb-error-code": error.code };
    return Response.json({ message: error.message, hint: error.hint }, { status: 401, headers });
  }
  if (error instanceof JwtRefused) {
    const { code, details, message } = error;
    const headers = { "www-authenticate": `Bearer error="invalid_token", error_description="${message}"` };
    return Response.json({ code, details, hint: null, message }, { status: 401, headers });
  }
  return undefined;
}

/**
 * Opens a project's keys.
 *
 * @param options.signingKey a private P-256 key in JWK form with a `kid`.
 * @param options.issuer the `iss` of access tokens, e.g. `http://127.0.0.1:54321/auth/v1`.
 * @param options.now milliseconds since the epoch; default the system's clock.
 * @throws {TypeError} when the signing key is of another kind, or the two API keys are empty or the same.
 */
export async function openKeys(
  options: { publishable: string; secret: string; signingKey: JsonWebKey; issuer: string; now?: () => number },
): Promise<ProjectKeys> {
  const { publishable, secret, signingKey, issuer, now = Date.now } = options;
  if (!publishable || !secret || publishable === secret) throw new TypeError("The two API keys must be set and differ");
  const { jwks, sign, verify } = await openAccessTokens({ signingKey, issuer, now });
  const digests = { publishable: await digestOf(publishable), secret: await digestOf(secret) };

  async function keyRole(request: Request): Promise<"anon" | "service_role"> {
    const digest = await digestOf(apiKeyOf(request));
    if (areEqual(digest, digests.secret)) return "service_role";
    if (areEqual(digest, digests.publishable)) return "anon";
    const hint = "Double check your Supabase `anon` or `service_role` API key.";
    throw new ApiKeyRefused("UNAUTHORIZED_INVALID_API_KEY", "Invalid API key", hint);
  }

  async function callerOf(request: Request): Promise<Caller> {
    const role = await keyRole(request);
    const bearer = bearerOf(request);
    if (bearer === undefined || areEqual(await digestOf(bearer), await digestOf(apiKeyOf(request)))) {
      return { role, claims: { role } };
    }
    const claims = await verify(bearer);
    // As in PostgREST: a token that names no role is nobody in particular.
    return { role: typeof claims.role === "string" ? claims.role : "anon", claims };
  }

  return { publishable, secret, issuer, jwks, sign, verify, keyRole, callerOf };
}

/** The API key a request carries. */
function apiKeyOf(request: Request): string {
  const key = request.headers.get("apikey") || new URL(request.url).searchParams.get("apikey");
  if (key) return key;
  const hint = "No `apikey` request header or url param was found.";
  throw new ApiKeyRefused("UNAUTHORIZED_MISSING_API_KEY", "No API key found in request", hint);
}

/** What follows `Bearer`; undefined when the request names no bearer, empty when it names an empty one. */
function bearerOf(request: Request): string | undefined {
  const parts = /^bearer(?:\s+(.*))?$/i.exec(request.headers.get("authorization")?.trim() ?? "");
  return parts ? parts[1]?.trim() ?? "" : undefined;
}

/** Keys are compared by their digests, so that neither their length nor a common beginning shows in the time it takes. */
async function digestOf(key: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (let i = 0; i < left.length; i++) difference |= (left[i] ?? 0) ^ (right[i] ?? 0);
  return difference === 0;
}
