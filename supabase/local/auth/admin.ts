/**
 * `/admin/users`: what the holder of the secret key does with users.
 *
 * @module
 */
import { z } from "zod";
import { isReservedRole } from "../access_tokens.ts";
import { AuthRefused, invalid, sqlStateOf } from "./auth_error.ts";
import { isUuid } from "./bearer.ts";
import type { AuthContext, Transaction } from "./context.ts";
import { checkEmail, checkPassword, hashPassword } from "./passwords.ts";
import { flag, readBody, record, text } from "./request_body.ts";
import { findUser, insertIdentity, insertUser, mergeMetadata, readUser, readUsers, type User } from "./users.ts";

const Body = z.object({
  id: text,
  role: text,
  email: text,
  phone: text,
  password: z.string().nullish(),
  email_confirm: flag,
  user_metadata: record,
  app_metadata: record,
  ban_duration: text,
});
const DeleteBody = z.object({ should_soft_delete: flag });

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_NUMBER = 1_000_000;

/** Users, the newest first. `page` counts from 1; the answer names their number and the pages in its headers. */
export async function listUsers(context: AuthContext, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const page = readPageNumber(url, "page", 1);
  const perPage = readPageNumber(url, "per_page", DEFAULT_PAGE_SIZE);
  const { users, total } = await context.sql.begin(async (tx) => {
    const [count] = await tx<{ total: number }[]>`select count(*)::int as total from auth.users`;
    const rows = await tx<User[]>`
      select * from auth.users order by created_at desc, id limit ${perPage} offset ${(page - 1) * perPage}`;
    return { users: await readUsers(tx, rows), total: count?.total ?? 0 };
  });
  const last = Math.max(1, Math.ceil(total / perPage));
  const link = (number: number, rel: string): string =>
    `</admin/users?page=${number}&per_page=${perPage}>; rel="${rel}"`;
  const links = [...(last > page ? [link(page + 1, "next")] : []), link(last, "last")];
  const headers = { "x-total-count": String(total), link: links.join(", ") };
  return Response.json({ users, aud: "authenticated" }, { headers });
}

/** One user. @throws {AuthRefused} `user_not_found` (404). */
export async function getUserById(context: AuthContext, id: string): Promise<Record<string, unknown> | undefined> {
  return await context.sql.begin(async (tx) => {
    const { id: found } = await requireUser(tx, id);
    return await readUser(tx, found);
  });
}

/**
 * Makes a user, e.g. `{email, password, email_confirm: true, app_metadata: {role: "ops"}}`. Without a password the user gets
 * none that anyone knows.
 *
 * @throws {AuthRefused} `email_exists` (422), `weak_password` (422), `validation_failed`.
 */
export async function createUser(context: AuthContext, request: Request): Promise<Record<string, unknown> | undefined> {
  const body = await readBody(request, Body);
  if (body.phone !== "") throw new AuthRefused(400, "phone_provider_disabled", "Phone signups are disabled");
  if (body.email === "") throw invalid("Cannot create a user without either an email or phone");
  const email = checkEmail(body.email);
  const password = body.password || crypto.randomUUID();
  checkPassword(password);
  checkRole(body.role);
  if (body.id !== "" && !isUuid(body.id)) throw invalid("ID must conform to the uuid v4 format");
  const id = body.id || crypto.randomUUID();
  const now = new Date(context.now());
  const bannedUntil = readBan(body.ban_duration, context.now());
  return await refuseTakenEmail(() =>
    context.sql.begin(async (tx) => {
      await insertUser(tx, {
        id,
        email,
        encryptedPassword: await hashPassword(tx, password),
        role: body.role,
        isConfirmed: body.email_confirm,
        isAnonymous: false,
        appMetadata: mergeMetadata({ provider: "email", providers: ["email"] }, body.app_metadata),
        userMetadata: mergeMetadata(body.user_metadata ?? {}, body.email_confirm ? { email_verified: true } : {}),
      }, now);
      const data = { sub: id, email, email_verified: false, phone_verified: false };
      await insertIdentity(tx, id, { provider: "email", providerId: id, data }, now);
      if (bannedUntil) await tx`update auth.users set banned_until = ${bannedUntil} where id = ${id}`;
      return await readUser(tx, id);
    })
  );
}

