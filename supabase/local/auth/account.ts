/**
 * What signed-in users do with their own account: `GET /user`, `PUT /user`, `POST /logout`.
 *
 * @module
 */
import { z } from "zod";
import { AuthRefused, invalid } from "./auth_error.ts";
import { authenticate } from "./bearer.ts";
import type { AuthContext, Transaction } from "./context.ts";
import { checkEmail, checkPassword, hashPassword, isPasswordOf } from "./passwords.ts";
import { readBody, record, text } from "./request_body.ts";
import { findUserByEmail, insertIdentity, mergeMetadata, readUser, type User } from "./users.ts";

const Body = z.object({
  email: text,
  phone: text,
  password: z.string().nullish(),
  data: record,
  app_metadata: record,
});

/** The user of the access token. */
export async function getUser(context: AuthContext, request: Request): Promise<Record<string, unknown> | undefined> {
  return await context.sql.begin(async (tx) => {
    const { user } = await authenticate(context, tx, request);
    return await readUser(tx, user.id);
  });
}

/**
 * Changes email, password and user metadata. No mail is sent here, so a new address counts at once; a new password ends the
 * user's other sessions.
 *
 * @throws {AuthRefused} `email_exists`, `same_password`, `weak_password` (422), `not_admin` (403) for app metadata.
 */
export async function updateUser(context: AuthContext, request: Request): Promise<Record<string, unknown> | undefined> {
  const body = await readBody(request, Body);
  const email = body.email === "" ? "" : checkEmail(body.email);
  if (body.phone !== "") throw new AuthRefused(400, "phone_provider_disabled", "Phone signups are disabled");
  if (typeof body.password === "string") checkPassword(body.password);
  return await context.sql.begin(async (tx) => {
    const { user, sessionId } = await authenticate(context, tx, request);
    if (body.app_metadata) throw new AuthRefused(403, "not_admin", "Updating app_metadata requires admin privileges");
    if (user.is_anonymous && body.password && email === "") {
      const message = "Updating password of an anonymous user without an email or phone is not allowed";
      throw new AuthRefused(422, "validation_failed", message);
    }
    const now = new Date(context.now());
    if (email !== "" && email !== user.email) await changeEmail(tx, user, email, now);
    if (body.password) await changePassword(tx, user, body.password, sessionId);
    const metadata = mergeMetadata(user.raw_user_meta_data, body.data);
    await tx`
      update auth.users
         set raw_user_meta_data = ${tx.json(metadata as never)}, updated_at = ${now}
       where id = ${user.id}`;
    return await readUser(tx, user.id);
  });
}

/**
 * Ends sessions: all of the user's (`scope=global`, the default), this one (`local`), or all but this one (`others`).
 *
 * @throws {AuthRefused} `validation_failed` for another scope.
 */
export async function logOut(context: AuthContext, request: Request): Promise<void> {
  const scope = new URL(request.url).searchParams.get("scope") || "global";
  await context.sql.begin(async (tx) => {
    const { user, sessionId } = await authenticate(context, tx, request);
    if (scope === "global") await tx`delete from auth.sessions where user_id = ${user.id}`;
    else if (scope === "local") await tx`delete from auth.sessions where id = ${sessionId}`;
    else if (scope === "others") await endOtherSessions(tx, user, sessionId);
    else throw invalid(`Unsupported logout scope ${JSON.stringify(scope)}`);
  });
}

async function changeEmail(tx: Transaction, user: User, email: string, now: Date): Promise<void> {
  if (await findUserByEmail(tx, email)) {
    throw new AuthRefused(422, "email_exists", "A user with this email address has already been registered");
  }
  await tx`
    update auth.users set email = ${email}, email_confirmed_at = ${now}, is_anonymous = false where id = ${user.id}`;
  const changed = await tx`
    update auth.identities
       set identity_data = identity_data || jsonb_build_object('email', ${email}::text), updated_at = ${now}
     where user_id = ${user.id} and provider = 'email'
    returning id`;
  if (changed.length > 0) return;
  const data = { sub: user.id, email, email_verified: true, phone_verified: false };
  await insertIdentity(tx, user.id, { provider: "email", providerId: user.id, data }, now);
  const others = (user.raw_app_meta_data?.providers ?? []) as unknown[];
  const metadata = { provider: "email", ...user.raw_app_meta_data, providers: [...others, "email"] };
  await tx`update auth.users set raw_app_meta_data = ${tx.json(metadata as never)} where id = ${user.id}`;
}

async function changePassword(tx: Transaction, user: User, password: string, sessionId: string): Promise<void> {
  if (await isPasswordOf(tx, user, password)) {
    throw new AuthRefused(422, "same_password", "New password should be different from the old password.");
  }
  await tx`update auth.users set encrypted_password = ${await hashPassword(tx, password)} where id = ${user.id}`;
  await endOtherSessions(tx, user, sessionId);
}

async function endOtherSessions(tx: Transaction, user: User, sessionId: string): Promise<void> {
  await tx`delete from auth.sessions where user_id = ${user.id} and id <> ${sessionId}`;
}
