/**
 * Passwords and email addresses: what GoTrue accepts, and bcrypt by pgcrypto.
 *
 * @module
 */
import { AuthRefused, invalid } from "./auth_error.ts";
import type { Transaction } from "./context.ts";
import type { User } from "./users.ts";

const MIN_LENGTH = 6;

/** bcrypt looks at no more bytes than these. */
const MAX_BYTES = 72;

/** GoTrue's cost. */
const BCRYPT_COST = 10;

const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/**
 * The address in lower case.
 *
 * @throws {AuthRefused} `validation_failed` when it is no email address.
 */
export function checkEmail(email: string): string {
  if (email === "") throw invalid("An email address is required");
  if (email.length > 255) throw invalid("An email address is too long");
  if (!EMAIL.test(email)) throw invalid("Unable to validate email address: invalid format");
  return email.toLowerCase();
}

/** @throws {AuthRefused} `weak_password` (422) below 6 bytes, `validation_failed` above 72. */
export function checkPassword(password: string): void {
  const bytes = new TextEncoder().encode(password).length;
  if (bytes > MAX_BYTES) throw invalid(`Password cannot be longer than ${MAX_BYTES} characters`);
  if (bytes < MIN_LENGTH) {
    const message = `Password should be at least ${MIN_LENGTH} characters.`;
    throw new AuthRefused(422, "weak_password", message, ["length"]);
  }
}

/** A bcrypt hash of a password that `checkPassword` let through. */
export async function hashPassword(tx: Transaction, password: string): Promise<string> {
  const [row] = await tx<{ hash: string }[]>`
    select extensions.crypt(${password}, extensions.gen_salt('bf', ${BCRYPT_COST})) as hash`;
  return row?.hash ?? "";
}

/** Whether the password is the user's; never for a user without one. */
export async function isPasswordOf(tx: Transaction, user: User, password: string): Promise<boolean> {
  const hash = user.encrypted_password;
  if (!hash || password.includes("\0")) return false;
  const [row] = await tx<{ matches: boolean }[]>`select extensions.crypt(${password}, ${hash}) = ${hash} as matches`;
  return row?.matches ?? false;
}
