/**
 * The keys and passwords of one instance: made once for each data folder, readable by its owner only.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "./atomic_file.ts";
import { makeInstanceFolder } from "./folder.ts";

const token = z.string().regex(/^[A-Za-z0-9_-]{32,}$/, "must be at least 32 letters, digits, _ or -");
const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "must be 32 bytes in base64url");

const secretsSchema = z.object({
  databasePasswords: z.object({ admin: token, postgres: token, authenticator: token }),
  publishableKey: token.startsWith("sb_publishable_"),
  secretKey: token.startsWith("sb_secret_"),
  signingKey: z.object({
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    alg: z.literal("ES256"),
    use: z.literal("sig"),
    kid: z.string().min(1),
    x: coordinate,
    y: coordinate,
    d: coordinate,
  }),
  heliusWebhookSecret: token,
  cronSecret: token,
});

/** The private key that signs access tokens, as a JWK. */
export type SigningKey = z.infer<typeof secretsSchema>["signingKey"];

/** Everything secret about one instance. Each text is safe in a URL. */
export type Secrets = z.infer<typeof secretsSchema>;

/**
 * The secrets of the data folder `dir`, made by the first call and the same ever after. The caller holds the folder's
 * lock.
 *
 * @throws {Error} naming the field, when the file is damaged; no secret is in the message.
 */
export async function loadSecrets(dir: string): Promise<Secrets> {
  const path = join(dir, "secrets.json");
  const text = await readIfPresent(path);
  if (text !== null) {
    if (Deno.build.os !== "windows") await Deno.chmod(path, 0o600);
    return parseSecrets(text, path);
  }
  await makeInstanceFolder(dir);
  const secrets = await makeSecrets();
  await writeAtomically(path, `${JSON.stringify(secrets, null, 2)}\n`, 0o600);
  return secrets;
}

async function makeSecrets(): Promise<Secrets> {
  return {
    databasePasswords: { admin: randomToken(), postgres: randomToken(), authenticator: randomToken() },
    publishableKey: `sb_publishable_${randomToken()}`,
    secretKey: `sb_secret_${randomToken()}`,
    signingKey: await makeSigningKey(),
    heliusWebhookSecret: randomToken(),
    cronSecret: randomToken(),
  };
}

/** 32 random bytes in base64url. */
function randomToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}

async function makeSigningKey(): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  return secretsSchema.shape.signingKey.parse({
    kty,
    crv,
    alg: "ES256",
    use: "sig",
    kid: crypto.randomUUID(),
    x,
    y,
    d,
  });
}

function parseSecrets(text: string, path: string): Secrets {
  const advice = "restore it, or delete the whole data folder to begin anew";
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message would quote the file.
    throw new Error(`${path} is damaged (not JSON): ${advice}`);
  }
  const parsed = secretsSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`);
  throw new Error(`${path} is damaged (${problems.join("; ")}): ${advice}`);
}

async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
