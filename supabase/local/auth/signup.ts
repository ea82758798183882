/**
 * `POST /signup`: a new user by email and password, confirmed at once because no mail is sent here, or an anonymous one.
 *
 * @module
 */
import { z } from "zod";
import { AuthRefused, invalid, sqlStateOf } from "./auth_error.ts";
import type { AuthContext } from "./context.ts";
import { checkEmail, checkPassword, hashPassword } from "./passwords.ts";
import { readBody, record, text } from "./request_body.ts";
import { type SessionResponse, startSession } from "./sessions.ts";
import { findUserByEmail, insertIdentity, insertUser } from "./users.ts";

const Body = z.object({ email: text, phone: text, password: text, data: record });

/**
 * Signs a new user up and in. Without email and phone the user is anonymous.
 *
 * @throws {AuthRefused} `user_already_exists` (422), `weak_password` (422), `validation_failed`, `phone_provider_disabled`.
 */
export async function signUp(context: AuthContext, request: Request): Promise<SessionResponse> {
  const body = await readBody(request, Body);
  const data = body.data ?? {};
  if (body.email === "" && body.phone === "") return await signUpAnonymously(context, request, data);
  if (body.password === "") throw invalid("Signup requires a valid password");
  checkPassword(body.password);
  if (body.email !== "" && body.phone !== "") {
    throw invalid("Only an email address or phone number should be provided on signup.");
  }
  if (body.phone !== "") throw new AuthRefused(400, "phone_provider_disabled", "Phone signups are disabled");
  const email = checkEmail(body.email);
  try {
    return await signUpWithEmail(context, request, { email, password: body.password, data });
  } catch (error) {
    // Two sign-ups at once: the slower one comes upon the unique index.
    throw sqlStateOf(error) === "23505" ? alreadyRegistered() : error;
  }
}

async function signUpAnonymously(
  context: AuthContext,
  request: Request,
  userMetadata: Record<string, unknown>,
): Promise<SessionResponse> {
  const id = crypto.randomUUID();
  return await context.sql.begin(async (tx) => {
    const user = { id, isConfirmed: false, isAnonymous: true, appMetadata: {}, userMetadata };
    await insertUser(tx, user, new Date(context.now()));
    return await startSession(context, tx, id, "anonymous", request);
  });
}

async function signUpWithEmail(
  context: AuthContext,
  request: Request,
  { email, password, data }: { email: string; password: string; data: Record<string, unknown> },
): Promise<SessionResponse> {
  const id = crypto.randomUUID();
  const now = new Date(context.now());
  return await context.sql.begin(async (tx) => {
    if (await findUserByEmail(tx, email)) throw alreadyRegistered();
    const identityData = { ...data, sub: id, email, email_verified: false, phone_verified: false };
    await insertUser(tx, {
      id,
      email,
      encryptedPassword: await hashPassword(tx, password),
      isConfirmed: true,
      isAnonymous: false,
      appMetadata: { provider: "email", providers: ["email"] },
      userMetadata: { ...identityData, email_verified: true },
    }, now);
    await insertIdentity(tx, id, { provider: "email", providerId: id, data: identityData }, now);
    return await startSession(context, tx, id, "password", request);
  });
}

function alreadyRegistered(): AuthRefused {
  return new AuthRefused(422, "user_already_exists", "User already registered");
}
