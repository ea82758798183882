/**
 * `POST /token`: sign-in by password or wallet, and the refresh of a session.
 *
 * @module
 */
import { z } from "zod";
import { AuthRefused, invalid, OAuthRefused } from "./auth_error.ts";
import type { AuthContext } from "./context.ts";
import { isPasswordOf } from "./passwords.ts";
import { readBody, text } from "./request_body.ts";
import { refreshSession, type SessionResponse, startSession } from "./sessions.ts";
import { findUserByEmail, isBanned } from "./users.ts";
import { signInWithWeb3 } from "./web3.ts";

const PasswordBody = z.object({ email: text, phone: text, password: text });
const RefreshBody = z.object({ refresh_token: text });

/** Grants a session by the request's `grant_type`: `password`, `refresh_token` or `web3`. */
export async function grantToken(context: AuthContext, request: Request): Promise<SessionResponse> {
  switch (new URL(request.url).searchParams.get("grant_type")) {
    case "password":
      return await signInWithPassword(context, request);
    case "refresh_token":
      return await refresh(context, request);
    case "web3":
      return await signInWithWeb3(context, request);
    default:
      throw new AuthRefused(400, "invalid_credentials", "unsupported_grant_type");
  }
}

async function signInWithPassword(context: AuthContext, request: Request): Promise<SessionResponse> {
  const { email, phone, password } = await readBody(request, PasswordBody);
  if (email !== "" && phone !== "") {
    throw invalid("Only an email address or phone number should be provided on login.");
  }
  if (phone !== "") throw new AuthRefused(422, "phone_provider_disabled", "Phone logins are disabled");
  if (email === "") throw invalid("missing email or phone");
  return await context.sql.begin(async (tx) => {
    const user = email.includes("\0") ? undefined : await findUserByEmail(tx, email);
    if (!user?.encrypted_password) throw wrongCredentials();
    if (isBanned(user, context.now())) throw new AuthRefused(400, "user_banned", "User is banned");
    if (!await isPasswordOf(tx, user, password)) throw wrongCredentials();
    if (!user.email_confirmed_at) throw new AuthRefused(400, "email_not_confirmed", "Email not confirmed");
    return await startSession(context, tx, user.id, "password", request);
  });
}

async function refresh(context: AuthContext, request: Request): Promise<SessionResponse> {
  const { refresh_token: token } = await readBody(request, RefreshBody);
  if (token === "") throw new OAuthRefused("invalid_request", "refresh_token required");
  const outcome = await context.sql.begin((tx) => refreshSession(context, tx, token));
  if (outcome instanceof AuthRefused) throw outcome;
  return outcome;
}

function wrongCredentials(): AuthRefused {
  return new AuthRefused(400, "invalid_credentials", "Invalid login credentials");
}
