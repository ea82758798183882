/**
 * The user a request's access token stands for.
 *
 * @module
 */
import { AuthRefused } from "./auth_error.ts";
import type { AuthContext, Transaction } from "./context.ts";
import { findUser, isBanned, type User } from "./users.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a text is a UUID in its usual form. */
export function isUuid(text: unknown): text is string {
  return typeof text === "string" && UUID.test(text);
}

/** The bearer token; undefined when there is none or it is an API key, which stands for no user. */
export function bearerToken(request: Request): string | undefined {
  const token = /^[Bb]earer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  return token?.startsWith("sb_") ? undefined : token;
}

/**
 * The user and session of the request's access token; the user's row is locked until the transaction ends.
 *
 * @throws {AuthRefused} `no_authorization` (401) without a bearer; `bad_jwt` (403) when it is not valid; `user_not_found`,
 * `user_banned` or `session_not_found` (403) when what it stands for is gone.
 */
export async function authenticate(
  context: AuthContext,
  tx: Transaction,
  request: Request,
): Promise<{ user: User; sessionId: string }> {
  const token = bearerToken(request);
  if (token === undefined) {
    if (request.headers.get("authorization")) throw refused("bad_jwt", "invalid claim: missing sub claim");
    throw new AuthRefused(401, "no_authorization", "This endpoint requires a valid Bearer token");
  }
  const claims = await context.keys.verify(token);
  if (!claims.sub) throw refused("bad_jwt", "invalid claim: missing sub claim");
  if (!isUuid(claims.sub)) throw new AuthRefused(400, "bad_jwt", "invalid claim: sub claim must be a UUID");
  const user = await findUser(tx, claims.sub);
  if (!user) throw refused("user_not_found", "User from sub claim in JWT does not exist");
  if (isBanned(user, context.now())) throw refused("user_banned", "User is banned");
  if (!isUuid(claims.session_id)) throw refused("bad_jwt", "invalid claim: session_id claim must be a UUID");
  const [session] = await tx`
    select from auth.sessions where id = ${claims.session_id} and user_id = ${user.id}`;
  if (!session) throw refused("session_not_found", "Session from session_id claim in JWT does not exist");
  return { user, sessionId: claims.session_id };
}

function refused(code: string, message: string): AuthRefused {
  return new AuthRefused(403, code, message);
}
