/**
 * The custom access token hook: a database function that may change the claims of every token before it is signed.
 *
 * @module
 */
import { isReservedRole } from "../access_tokens.ts";
import { AuthRefused } from "./auth_error.ts";
import type { Transaction } from "./context.ts";

/** GoTrue's time limit for a hook in the database. */
const TIMEOUT_MILLISECONDS = 2000;

/** What the returned claims must hold, and of which JSON types; GoTrue's "minimum viable token". */
const REQUIRED = ["aud", "exp", "iat", "sub", "email", "phone", "role", "aal", "session_id", "is_anonymous"];
const TYPES: Readonly<Record<string, readonly string[]>> = {
  aud: ["string", "array"],
  exp: ["integer"],
  jti: ["string"],
  iat: ["integer"],
  iss: ["string"],
  nbf: ["integer"],
  sub: ["string"],
  email: ["string"],
  phone: ["string"],
  app_metadata: ["object"],
  user_metadata: ["object"],
  role: ["string"],
  aal: ["string"],
  amr: ["array"],
  session_id: ["string"],
};

/** What the hook is told. */
export interface HookInput {
  readonly user_id: string;
  readonly claims: Record<string, unknown>;
  /** How the user signed in: `password`, `web3`, `anonymous`, `token_refresh`. */
  readonly authentication_method: string;
}

/**
 * Runs the hook inside the sign-in's transaction, as supabase_auth_admin.
 *
 * @param hook `schema.function`, taking and returning jsonb.
 * @returns the claims to sign.
 * @throws {AuthRefused} with the status and message the hook gives in `error`; 500 when it does not exist, fails, takes
 * longer than 2 seconds, or returns claims that are no token's. The sign-in is then undone.
 */
export async function runTokenHook(tx: Transaction, hook: string, input: HookInput): Promise<Record<string, unknown>> {
  const output = await call(tx, hook, input);
  if (!isObject(output)) throw hookFailed("Error unmarshaling JSON output.");
  if (isObject(output.error) && typeof output.error.message === "string" && output.error.message !== "") {
    throw hookRefused(output.error.http_code, output.error.message);
  }
  if (!("claims" in output)) throw hookFailed("output claims field is missing");
  const complaints = complaintsAbout(output.claims);
  if (complaints.length > 0 || !isObject(output.claims)) {
    const list = complaints.map((complaint) => `- ${complaint}\n`).join("");
    throw hookFailed(`output claims do not conform to the expected schema: \n${list}`);
  }
  return output.claims;
}

async function call(tx: Transaction, hook: string, input: HookInput): Promise<unknown> {
  try {
    await tx.unsafe(`set local statement_timeout to ${TIMEOUT_MILLISECONDS}`);
    const [row] = await tx`select ${tx(hook)}(${tx.json(input as never)}::jsonb) as output`;
    await tx`set local statement_timeout to default`;
    return row?.output;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw hookFailed(`Error running hook URI: pg-functions://postgres/${hook.replace(".", "/")} (${reason})`);
  }
}

/** What is wrong with the claims, in the words of GoTrue's schema validator. */
function complaintsAbout(claims: unknown): string[] {
  if (!isObject(claims)) return [`(root): Invalid type. Expected: object, given: ${typeOf(claims)}`];
  const missing = REQUIRED.filter((name) => !(name in claims)).map((name) => `(root): ${name} is required`);
  const mistyped = Object.entries(TYPES).filter(([name, types]) =>
    name in claims && !types.includes(typeOf(claims[name]))
  );
  const wrong = mistyped.map(([name, types]) =>
    `${name}: Invalid type. Expected: ${types.join("/")}, given: ${typeOf(claims[name])}`
  );
  const reserved = isReservedRole(claims.role) ? [`role: ${claims.role} is reserved for the secret key`] : [];
  return [...missing, ...wrong, ...reserved];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeOf(value) === "object";
}

function hookRefused(status: unknown, message: string): AuthRefused {
  const isStatus = typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599;
  if (!isStatus || status === 500) return hookFailed(message);
  return new AuthRefused(status, "unknown", message);
}

function hookFailed(message: string): AuthRefused {
  return new AuthRefused(500, "unexpected_failure", message);
}
