/**
 * Checks a shared secret that comes in a header.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether `given` is one of `secrets`. Takes the same time whichever it is and however much of it is right.
 *
 * @param secrets all valid at once, so that one can be rotated out; empty: nothing is right.
 */
export function isSecret(given: string | null | undefined, secrets: readonly string[]): boolean {
  const candidate = digest(given ?? "");
  let right = false;
  for (const secret of secrets) {
    if (timingSafeEqual(candidate, digest(secret)) && secret !== "") right = true;
  }
  return right;
}

/** Secrets from a comma-separated list; none when it is not set. */
export function secretsFromList(list: string | undefined): string[] {
  return (list ?? "").split(",").map((secret) => secret.trim()).filter((secret) => secret !== "");
}

/** Of one length, whatever the secret's is. */
function digest(secret: string): Uint8Array {
  return createHash("sha256").update(secret).digest();
}
