/**
 * Sessions: the access token and the chain of refresh tokens that a sign-in starts.
 *
 * @module
 */
import { AuthRefused } from "./auth_error.ts";
import type { AuthContext, Transaction } from "./context.ts";
import { runTokenHook } from "./token_hook.ts";
import { isBanned, readUser } from "./users.ts";

/** How long a refresh token may be used again, for clients that refresh twice at once. */
const REUSE_INTERVAL_MILLISECONDS = 10_000;

/** RFC 4648's alphabet in lower case. */
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** How a session came about, as in the `amr` claim. */
export type Method = "password" | "web3" | "anonymous";

/** The answer to a sign-in or a refresh. */
export interface SessionResponse {
  readonly access_token: string;
  readonly token_type: "bearer";
  /** Seconds. */
  readonly expires_in: number;
  /** Seconds since the epoch. */
  readonly expires_at: number;
  readonly refresh_token: string;
  readonly user: Record<string, unknown>;
}

/** A refresh token's row. */
interface RefreshToken {
  readonly token: string;
  readonly revoked: boolean;
  readonly updated_at: Date;
  readonly parent: string | null;
}

/** Starts a session for a user. @throws {AuthRefused} when the access token hook refuses. */
export async function startSession(
  context: AuthContext,
  tx: Transaction,
  userId: string,
  method: Method,
  request: Request,
): Promise<SessionResponse> {
  const now = new Date(context.now());
  const sessionId = crypto.randomUUID();
  await tx`update auth.users set last_sign_in_at = ${now} where id = ${userId}`;
  await tx`
    insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent)
    values (${sessionId}, ${userId}, ${now}, ${now}, 'aal1', ${request.headers.get("user-agent")})`;
  await tx`
    insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
    values (${crypto.randomUUID()}, ${sessionId}, ${now}, ${now}, ${method})`;
  const refreshToken = await insertRefreshToken(tx, { userId, sessionId, parent: null, now });
  return await issue(context, tx, { userId, sessionId, refreshToken, method });
}

/**
 * Swaps a refresh token for the next one. A token may be used again within 10 seconds, or as long as its successor was never
 * used; any other second use is taken for theft and ends the session.
 *
 * @returns the refusal instead of throwing it, because the end of the session must be committed.
 */
export async function refreshSession(
  context: AuthContext,
  tx: Transaction,
  presented: string,
): Promise<SessionResponse | AuthRefused> {
  const session = await lockSession(tx, presented);
  if (!session) throw refused("refresh_token_not_found", "Refresh Token Not Found");
  const { id: sessionId, user_id: userId } = session;
  if (isBanned(session, context.now())) throw refused("user_banned", "User Banned");
  if (session.not_after && session.not_after.getTime() < context.now()) {
    throw refused("session_expired", "Session Expired");
  }
  const tokens = await tx<RefreshToken[]>`
    select token, revoked, updated_at, parent from auth.refresh_tokens where session_id = ${sessionId} order by id desc`;
  const token = tokens.find((each) => each.token === presented);
  if (!token) throw refused("refresh_token_not_found", "Refresh Token Not Found");
  const now = new Date(context.now());
  const active = tokens.find((each) => !each.revoked);
  const isSuccessorUnused = token.revoked && active?.parent === token.token;
  if (token.revoked && !isSuccessorUnused && context.now() - token.updated_at.getTime() > REUSE_INTERVAL_MILLISECONDS) {
    await tx`delete from auth.sessions where id = ${sessionId}`;
    return refused("refresh_token_already_used", "Already Used");
  }
  let refreshToken = active?.token ?? "";
  if (!isSuccessorUnused) {
    await tx`update auth.refresh_tokens set revoked = true, updated_at = ${now} where token = ${presented}`;
    refreshToken = await insertRefreshToken(tx, { userId, sessionId, parent: presented, now });
  }
  await tx`
    update auth.sessions
       set refreshed_at = ${now.toISOString()}::timestamptz at time zone 'utc', updated_at = ${now}
     where id = ${sessionId}`;
  return await issue(context, tx, { userId, sessionId, refreshToken, method: "token_refresh" });
}

interface LockedSession {
  readonly id: string;
  readonly user_id: string;
  readonly not_after: Date | null;
  readonly banned_until: Date | null;
}

/** The session of a refresh token, locked, so that its tokens change one request at a time. */
async function lockSession(tx: Transaction, token: string): Promise<LockedSession | undefined> {
  const [session] = await tx<LockedSession[]>`
    select session.id, session.user_id, session.not_after, owner.banned_until
      from auth.refresh_tokens as token
      join auth.sessions as session on session.id = token.session_id
      join auth.users as owner on owner.id = session.user_id
     where token.token = ${token}
       for update of session`;
  return session;
}

async function insertRefreshToken(
  tx: Transaction,
  row: { userId: string; sessionId: string; parent: string | null; now: Date },
): Promise<string> {
  const token = [...crypto.getRandomValues(new Uint8Array(26))].map((byte) => BASE32[byte % 32]).join("");
  await tx`
    insert into auth.refresh_tokens (
      instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id
    ) values (
      '00000000-0000-0000-0000-000000000000', ${token}, ${row.userId}, false, ${row.now}, ${row.now}, ${row.parent},
      ${row.sessionId}
    )`;
  return token;
}

/** Makes the access token of a session. */
async function issue(
  context: AuthContext,
  tx: Transaction,
  grant: { userId: string; sessionId: string; refreshToken: string; method: string },
): Promise<SessionResponse> {
  const user = await readUser(tx, grant.userId);
  if (!user) throw refused("user_not_found", "User Not Found");
  const issuedAt = Math.floor(context.now() / 1000);
  const expiresAt = issuedAt + context.lifetimeSeconds;
  const claims = {
    iss: context.keys.issuer,
    sub: grant.userId,
    aud: user.aud,
    exp: expiresAt,
    iat: issuedAt,
    email: user.email,
    phone: user.phone,
    app_metadata: user.app_metadata,
    user_metadata: user.user_metadata,
    role: user.role,
    aal: "aal1",
    amr: await readMethods(tx, grant.sessionId),
    session_id: grant.sessionId,
    is_anonymous: user.is_anonymous,
  };
  const hook = context.customAccessTokenHook;
  const input = { user_id: grant.userId, claims, authentication_method: grant.method };
  const signed = hook === undefined ? claims : await runTokenHook(tx, hook, input);
  return {
    access_token: await context.keys.sign(signed, context.lifetimeSeconds),
    token_type: "bearer",
    expires_in: context.lifetimeSeconds,
    expires_at: expiresAt,
    refresh_token: grant.refreshToken,
    user,
  };
}

/** How the session was proven, the latest first; times in seconds since the epoch. */
async function readMethods(tx: Transaction, sessionId: string): Promise<{ method: string; timestamp: number }[]> {
  const rows = await tx<{ authentication_method: string; updated_at: Date }[]>`
    select authentication_method, updated_at
      from auth.mfa_amr_claims
     where session_id = ${sessionId}
     order by updated_at desc`;
  return rows.map((row) => ({
    method: row.authentication_method,
    timestamp: Math.floor(row.updated_at.getTime() / 1000),
  }));
}

function refused(code: string, message: string): AuthRefused {
  return new AuthRefused(400, code, `Invalid Refresh Token: ${message}`);
}
