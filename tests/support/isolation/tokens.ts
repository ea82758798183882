/**
 * Access tokens as an attacker makes them, and as Auth would never sign them.
 *
 * A list of our own. Wycheproof's JSON Web Signature vectors are not run: no package whose name says so was found to take them from, and this
 * list was not held against theirs.
 *
 * @module
 */
import { CompactEncrypt } from "jose";
import { derOf, IMPOSSIBLE_SIGNATURES } from "./ecdsa_signatures.ts";

/** A token and what it tries. */
export interface ForgedToken {
  readonly name: string;
  readonly token: string;
}

type Json = Record<string, unknown>;
type Sign = (input: Uint8Array<ArrayBuffer>) => Promise<Uint8Array> | Uint8Array;

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const encoded = (part: unknown): string => base64url(utf8(typeof part === "string" ? part : JSON.stringify(part)));

/** A compact JWS of any header and payload; a text stands for itself, valid JSON or not. */
async function compact(header: unknown, payload: unknown, sign: Sign): Promise<string> {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${base64url(await sign(utf8(input)))}`;
}

function hmac(secret: string | Uint8Array<ArrayBuffer>, hash = "SHA-256"): Sign {
  return async (input) => {
    const bytes = typeof secret === "string" ? utf8(secret) : secret;
    // WebCrypto takes no empty key: HMAC pads one with zeros, so a zero is the same.
    const raw = bytes.length > 0 ? bytes : new Uint8Array(1);
    const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, input));
  };
}

function ecdsa(key: CryptoKey, hash = "SHA-256"): Sign {
  return async (input) => new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash }, key, input));
}

/** What a project's Auth signs with, and what it would say of the victim. */
export interface Victim {
  readonly signingKey: JsonWebKey & { kid?: string };
  /** All claims of a token that would be accepted. */
  readonly claims: Json;
}

/** What somebody has who has no key of Auth's: the public ones, a pair of their own, and the claims of a genuine token. */
interface Attacker {
  readonly claims: Json;
  readonly header: Json;
  readonly kid: string;
  readonly point: JsonWebKey;
  /** The public key as DER and as PEM. */
  readonly der: Uint8Array<ArrayBuffer>;
  readonly pem: string;
  readonly ownJwk: JsonWebKey;
  readonly ownKey: Sign;
}

type Making = [name: string, token: Promise<string>];

async function attackerOf({ signingKey, claims }: Victim): Promise<Attacker> {
  const { x = "", y = "", kid = "" } = signingKey;
  const point = { kty: "EC", crv: "P-256", x, y };
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const publicKey = await crypto.subtle.importKey("jwk", point, curve, true, ["verify"]);
  const der = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  const body = btoa(String.fromCharCode(...der)).replace(/(.{64})/g, "$1\n");
  const own = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  return {
    claims,
    header: { alg: "ES256", typ: "JWT", kid },
    kid,
    point,
    der,
    pem: `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`,
    ownJwk: await crypto.subtle.exportKey("jwk", own.publicKey),
    ownKey: ecdsa(own.privateKey),
  };
}

/** Tokens of somebody who knows the public keys and a genuine token, and has no key. */
export async function forgedTokens(victim: Victim): Promise<ForgedToken[]> {
  const attacker = await attackerOf(victim);
  const made = [
    ...unsigned(attacker),
    ...confused(attacker),
    ...signedByAnother(attacker),
    ...signedByNothing(attacker),
  ];
  const tokens = await Promise.all(made.map(async ([name, token]) => ({ name, token: await token })));
  return [...tokens, ...await altered(victim, attacker.point, attacker.kid)];
}

/** Without a signature, whatever the header calls that. */
function unsigned({ header, claims, kid, ownKey }: Attacker): Making[] {
  const nothing: Sign = () => new Uint8Array();
  return [
    ...["none", "None", "NONE", "nOnE", "", "null"].map((alg): Making => [
      `alg ${alg || "empty"}, unsigned`,
      compact({ ...header, alg }, claims, nothing),
    ]),
    ["alg none, signed with another key", compact({ ...header, alg: "none" }, claims, ownKey)],
    ["no alg", compact({ typ: "JWT", kid }, claims, nothing)],
    ["alg null", compact({ ...header, alg: null }, claims, nothing)],
    ["alg a list", compact({ ...header, alg: ["none", "ES256"] }, claims, nothing)],
    ["unsigned", compact(header, claims, nothing)],
  ];
}

/** Under HMAC, with what everybody knows for the secret. */
function confused({ header, claims, kid, point, der, pem }: Attacker): Making[] {
  const publicJwk = { ...point, kid, alg: "ES256", use: "sig" };
  const secrets: Record<string, string | Uint8Array<ArrayBuffer>> = {
    "as PEM": pem,
    "as DER": der,
    "as JWK": JSON.stringify(publicJwk),
    "as JWKS": JSON.stringify({ keys: [publicJwk] }),
    "x": point.x ?? "",
    "kid": kid,
    "empty": "",
    "secret": "secret",
    "the CLI's default": "super-secret-jwt-token-with-at-least-32-characters-long",
  };
  return [
    ...Object.entries(secrets).map(([what, secret]): Making => [
      `HS256 with the public key or a known secret: ${what}`,
      compact({ ...header, alg: "HS256" }, claims, hmac(secret)),
    ]),
    ["HS384 with the public key", compact({ ...header, alg: "HS384" }, claims, hmac(pem, "SHA-384"))],
    ["HS512 with the public key", compact({ ...header, alg: "HS512" }, claims, hmac(pem, "SHA-512"))],
    ["ES256 in the header, HMAC of the public key", compact(header, claims, hmac(pem))],
  ];
}

/** Names of keys that a careless reader takes for a path, a query or a pattern. */
const KIDS = [
  "../../../../../../dev/null",
  "' or 1=1 --",
  "x' union select '",
  "/proc/sys/kernel/hostname",
  "a\u0000",
  "*",
  "__proto__",
];

/** With a key of the attacker's own, which the header offers in each way that there is. */
function signedByAnother({ header, claims, pem, ownJwk, ownKey }: Attacker): Making[] {
  const certificate = pem.replace(/-----[^-]+-----|\n/g, "");
  return [
    ["another key under this kid", compact(header, claims, ownKey)],
    ["another key, role service_role", compact(header, { ...claims, role: "service_role" }, ownKey)],
    ["another key without kid", compact({ alg: "ES256", typ: "JWT" }, claims, ownKey)],
    ["another key in the header", compact({ ...header, jwk: ownJwk }, claims, ownKey)],
    ["another key by jku", compact({ ...header, jku: "http://127.0.0.1:9/jwks.json" }, claims, ownKey)],
    ["another key by x5u", compact({ ...header, x5u: "http://127.0.0.1:9/cert.pem" }, claims, ownKey)],
    ["another key by x5c", compact({ ...header, x5c: [certificate] }, claims, ownKey)],
    ["an unknown critical header", compact({ ...header, crit: ["x"], x: 1 }, claims, ownKey)],
    ["ES384 in the header", compact({ ...header, alg: "ES384" }, claims, ownKey)],
    ...KIDS.flatMap((kid): Making[] => [
      [`kid ${JSON.stringify(kid)}, empty HMAC key`, compact({ ...header, alg: "HS256", kid }, claims, hmac(""))],
      [`kid ${JSON.stringify(kid)}, another key`, compact({ ...header, kid }, claims, ownKey)],
    ]),
  ];
}

/** With bytes that are no signature; CVE-2022-21449 took zeros for one. */
function signedByNothing({ header, claims }: Attacker): Making[] {
  return [
    ["a signature of zeros", compact(header, claims, () => new Uint8Array(64))],
    ["a signature of ones", compact(header, claims, () => new Uint8Array(64).fill(255))],
    ...IMPOSSIBLE_SIGNATURES.map(([name, bytes]): Making => [name, compact(header, claims, () => bytes)]),
    ["RS256 over nothing", compact({ ...header, alg: "RS256" }, claims, () => new Uint8Array(256))],
    ["EdDSA over nothing", compact({ ...header, alg: "EdDSA" }, claims, () => new Uint8Array(64))],
  ];
}

/** A genuine token, changed or cut afterwards. */
async function altered({ signingKey, claims }: Victim, point: JsonWebKey, kid: string): Promise<ForgedToken[]> {
  const genuine = await signedToken({ signingKey, claims });
  const [header = "", payload = "", signature = ""] = genuine.split(".");
  const encrypted = await new CompactEncrypt(utf8(genuine))
    .setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM", cty: "JWT" })
    .encrypt(
      await crypto.subtle.importKey(
        "jwk",
        point,
        { name: "ECDH", namedCurve: "P-256" },
        true,
        [],
      ),
    );
  const raw = Uint8Array.from(atob(signature.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt(0));
  const other = encoded({ ...claims, app_metadata: { role: "ops" } });
  const forms: Record<string, string> = {
    "another payload": `${header}.${other}.${signature}`,
    "another header": `${encoded({ alg: "ES256", kid, typ: "x" })}.${payload}.${signature}`,
    "a shorter signature": `${header}.${payload}.${signature.slice(0, -4)}`,
    "a longer signature": `${header}.${payload}.${signature}AAAA`,
    "no signature": `${header}.${payload}`,
    "an empty signature": `${header}.${payload}.`,
    "a signature in DER": `${header}.${payload}.${base64url(derOf(raw))}`,
    "r and s the other way round": `${header}.${payload}.${
      base64url(Uint8Array.from([...raw.subarray(32), ...raw.subarray(0, 32)]))
    }`,
    "one bit of the signature": `${header}.${payload}.${base64url(raw.with(63, (raw[63] ?? 0) ^ 1))}`,
    "one bit of the payload": `${header}.${base64url(utf8(JSON.stringify(claims)).with(0, 122))}.${signature}`,
    "a compressed payload": `${encoded({ alg: "ES256", typ: "JWT", kid, zip: "DEF" })}.${payload}.${signature}`,
    "a payload that is not encoded": `${
      encoded({ alg: "ES256", kid, b64: false, crit: ["b64"] })
    }.${payload}.${signature}`,
    "four parts": `${genuine}.${signature}`,
    "five parts": `${genuine}..`,
    "the payload alone": payload,
    "parts in another order": `${payload}.${header}.${signature}`,
    "two dots": "..",
    "JSON instead of base64": `{"alg":"none"}.${JSON.stringify(claims).replaceAll(" ", "")}.`,
    "encrypted": encrypted,
    "twice": `${genuine},${genuine}`,
  };
  return Object.entries(forms).map(([name, token]) => ({ name, token }));
}

/** A token that Auth's own key signed, whatever it says. */
export async function signedToken(
  { signingKey, claims }: Victim,
  header: Json = { alg: "ES256", typ: "JWT", kid: signingKey.kid },
): Promise<string> {
  const { kty, crv, x, y, d } = signingKey;
  const key = await crypto.subtle.importKey(
    "jwk",
    { kty, crv, x, y, d } as JsonWebKey,
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["sign"],
  );
  return await compact(header, claims, ecdsa(key));
}

/** Tokens that Auth's own key signed and that are no good all the same: too old, too early, another's, or nobody's. */
export async function misissuedTokens({ signingKey, claims }: Victim): Promise<ForgedToken[]> {
  const now = Math.floor(Date.now() / 1000);
  const without = (...names: string[]): Json =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
  const wrong: Record<string, unknown> = {
    "expired": { ...claims, exp: now - 60 },
    "expired long ago": { ...claims, exp: 1 },
    "no expiry": without("exp"),
    "expiry a text": { ...claims, exp: `${now + 3600}` },
    "not valid yet": { ...claims, nbf: now + 3600 },
    "another project's issuer": { ...claims, iss: "https://attacker.supabase.co/auth/v1" },
    "another audience": { ...claims, aud: "anon" },
    "a list of other audiences": { ...claims, aud: ["a", "b"] },
    "role service_role": { ...claims, role: "service_role" },
    "role supabase_admin": { ...claims, role: "supabase_admin" },
    "role postgres": { ...claims, role: "postgres" },
    "role vaultbook_ledger": { ...claims, role: "vaultbook_ledger" },
    "a role that is none": { ...claims, role: "nobody at all" },
    "role with SQL": { ...claims, role: 'authenticated"; reset role; --' },
    "claims a list": [claims],
    "claims a text": JSON.stringify("x"),
    "claims no JSON": "{",
  };
  const tokens = Object.entries(wrong).map(async ([name, payload]) => ({
    name,
    token: await signedToken({ signingKey, claims: payload as Json }),
  }));
  const header = { alg: "ES256", typ: "JWT", kid: signingKey.kid };
  return [
    ...await Promise.all(tokens),
    { name: "another kid", token: await signedToken({ signingKey, claims }, { ...header, kid: "other" }) },
    { name: "a critical header", token: await signedToken({ signingKey, claims }, { ...header, crit: ["x"], x: 1 }) },
  ];
}
