/**
 * Confirms the token a channel is held with, in upstream's words.
 *
 * @module
 */
import type { Caller } from "../caller.ts";

/** Role and claims of an API key or a user's JWT; rejects when the token is neither. */
export type CallerOfToken = (token: string) => Promise<Caller>;

/** A token that is good now. */
export interface ConfirmedToken {
  readonly token: string;
  readonly caller: Caller;
  /** Milliseconds since the epoch; null for an API key, which does not expire. */
  readonly expiresAt: number | null;
}

/** A token that is not, or no longer, good. The message is what the client is told. */
export class TokenError extends Error {
  override name = "TokenError";

  /** @param code upstream's error code: it precedes the message in the refusal of a join. */
  constructor(readonly code: "InvalidJWTToken" | "MalformedJWT" | "JwtSignatureError", message: string) {
    super(message);
  }
}

/**
 * Asks who a token belongs to.
 *
 * @throws {TokenError} when it belongs to nobody, has expired, or lacks the claims that upstream requires.
 */
export async function confirmToken(token: string, callerOfToken: CallerOfToken): Promise<ConfirmedToken> {
  let caller: Caller;
  try {
    caller = await callerOfToken(token);
  } catch {
    throw explainRefusal(token);
  }
  if (isApiKey(token)) return { token, caller, expiresAt: null };
  const { exp } = caller.claims;
  if (typeof exp !== "number" || !Number.isInteger(exp)) {
    throw new TokenError("InvalidJWTToken", "Fields `role` and `exp` are required in JWT");
  }
  throwIfExpired(exp);
  return { token, caller, expiresAt: exp * 1000 };
}

/** Whether the token is an API key, which upstream never takes for a user's token. */
export function isApiKey(token: string): boolean {
  return token.startsWith("sb_");
}

/** Whoever refused the token did not say why in upstream's words; its unverified claims tell. */
function explainRefusal(token: string): TokenError {
  const parts = token.split(".");
  try {
    if (parts.length !== 3) throw new SyntaxError("A JWT has three parts");
    const claims = JSON.parse(atob((parts[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
    if (typeof claims.exp === "number") throwIfExpired(claims.exp);
  } catch (error) {
    return error instanceof TokenError
      ? error
      : new TokenError("MalformedJWT", "The token provided is not a valid JWT");
  }
  return new TokenError("JwtSignatureError", "Failed to validate JWT signature");
}

function throwIfExpired(exp: number): void {
  const now = Math.floor(Date.now() / 1000);
  if (exp <= now) throw new TokenError("InvalidJWTToken", `Token has expired ${now - exp} seconds ago`);
}
