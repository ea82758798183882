import { expect } from "expect";
import { SignJWT } from "jose";
import { JwtRefused, openKeys, type ProjectKeys, refusalOf } from "@/supabase/local/keys.ts";
import { newSigningKey, PUBLISHABLE, SECRET } from "./running_auth.ts";

const ISSUER = "http://127.0.0.1:54321/auth/v1";
const NOW = Date.UTC(2026, 10, 22);

const SIGNING_KEY = await newSigningKey("key-1");

function open(signingKey: JsonWebKey = SIGNING_KEY, now = NOW): Promise<ProjectKeys> {
  return openKeys({ publishable: PUBLISHABLE, secret: SECRET, signingKey, issuer: ISSUER, now: () => now });
}

/** A token with any header and claims, signed by that key. */
async function forge(
  claims: Record<string, unknown>,
  header: { alg: string; kid?: string } = { alg: "ES256", kid: "key-1" },
  key: JsonWebKey = SIGNING_KEY,
): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader(header).sign(key as never);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => "accepted", (thrown) => thrown);
  return error instanceof JwtRefused ? `${error.code} ${error.message}` : String(error);
}

function request(headers: Record<string, string>, query = ""): Request {
  return new Request(`http://127.0.0.1/rest/v1/vaults${query}`, { headers });
}

const LATER = NOW / 1000 + 60;
const UNDECODABLE = "PGRST301 No suitable key or wrong key type";

Deno.test("sign() makes a token that verify() gives back with issuer, times and kid", async () => {
  const keys = await open();
  const token = await keys.sign({ sub: "u", role: "authenticated", aud: "authenticated" }, 60);
  expect(await keys.verify(token)).toEqual({
    sub: "u",
    role: "authenticated",
    aud: "authenticated",
    iss: ISSUER,
    iat: NOW / 1000,
    exp: LATER,
  });
  expect(JSON.parse(atob(token.split(".")[0] ?? ""))).toEqual({ alg: "ES256", kid: "key-1", typ: "JWT" });
});

Deno.test("sign() keeps the times that the claims bring", async () => {
  const keys = await open();
  const claims = await keys.verify(await keys.sign({ exp: LATER + 5, iat: NOW / 1000 - 5 }, 60));
  expect([claims.exp, claims.iat]).toEqual([LATER + 5, NOW / 1000 - 5]);
});

Deno.test("sign() refuses the roles that belong to the secret key", async () => {
  const keys = await open();
  for (const role of ["service_role", "supabase_admin", "postgres"]) {
    await expect(keys.sign({ role }, 60)).rejects.toThrow(TypeError);
  }
});

Deno.test("jwks shows the public half of the key and nothing of the private one", async () => {
  const { jwks } = await open();
  expect(jwks.keys).toEqual([{
    kty: "EC",
    crv: "P-256",
    x: SIGNING_KEY.x,
    y: SIGNING_KEY.y,
    kid: "key-1",
    alg: "ES256",
    use: "sig",
    key_ops: ["verify"],
    ext: true,
  }]);
});

Deno.test("verify() refuses a token signed by another key, whatever it claims", async () => {
  const keys = await open();
  const stranger = await newSigningKey("key-1");
  const token = await forge({ role: "service_role", exp: LATER }, { alg: "ES256", kid: "key-1" }, stranger);
  expect(await codeOf(keys.verify(token))).toBe(UNDECODABLE);
});

Deno.test("verify() refuses service_role even under the right signature", async () => {
  const keys = await open();
  const token = await forge({ role: "service_role", exp: LATER });
  expect(await codeOf(keys.verify(token))).toBe("PGRST303 JWT role is reserved for the secret key");
});

Deno.test("verify() refuses unsigned tokens and other algorithms", async () => {
  const keys = await open();
  const part = (value: unknown): string => btoa(JSON.stringify(value)).replaceAll("=", "");
  const claims = { role: "authenticated", exp: LATER };
  for (const alg of ["none", "None", "HS256", "RS256"]) {
    const token = `${part({ alg, kid: "key-1" })}.${part(claims)}.`;
    expect(await codeOf(keys.verify(token))).toBe("PGRST301 Wrong or unsupported encoding algorithm");
  }
  // The old trick: the public key, which everyone has, taken as the secret of an HMAC.
  const { jwks: { keys: [publicKey] } } = keys;
  const secret = new TextEncoder().encode(JSON.stringify(publicKey));
  const token = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "key-1" }).sign(secret);
  expect(await codeOf(keys.verify(token))).toBe("PGRST301 Wrong or unsupported encoding algorithm");
});

Deno.test("verify() refuses another kid and none at all", async () => {
  const keys = await open();
  const claims = { role: "authenticated", exp: LATER };
  expect(await codeOf(keys.verify(await forge(claims, { alg: "ES256", kid: "key-2" })))).toBe(UNDECODABLE);
  expect(await codeOf(keys.verify(await forge(claims, { alg: "ES256" })))).toBe(UNDECODABLE);
});

Deno.test("verify() refuses tokens outside their time", async () => {
  const keys = await open();
  const second = NOW / 1000;
  expect(await codeOf(keys.verify(await forge({ exp: second })))).toBe("PGRST303 JWT expired");
  expect(await codeOf(keys.verify(await forge({ exp: second + 1 })))).toBe("accepted");
  expect(await codeOf(keys.verify(await forge({ exp: LATER, nbf: second + 1 })))).toBe("PGRST303 JWT not yet valid");
  expect(await codeOf(keys.verify(await forge({ exp: LATER, iat: second + 31 })))).toBe(
    "PGRST303 JWT issued at future",
  );
  expect(await codeOf(keys.verify(await forge({ role: "authenticated" })))).toBe("PGRST303 JWT has no exp claim");
  expect(await codeOf(keys.verify(await forge({ exp: "soon" })))).toBe("PGRST303 The JWT 'exp' claim must be a number");
});

