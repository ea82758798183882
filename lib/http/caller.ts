/**
 * Tells who sends a request: by a secret key of the project, or by an access token that its Auth signed.
 *
 * @module
 */
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import type { Caller } from "@/lib/domain/caller.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { isSecret } from "./secret.ts";

/** What proves a caller. Where something is not set, nobody is let in by it. */
export interface CallerKeys {
  /** All valid at once. */
  readonly secretKeys: readonly string[];
  /** What the project's Auth calls itself in a token's `iss`. */
  readonly issuers: readonly string[];
  /** Auth's public keys; a URL is read when the first token comes, and kept. */
  readonly publicKeys: JSONWebKeySet | URL | undefined;
}

/** Tells callers apart. */
export interface Callers {
  /** @throws {VaultbookError} unauthorized */
  identify(headers: Headers): Promise<Caller>;
}

/** What the database's policies go by. `user_metadata` is the user's own to write, so nothing is read from it. */
const CLAIMS = z.looseObject({
  sub: z.string().min(1),
  role: z.literal("authenticated"),
  wallet_address: z.string().min(1).optional(),
  app_metadata: z.looseObject({ role: z.string().optional() }).optional(),
});

/** Clocks of two servers differ by so much, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Reads the keys once. */
export function openCallers({ secretKeys, issuers, publicKeys }: CallerKeys): Callers {
  const keySet = publicKeys instanceof URL
    ? createRemoteJWKSet(publicKeys)
    : publicKeys && createLocalJWKSet(publicKeys);
  const claimsOf = async (token: string): Promise<JWTPayload> => {
    if (!keySet) throw new Error("No key is set that could have signed it");
    const { payload } = await jwtVerify(token, keySet, {
      algorithms: ["ES256", "RS256"],
      issuer: [...issuers],
      audience: "authenticated",
      requiredClaims: ["exp", "sub"],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    return payload;
  };
  return {
    async identify(headers: Headers): Promise<Caller> {
      const token = /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
      // supabase-js without a session sends the key in both places.
      if (token !== undefined && !token.startsWith("sb_")) {
        const claims = CLAIMS.safeParse(await claimsOf(token).catch((error: unknown) => refuse(error)));
        if (!claims.success) return refuse(claims.error);
        const { wallet_address: wallet = null, app_metadata: metadata } = claims.data;
        return { kind: "user", wallet, isOps: metadata?.role === "ops", claims: claims.data };
      }
      if (isSecret(headers.get("apikey") ?? token, secretKeys)) return { kind: "service" };
      return refuse();
    },
  };
}

/** Nothing of the reason is told: it would help only those who guess. */
function refuse(cause?: unknown): never {
  throw new VaultbookError("unauthorized", {}, cause instanceof Error ? cause.name : cause);
}
