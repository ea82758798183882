/**
 * `token?grant_type=web3`: sign-in with a Solana wallet. The wallet is the identity; the first sign-in makes the user.
 *
 * @module
 */
import { z } from "zod";
import { AuthRefused, invalid, OAuthRefused } from "./auth_error.ts";
import type { AuthContext, Transaction } from "./context.ts";
import { isLoopback } from "./redirect_urls.ts";
import { readBody, text } from "./request_body.ts";
import { type SessionResponse, startSession } from "./sessions.ts";
import { parseSiws, type SiwsMessage } from "./siws.ts";
import { findUser, insertIdentity, insertUser, isBanned, mergeMetadata } from "./users.ts";

const MIN_MESSAGE_BYTES = 64;
const MAX_MESSAGE_BYTES = 20 * 1024;

/** How far from now a message may have been issued, either way. */
const VALIDITY_MILLISECONDS = 10 * 60 * 1000;

const PROVIDER = "web3";
const Body = z.object({ chain: text, message: text, signature: text });

/**
 * Signs a wallet in.
 *
 * @throws {AuthRefused} when the body is malformed; {OAuthRefused} `invalid_grant` when the message does not hold here and now.
 */
export async function signInWithWeb3(context: AuthContext, request: Request): Promise<SessionResponse> {
  const { chain, message: raw, signature } = await readBody(request, Body);
  if (chain !== "solana") throw new AuthRefused(400, "web3_unsupported_chain", "Unsupported chain");
  const bytes = new TextEncoder().encode(raw);
  if (bytes.length < MIN_MESSAGE_BYTES) throw invalid("message is too short");
  if (bytes.length > MAX_MESSAGE_BYTES) throw invalid("message must not exceed 20KB");
  const signatureBytes = decodeSignature(signature);
  const message = parseSiws(raw);
  if (!await isSignedBy(message.publicKey, signatureBytes, bytes)) {
    throw new OAuthRefused("invalid_grant", "Signature does not match address in message");
  }
  checkPlace(context, message);
  checkTime(context.now(), message);
  return await context.sql.begin(async (tx) => {
    const userId = await findOrCreateUser(context, tx, message);
    return await startSession(context, tx, userId, PROVIDER, request);
  });
}

/** 64 bytes as base64 or base64url, with or without padding. */
function decodeSignature(signature: string): Uint8Array<ArrayBuffer> {
  if (signature.length !== 86 && signature.length !== 88) {
    throw invalid("signature must be 64 bytes encoded as base64 with or without padding");
  }
  const base64 = signature.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
  if (!/^[a-z0-9+/]*$/i.test(base64) || base64.length % 4 === 1) {
    throw invalid("signature does not contain valid base64 characters");
  }
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function isSignedBy(
  publicKey: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (signature.length !== 64) return false;
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch {
    // 32 bytes that are no point of the curve.
    return false;
  }
}

/** Was the message signed for one of this project's apps? A signature for another site must not open this one. */
function checkPlace(context: AuthContext, { domain, uri }: SiwsMessage): void {
  const isLocal = uri.url.protocol === "http:" && isLoopback(uri.url.hostname);
  if (uri.url.protocol !== "https:" && !isLocal) {
    throw new OAuthRefused("invalid_grant", "Signed Solana message is using URI which does not use HTTPS");
  }
  if (!context.isAllowedUrl(uri.written)) {
    throw new OAuthRefused(
      "invalid_grant",
      "Signed Solana message is using URI which is not allowed on this server, message was signed for another app",
    );
  }
  if (uri.host !== domain || !context.isAllowedUrl(`${uri.url.protocol}//${domain}/`)) {
    throw new OAuthRefused(
      "invalid_grant",
      "Signed Solana message is using a Domain that does not match the one in URI which is not allowed on this server",
    );
  }
}

function checkTime(now: number, message: SiwsMessage): void {
  if (message.notBefore !== undefined && now < message.notBefore) {
    throw new OAuthRefused("invalid_grant", "Signed Solana message becomes valid in the future");
  }
  if (message.expirationTime !== undefined && now > message.expirationTime) {
    throw new OAuthRefused("invalid_grant", "Signed Solana message is expired");
  }
  if (now > message.issuedAt + VALIDITY_MILLISECONDS) {
    throw new OAuthRefused("invalid_grant", "Solana message was issued too long ago");
  }
  if (now < message.issuedAt - VALIDITY_MILLISECONDS) {
    throw new OAuthRefused("invalid_grant", "Solana message was issued too far in the future");
  }
}

/** The id of the wallet's user, who is made on the first sign-in and brought up to date on every later one. */
async function findOrCreateUser(context: AuthContext, tx: Transaction, message: SiwsMessage): Promise<string> {
  const providerId = `${PROVIDER}:solana:${message.address}`;
  const data = {
    sub: providerId,
    custom_claims: {
      address: message.address,
      chain: "solana",
      network: message.chainId,
      domain: message.domain,
      statement: message.statement,
    },
    email_verified: false,
    phone_verified: false,
  };
  const now = new Date(context.now());
  // First sign-ins of one wallet at the same time take turns, so that one of them makes the user.
  await tx`select pg_advisory_xact_lock(hashtextextended(${providerId}, 0))`;
  const [identity] = await tx<{ user_id: string }[]>`
    select user_id from auth.identities where provider = ${PROVIDER} and provider_id = ${providerId}`;
  if (!identity) {
    const id = crypto.randomUUID();
    const appMetadata = { provider: PROVIDER, providers: [PROVIDER] };
    await insertUser(tx, { id, isConfirmed: false, isAnonymous: false, appMetadata, userMetadata: data }, now);
    await insertIdentity(tx, id, { provider: PROVIDER, providerId, data }, now);
    return id;
  }
  const user = await findUser(tx, identity.user_id);
  if (!user || isBanned(user, context.now())) throw new AuthRefused(403, "user_banned", "User is banned");
  await tx`
    update auth.identities
       set identity_data = ${tx.json(data)}, last_sign_in_at = ${now}, updated_at = ${now}
     where provider = ${PROVIDER} and provider_id = ${providerId}`;
  const metadata = mergeMetadata(user.raw_user_meta_data, data);
  await tx`
    update auth.users set raw_user_meta_data = ${
    tx.json(metadata as never)
  }, updated_at = ${now} where id = ${user.id}`;
  return user.id;
}