Deno.test("verify() refuses tokens for another audience or issuer", async () => {
  const keys = await open();
  expect(await codeOf(keys.verify(await forge({ exp: LATER, aud: "admins" })))).toBe("PGRST303 JWT not in audience");
  expect(await codeOf(keys.verify(await forge({ exp: LATER, iss: "http://other" })))).toBe(
    "PGRST303 JWT not of this project",
  );
  const list = await forge({ exp: LATER, aud: ["x", "authenticated"] });
  expect((await keys.verify(list)).aud).toEqual(["x", "authenticated"]);
});

Deno.test("verify() refuses what is no token, and every token with one character changed", async () => {
  const keys = await open();
  expect(await codeOf(keys.verify(""))).toBe("PGRST301 Empty JWT is sent in Authorization header");
  expect(await codeOf(keys.verify("sb_secret_test"))).toBe("PGRST301 Expected 3 parts in JWT; got 1");
  expect(await codeOf(keys.verify("a.b.c"))).toBe(UNDECODABLE);
  expect(await codeOf(keys.verify(".."))).toBe(UNDECODABLE);
  const token = await keys.sign({ role: "authenticated" }, 60);
  for (let i = 0; i < token.length; i += 7) {
    // The last character holds bits that no byte takes up.
    if (i === token.length - 1 || token[i] === ".") continue;
    const changed = token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
    await expect(keys.verify(changed)).rejects.toThrow(JwtRefused);
  }
});

Deno.test("openKeys() refuses public keys, keys without kid, and API keys that do not differ", async () => {
  const { d: _, ...publicOnly } = SIGNING_KEY;
  await expect(open(publicOnly)).rejects.toThrow(TypeError);
  const { kid: _kid, ...nameless } = SIGNING_KEY as JsonWebKey & { kid: string };
  await expect(open(nameless)).rejects.toThrow(TypeError);
  const options = { signingKey: SIGNING_KEY, issuer: ISSUER };
  await expect(openKeys({ publishable: "same", secret: "same", ...options })).rejects.toThrow(TypeError);
  await expect(openKeys({ publishable: "", secret: "x", ...options })).rejects.toThrow(TypeError);
});

Deno.test("callerOf() takes the API key from the header or the address", async () => {
  const keys = await open();
  expect(await keys.callerOf(request({ apikey: PUBLISHABLE }))).toEqual({ role: "anon", claims: { role: "anon" } });
  expect(await keys.callerOf(request({}, `?apikey=${SECRET}`))).toEqual({
    role: "service_role",
    claims: { role: "service_role" },
  });
});

Deno.test("callerOf() ignores a bearer that repeats the API key, and no other key", async () => {
  const keys = await open();
  const same = request({ apikey: PUBLISHABLE, authorization: `Bearer ${PUBLISHABLE}` });
  expect((await keys.callerOf(same)).role).toBe("anon");
  const climbing = request({ apikey: PUBLISHABLE, authorization: `Bearer ${SECRET}` });
  expect(await codeOf(keys.callerOf(climbing))).toBe("PGRST301 Expected 3 parts in JWT; got 1");
  const bearerOnly = await keys.callerOf(request({ authorization: `Bearer ${SECRET}` })).catch((error) => error);
  expect(bearerOnly.message).toBe("No API key found in request");
});

Deno.test("callerOf() lets a user's token decide, even beside the secret key", async () => {
  const keys = await open();
  const token = await keys.sign({ sub: "u", role: "authenticated" }, 60);
  for (const apikey of [PUBLISHABLE, SECRET]) {
    const caller = await keys.callerOf(request({ apikey, authorization: `bearer ${token}` }));
    expect(caller.role).toBe("authenticated");
    expect(caller.claims.sub).toBe("u");
  }
  const roleless = await keys.callerOf(request({ apikey: SECRET, authorization: `Bearer ${await keys.sign({}, 60)}` }));
  expect(roleless.role).toBe("anon");
});

Deno.test("callerOf() refuses an empty bearer", async () => {
  const keys = await open();
  const caller = keys.callerOf(request({ apikey: PUBLISHABLE, authorization: "Bearer " }));
  expect(await codeOf(caller)).toBe("PGRST301 Empty JWT is sent in Authorization header");
});

Deno.test("refusalOf() answers as the gateway and PostgREST do", async () => {
  const keys = await open();
  const answerTo = async (headers: Record<string, string>): Promise<Response> => {
    const error = await keys.callerOf(request(headers)).catch((thrown) => thrown);
    return refusalOf(error) ?? new Response("no refusal");
  };
  const missing = await answerTo({});
  expect([missing.status, await missing.json()]).toEqual([401, {
    message: "No API key found in request",
    hint: "No `apikey` request header or url param was found.",
  }]);
  const unknown = await answerTo({ apikey: "sb_secret_tesT" });
  expect([unknown.status, await unknown.json()]).toEqual([401, {
    message: "Invalid API key",
    hint: "Double check your Supabase `anon` or `service_role` API key.",
  }]);
  const expired = await forge({ role: "authenticated", exp: NOW / 1000 - 1 });
  const answer = await answerTo({ apikey: PUBLISHABLE, authorization: `Bearer ${expired}` });
  expect(answer.headers.get("www-authenticate")).toBe('Bearer error="invalid_token", error_description="JWT expired"');
  expect([answer.status, await answer.json()]).toEqual([401, {
    code: "PGRST303",
    details: null,
    hint: null,
    message: "JWT expired",
  }]);
  expect(refusalOf(new Error("something else"))).toBeUndefined();
});