/** Changes a user; metadata is merged, null removes a key. A new password ends all of the user's sessions. */
export async function updateUserById(
  context: AuthContext,
  request: Request,
  id: string,
): Promise<Record<string, unknown> | undefined> {
  const body = await readBody(request, Body);
  if (body.phone !== "") throw new AuthRefused(400, "phone_provider_disabled", "Phone signups are disabled");
  const email = body.email === "" ? undefined : checkEmail(body.email);
  if (body.password) checkPassword(body.password);
  checkRole(body.role);
  const now = new Date(context.now());
  const bannedUntil = readBan(body.ban_duration, context.now());
  return await refuseTakenEmail(() =>
    context.sql.begin(async (tx) => {
      const user = await requireUser(tx, id);
      const isConfirmed = body.email_confirm || user.email_confirmed_at !== null;
      const appMetadata = mergeMetadata(user.raw_app_meta_data, body.app_metadata);
      const userMetadata = mergeMetadata(user.raw_user_meta_data, body.user_metadata);
      await tx`
        update auth.users
           set email = ${email ?? user.email},
               role = ${body.role || user.role},
               email_confirmed_at = ${isConfirmed ? user.email_confirmed_at ?? now : null},
               banned_until = ${bannedUntil === undefined ? user.banned_until : bannedUntil},
               raw_app_meta_data = ${tx.json(appMetadata as never)},
               raw_user_meta_data = ${tx.json(userMetadata as never)},
               updated_at = ${now}
         where id = ${user.id}`;
      if (email !== undefined) await setIdentityEmail(tx, user.id, email, body.email_confirm, now);
      if (body.password) {
        await tx`update auth.users set encrypted_password = ${await hashPassword(tx, body.password)} where id = ${id}`;
        await tx`delete from auth.sessions where user_id = ${user.id}`;
      }
      return await readUser(tx, user.id);
    })
  );
}

/** Deletes a user with all that hangs on it; a soft deletion keeps the row without anything personal in it. */
export async function deleteUser(context: AuthContext, request: Request, id: string): Promise<Record<string, never>> {
  const body = await readBody(request, DeleteBody, { optional: true });
  await context.sql.begin(async (tx) => {
    const user = await requireUser(tx, id);
    if (body.should_soft_delete) await softDelete(tx, user, new Date(context.now()));
    else await tx`delete from auth.users where id = ${user.id}`;
  });
  return {};
}

async function requireUser(tx: Transaction, id: string): Promise<User> {
  if (!isUuid(id)) throw new AuthRefused(404, "validation_failed", "user_id must be an UUID");
  const user = await findUser(tx, id);
  if (!user) throw new AuthRefused(404, "user_not_found", "User not found");
  return user;
}

async function setIdentityEmail(
  tx: Transaction,
  userId: string,
  email: string,
  isVerified: boolean,
  now: Date,
): Promise<void> {
  const data = { sub: userId, email, email_verified: isVerified, phone_verified: false };
  const changed = await tx`
    update auth.identities
       set identity_data = identity_data || ${tx.json(data)}, updated_at = ${now}
     where user_id = ${userId} and provider = 'email'
    returning id`;
  if (changed.length === 0) {
    await insertIdentity(tx, userId, { provider: "email", providerId: userId, data }, now);
  }
}

async function softDelete(tx: Transaction, user: User, now: Date): Promise<void> {
  if (user.deleted_at) return;
  // Hashes stand in for what must stay unique; GoTrue does the same.
  await tx`
    update auth.users
       set email = encode(sha256(convert_to(id::text || coalesce(email, ''), 'UTF8')), 'hex'),
           phone = null, encrypted_password = '', raw_app_meta_data = '{}', raw_user_meta_data = '{}',
           deleted_at = ${now}, updated_at = ${now}
     where id = ${user.id}`;
  await tx`
    update auth.identities
       set provider_id = encode(sha256(convert_to(user_id::text || provider_id, 'UTF8')), 'hex'), identity_data = '{}',
           updated_at = ${now}
     where user_id = ${user.id}`;
  await tx`delete from auth.sessions where user_id = ${user.id}`;
}

async function refuseTakenEmail<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (sqlStateOf(error) !== "23505") throw error;
    throw new AuthRefused(422, "email_exists", "A user with this email address has already been registered");
  }
}

function checkRole(role: string): void {
  if (isReservedRole(role)) throw invalid(`The role ${role} belongs to the secret key`);
}

/** When a ban ends: undefined leaves it as it is, null lifts it. Durations are Go's, e.g. `1h30m`. */
function readBan(duration: string, now: number): Date | null | undefined {
  if (duration === "") return undefined;
  if (duration === "none") return null;
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const isDuration = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h))+$/.test(duration);
  if (!isDuration) throw invalid(`invalid format for ban duration: time: invalid duration ${JSON.stringify(duration)}`);
  const parts = [...duration.matchAll(/([\d.]+)(ms|s|m|h)/g)];
  const milliseconds = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0), 0);
  return new Date(Math.min(now + milliseconds, Date.UTC(9999, 0)));
}

function readPageNumber(url: URL, name: string, fallback: number): number {
  const value = url.searchParams.get(name) || String(fallback);
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= MAX_PAGE_NUMBER) return number;
  throw invalid(`Bad Pagination Parameters: parsing ${JSON.stringify(value)}: invalid syntax`);
}
