/**
 * The rows of `auth.users` and `auth.identities`, and the user object that GoTrue makes of them.
 *
 * @module
 */
import type { Transaction } from "./context.ts";

const AUDIENCE = "authenticated";

/** A row of `auth.users`, as far as Auth reads it. */
export interface User {
  readonly id: string;
  readonly aud: string | null;
  readonly role: string | null;
  readonly email: string | null;
  readonly encrypted_password: string | null;
  readonly email_confirmed_at: Date | null;
  readonly invited_at: Date | null;
  readonly phone: string | null;
  readonly phone_confirmed_at: Date | null;
  readonly confirmation_sent_at: Date | null;
  readonly confirmed_at: Date | null;
  readonly recovery_sent_at: Date | null;
  readonly last_sign_in_at: Date | null;
  readonly raw_app_meta_data: Record<string, unknown> | null;
  readonly raw_user_meta_data: Record<string, unknown> | null;
  readonly created_at: Date | null;
  readonly updated_at: Date | null;
  readonly banned_until: Date | null;
  readonly deleted_at: Date | null;
  readonly is_anonymous: boolean;
}

/** What a new user starts with. */
export interface NewUser {
  readonly id: string;
  /** Lower case; undefined for wallets and anonymous users. */
  readonly email?: string | undefined;
  /** A bcrypt hash; undefined when there is no password. */
  readonly encryptedPassword?: string | undefined;
  readonly role?: string | undefined;
  readonly isConfirmed: boolean;
  readonly isAnonymous: boolean;
  readonly appMetadata: Record<string, unknown>;
  readonly userMetadata: Record<string, unknown>;
}

/** How a user proves who they are. */
export interface NewIdentity {
  readonly provider: string;
  readonly providerId: string;
  readonly data: Record<string, unknown>;
}

/** Metadata as GoTrue updates it: each given key replaces the old one, null removes it. */
export function mergeMetadata(
  old: Record<string, unknown> | null,
  updates: Record<string, unknown> | undefined,
): Record<string, unknown> {
  const merged = Object.entries({ ...old, ...updates }).filter(([, value]) => value !== null);
  return Object.fromEntries(merged);
}

/** Adds a user. @throws a database error of SQLSTATE 23505 when the email or the id is taken. */
export async function insertUser(tx: Transaction, user: NewUser, now: Date): Promise<void> {
  await tx`
    insert into auth.users (
      instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token, recovery_token,
      email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at, is_anonymous
    ) values (
      '00000000-0000-0000-0000-000000000000', ${user.id}, ${AUDIENCE}, ${user.role || AUDIENCE}, ${user.email ?? null},
      ${user.encryptedPassword ?? ""}, ${user.isConfirmed ? now : null}, '', '',
      '', '', ${tx.json(user.appMetadata as never)}, ${tx.json(user.userMetadata as never)}, ${now}, ${now},
      ${user.isAnonymous}
    )`;
}

/** Adds an identity to a user. @throws a database error of SQLSTATE 23505 when another user has it. */
export async function insertIdentity(tx: Transaction, userId: string, identity: NewIdentity, now: Date): Promise<void> {
  await tx`
    insert into auth.identities (
      provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at
    ) values (
      ${identity.providerId}, ${userId}, ${
    tx.json(identity.data as never)
  }, ${identity.provider}, ${now}, ${now}, ${now}
    )`;
}

/** The user of that id, locked against other changes until the transaction ends. */
export async function findUser(tx: Transaction, id: string): Promise<User | undefined> {
  const [user] = await tx<User[]>`select * from auth.users where id = ${id} for update`;
  return user;
}

/** The user of that email address (any case); users of single sign-on are not found by it. */
export async function findUserByEmail(tx: Transaction, email: string): Promise<User | undefined> {
  const [user] = await tx<User[]>`
    select * from auth.users
     where instance_id = '00000000-0000-0000-0000-000000000000'
       and lower(email) = ${email.toLowerCase()}
       and aud = ${AUDIENCE}
       and not is_sso_user
       for update`;
  return user;
}

/** Whether the user may not sign in at that time. */
export function isBanned(user: Pick<User, "banned_until">, now: number): boolean {
  return user.banned_until !== null && user.banned_until.getTime() > now;
}

/** The user object that supabase-js gets, or undefined when there is no such user. */
export async function readUser(tx: Transaction, id: string): Promise<Record<string, unknown> | undefined> {
  const [user] = await readUsers(tx, await tx<User[]>`select * from auth.users where id = ${id}`);
  return user;
}

/** The user objects of such rows, in their order. */
export async function readUsers(tx: Transaction, users: readonly User[]): Promise<Record<string, unknown>[]> {
  const identities = await tx`
    select id as identity_id, provider_id as id, user_id, identity_data, provider, last_sign_in_at, created_at,
           updated_at, email
      from auth.identities
     where user_id = any (${users.map((user) => user.id)}::uuid[])
     order by created_at, id`;
  return users.map((user) => {
    const own = identities.filter((identity) => identity.user_id === user.id);
    return userObject(user, own.map((identity) => withoutNulls({ ...identity })));
  });
}

function userObject(user: User, identities: Record<string, unknown>[]): Record<string, unknown> {
  return withoutNulls({
    id: user.id,
    aud: user.aud ?? "",
    role: user.role ?? "",
    email: user.email ?? "",
    email_confirmed_at: user.email_confirmed_at,
    invited_at: user.invited_at,
    phone: user.phone ?? "",
    phone_confirmed_at: user.phone_confirmed_at,
    confirmation_sent_at: user.confirmation_sent_at,
    confirmed_at: user.confirmed_at,
    recovery_sent_at: user.recovery_sent_at,
    last_sign_in_at: user.last_sign_in_at,
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    identities,
    created_at: user.created_at,
    updated_at: user.updated_at,
    banned_until: user.banned_until,
    deleted_at: user.deleted_at,
    is_anonymous: user.is_anonymous,
  });
}

/** GoTrue leaves out what it does not know. */
function withoutNulls(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}
