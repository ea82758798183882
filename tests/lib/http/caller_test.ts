import { expect } from "expect";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Caller } from "@/lib/domain/caller.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { type CallerKeys, openCallers } from "@/lib/http/caller.ts";

const ISSUER = "http://project.test/auth/v1";
const [own, other] = [await generateKeyPair("ES256"), await generateKeyPair("ES256")];
const jwk = { ...await exportJWK(own.publicKey), kid: "one", alg: "ES256" };
const KEYS: CallerKeys = { secretKeys: ["sb_secret_a", "sb_secret_b"], issuers: [ISSUER], publicKeys: { keys: [jwk] } };

/** A token as Auth signs it, but for these claims; undefined leaves one out. */
async function token(claims: Record<string, unknown> = {}, key: CryptoKey = own.privateKey): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all = { sub: "user", role: "authenticated", aud: "authenticated", iss: ISSUER, exp: now + 60, ...claims };
  return await new SignJWT(all).setProtectedHeader({ alg: "ES256", kid: "one" }).sign(key);
}

/** Who that is; the refusal's code where it is nobody. */
async function identified(headers: HeadersInit, keys: CallerKeys = KEYS): Promise<Caller | string> {
  return await openCallers(keys).identify(new Headers(headers)).catch((error: unknown) => {
    if (!(error instanceof VaultbookError)) throw error;
    expect(error.details).toEqual({});
    return error.code;
  });
}

Deno.test("identify() knows a secret key in either header, and no other key", async () => {
  for (const secret of KEYS.secretKeys) {
    for (const headers of [{ apikey: secret }, { authorization: `Bearer ${secret}` }]) {
      expect(await identified(headers)).toEqual({ kind: "service" });
    }
  }
  const wrong = [{}, { apikey: "" }, { apikey: "sb_secret_" }, { apikey: "sb_publishable_a" }, {
    authorization: "sb_secret_a",
  }];
  for (const headers of wrong as HeadersInit[]) {
    expect([headers, await identified(headers)]).toEqual([headers, "unauthorized"]);
  }
  expect(await identified({ apikey: "" }, { ...KEYS, secretKeys: [] })).toBe("unauthorized");
  expect(await identified({ apikey: "" }, { ...KEYS, secretKeys: [""] })).toBe("unauthorized");
});

Deno.test("rows 51 and 52: identify() goes by what Auth signed, and by nothing that users write themselves", async () => {
  const who = async (claims: Record<string, unknown>, key?: CryptoKey): Promise<unknown> => {
    const caller = await identified({ authorization: `Bearer ${await token(claims, key)}` });
    return typeof caller === "string" ? caller : caller.kind === "user" && [caller.wallet, caller.isOps];
  };
  expect(await who({})).toEqual([null, false]);
  expect(await who({ wallet_address: "w" })).toEqual(["w", false]);
  expect(await who({ app_metadata: { role: "ops" } })).toEqual([null, true]);
  expect(await who({ user_metadata: { role: "ops", wallet_address: "w" }, user_role: "ops" })).toEqual([null, false]);
  expect(await who({ app_metadata: { role: "OPS" } })).toEqual([null, false]);
  const now = Math.floor(Date.now() / 1000);
  const refused: [string, Record<string, unknown>][] = [
    ["expired", { exp: now - 60 }],
    ["for ever", { exp: undefined }],
    ["not yet", { nbf: now + 60 }],
    ["another issuer", { iss: "http://other.test/auth/v1" }],
    ["no issuer", { iss: undefined }],
    ["another audience", { aud: "anon" }],
    ["nobody", { sub: undefined }],
    ["an empty subject", { sub: "" }],
    ["anon", { role: "anon" }],
    ["service_role", { role: "service_role" }],
    ["no role", { role: undefined }],
    ["several wallets", { wallet_address: ["a", "b"] }],
    ["an empty wallet", { wallet_address: "" }],
  ];
  for (const [what, claims] of refused) expect([what, await who(claims)]).toEqual([what, "unauthorized"]);
  expect(await who({}, other.privateKey)).toBe("unauthorized");
});

Deno.test("row 52: identify() lets nobody in by a token where no key or issuer is set", async () => {
  const headers = { authorization: `Bearer ${await token()}` };
  expect(await identified(headers, { ...KEYS, publicKeys: undefined })).toBe("unauthorized");
  expect(await identified(headers, { ...KEYS, publicKeys: { keys: [] } })).toBe("unauthorized");
  expect(await identified(headers, { ...KEYS, issuers: [] })).toBe("unauthorized");
});
