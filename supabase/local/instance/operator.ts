/**
 * The operator who can sign in to the ops page: made for the demo, and where somebody asks for one.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "./atomic_file.ts";

const operatorSchema = z.object({ id: z.uuid(), email: z.email(), password: z.string().min(32) });

/** Who signs in to the ops page, and with which password. */
export type Operator = z.infer<typeof operatorSchema>;

/** The demo's. A domain that never exists. */
export const DEMO_OPERATOR = "ops@vaultbook.test";

/** Where Auth is, and the key of its administration. */
export interface AuthAdministration {
  readonly url: string;
  readonly secretKey: string;
}

/** Who is to sign in. */
export interface OperatorWanted {
  /** By this email address, from now on. Default whoever it was before, else the demo's in the demo, and nobody without it. */
  readonly email?: string | undefined;
  readonly isDemo: boolean;
}

/**
 * Sees to it that who is wanted can sign in, and that the demo's operator cannot where no demo runs. The password is made once for each
 * data folder and kept there, readable by its owner only.
 *
 * @param dir the data folder, whose lock the caller holds.
 * @returns null where nobody is wanted.
 * @throws {Error} when the file is damaged, or Auth refuses.
 */
export async function ensureOperator(
  dir: string,
  wanted: OperatorWanted,
  auth: AuthAdministration,
): Promise<Operator | null> {
  const path = join(dir, "operator.json");
  const kept = await readIfPresent(path);
  const isDemos = kept?.email === DEMO_OPERATOR && !wanted.isDemo && wanted.email === undefined;
  if (kept && isDemos) {
    await administer(auth, "DELETE", `users/${kept.id}`, {});
    await Deno.remove(path);
    return null;
  }
  const email = wanted.email ?? kept?.email ?? (wanted.isDemo ? DEMO_OPERATOR : null);
  if (email === null) return null;
  const operator = { ...kept ?? { id: crypto.randomUUID(), password: randomPassword() }, email };
  if (kept?.email !== email) await writeAtomically(path, `${JSON.stringify(operator, null, 2)}\n`, 0o600);
  const rights = { email, password: operator.password, email_confirm: true, app_metadata: { role: "ops" } };
  // The database may be another one than last time: then nobody of this id is there.
  const known = await administer(auth, "PUT", `users/${operator.id}`, rights);
  if (known === 404) await administer(auth, "POST", "users", { id: operator.id, ...rights });
  return operator;
}

/** 24 random bytes: 32 letters and digits that a person can copy. */
function randomPassword(): string {
  return crypto.getRandomValues(new Uint8Array(24)).toBase64({ alphabet: "base64url" });
}

/** The status: 200, or 404 where nobody of that id is there. */
async function administer(
  { url, secretKey }: AuthAdministration,
  method: string,
  path: string,
  body: unknown,
): Promise<number> {
  const response = await fetch(`${url}/auth/v1/admin/${path}`, {
    method,
    headers: { apikey: secretKey, authorization: `Bearer ${secretKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.ok || response.status === 404) return response.status;
  throw new Error(`Auth does not take the operator: ${text}`);
}

async function readIfPresent(path: string): Promise<Operator | null> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  try {
    return operatorSchema.parse(JSON.parse(text));
  } catch {
    // The parser's message would quote the password.
    throw new Error(`${path} is damaged: delete it, and another password is made`);
  }
}
