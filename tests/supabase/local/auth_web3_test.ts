import { expect } from "expect";
import { newWallet, type RunningAuth, siwsMessage, type Wallet, withAuth } from "./running_auth.ts";

const MINUTE = 60_000;

async function post(auth: RunningAuth, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await auth.fetch("token?grant_type=web3", { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** What Auth says to a message signed by its wallet. */
async function outcomeOf(auth: RunningAuth, wallet: Wallet, message: string): Promise<string> {
  const signature = base64(await wallet.sign(message));
  const { status, body } = await post(auth, { chain: "solana", message, signature });
  return status === 200
    ? "accepted"
    : `${status} ${body.error ?? body.error_code}: ${body.error_description ?? body.msg}`;
}

function at(auth: RunningAuth, milliseconds: number): string {
  return new Date(auth.now() + milliseconds).toISOString();
}

Deno.test("signInWithWeb3() with message and signature makes the wallet's user", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    const message = siwsMessage(wallet.address);
    const { data, error } = await auth.client().auth.signInWithWeb3({
      chain: "solana",
      message,
      signature: await wallet.sign(message),
    });
    expect(error).toBeNull();
    const sub = `web3:solana:${wallet.address}`;
    const metadata = {
      sub,
      email_verified: false,
      phone_verified: false,
      custom_claims: {
        address: wallet.address,
        chain: "solana",
        network: "solana:mainnet",
        domain: "localhost:3000",
        statement: "Open my vault",
      },
    };
    expect(data.user).toMatchObject({
      email: "",
      app_metadata: { provider: "web3", providers: ["web3"] },
      user_metadata: metadata,
      identities: [{ id: sub, provider: "web3", identity_data: metadata }],
    });
    expect(data.user?.confirmed_at).toBeUndefined();
    const claims = await auth.keys.verify(data.session?.access_token ?? "");
    expect(claims).toMatchObject({ role: "authenticated", email: "", app_metadata: { provider: "web3" } });
    expect(claims.amr).toMatchObject([{ method: "web3" }]);
    const [identity] = await auth.database.admin`select provider_id, provider, identity_data from auth.identities`;
    expect(identity).toEqual({ provider_id: sub, provider: "web3", identity_data: metadata });
  }));

Deno.test("signInWithWeb3() with a wallet that signs messages, with and without a statement", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    const interfaceOfWallet = {
      publicKey: { toBase58: (): string => wallet.address },
      signMessage: (message: Uint8Array): Promise<Uint8Array> => wallet.sign(message),
    };
    const options = {
      url: "http://localhost:3000/login",
      signInWithSolana: {
        notBefore: at(auth, -MINUTE),
        expirationTime: at(auth, MINUTE),
        chainId: "solana:devnet",
        nonce: "n0nce",
        requestId: "r1",
      },
    };
    const signIn = (
      more: { statement?: string },
    ): ReturnType<ReturnType<RunningAuth["client"]>["auth"]["signInWithWeb3"]> =>
      auth.client().auth.signInWithWeb3({ chain: "solana", wallet: interfaceOfWallet as never, options, ...more });
    const first = await signIn({ statement: "Hello" });
    expect(first.error).toBeNull();
    const second = await signIn({});
    expect(second.data.user?.id).toBe(first.data.user?.id);
    expect(second.data.user?.user_metadata.custom_claims).toMatchObject({ network: "solana:devnet", statement: "" });
  }));

Deno.test("signInWithWeb3() with a wallet that signs in, whatever of its two forms it answers with", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    const users: (string | undefined)[] = [];
    for (const asList of [true, false]) {
      for (const asText of [true, false]) {
        const signIn = async (input: Record<string, string>): Promise<unknown> => {
          const message = siwsMessage(wallet.address, {
            domain: input.domain ?? "",
            lines: { "URI": input.uri ?? "", "Issued At": input.issuedAt ?? "" },
          });
          const signedMessage = asText ? message : new TextEncoder().encode(message);
          const output = { signedMessage, signature: await wallet.sign(message) };
          return asList ? [output] : output;
        };
        const { data, error } = await auth.client().auth.signInWithWeb3({
          chain: "solana",
          wallet: { signIn } as never,
          statement: "Hello",
          options: { url: "http://localhost:3000/" },
        });
        expect(error).toBeNull();
        users.push(data.user?.id);
      }
    }
    expect(new Set(users).size).toBe(1);
  }));

Deno.test("signInWithWeb3() ten times at once makes one user and ten sessions", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    const message = siwsMessage(wallet.address);
    const signature = await wallet.sign(message);
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => auth.client().auth.signInWithWeb3({ chain: "solana", message, signature })),
    );
    expect(outcomes.map(({ error }) => error)).toEqual(Array(10).fill(null));
    expect(new Set(outcomes.map(({ data }) => data.user?.id)).size).toBe(1);
    const [count] = await auth.database.admin`
      select (select count(*) from auth.users) as users,
             (select count(*) from auth.identities) as identities,
             (select count(*) from auth.sessions) as sessions`;
    expect(count).toEqual({ users: "1", identities: "1", sessions: "10" });
  }));

Deno.test("web3 accepts the signature as base64 and base64url, padded or not, and nothing else", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    const message = siwsMessage(wallet.address);
    const signature = base64(await wallet.sign(message));
    const url = signature.replaceAll("+", "-").replaceAll("/", "_");
    for (const form of [signature, url, signature.slice(0, -2), url.slice(0, -2)]) {
      expect((await post(auth, { chain: "solana", message, signature: form })).status).toBe(200);
    }
    const refusals: [string, string][] = [
      ["", "signature must be 64 bytes encoded as base64 with or without padding"],
      [signature + "A", "signature must be 64 bytes encoded as base64 with or without padding"],
      ["!".repeat(88), "signature does not contain valid base64 characters"],
      ["é".repeat(86), "signature does not contain valid base64 characters"],
    ];
    for (const [wrong, msg] of refusals) {
      const { status, body } = await post(auth, { chain: "solana", message, signature: wrong });
      expect([status, body]).toEqual([400, { code: 400, error_code: "validation_failed", msg }]);
    }
  }));

Deno.test("web3 refuses signatures that are not the wallet's", () =>
  withAuth(async (auth) => {
    const [wallet, thief] = [await newWallet(), await newWallet()];
    const message = siwsMessage(wallet.address);
    const own = await wallet.sign(message);
    const tampered = own.slice();
    tampered[3] = (tampered[3] ?? 0) ^ 1;
    const attempts = [
      { message, signature: base64(tampered) },
      { message, signature: base64(await thief.sign(message)) },
      { message: message.replace("vault", "vauIt"), signature: base64(own) },
      { message: `${message}\n`, signature: base64(own) },
      { message: siwsMessage(thief.address), signature: base64(own) },
      { message, signature: "A".repeat(88) },
    ];
    for (const attempt of attempts) {
      const { status, body } = await post(auth, { chain: "solana", ...attempt });
      expect([status, body]).toEqual([400, {
        error: "invalid_grant",
        error_description: "Signature does not match address in message",
      }]);
    }
    expect(await auth.database.admin`select 1 from auth.users`).toHaveLength(0);
  }));

Deno.test("web3 refuses messages for other places", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    const said = (URI: string, domain: string): Promise<string> =>
      outcomeOf(auth, wallet, siwsMessage(wallet.address, { domain, lines: { URI } }));
    const notAllowed = "400 invalid_grant: Signed Solana message is using URI which is not allowed on this server, " +
      "message was signed for another app";
    const mismatch = "400 invalid_grant: Signed Solana message is using a Domain that does not match the one in URI " +
      "which is not allowed on this server";
    const noHttps = "400 invalid_grant: Signed Solana message is using URI which does not use HTTPS";
    expect(await said("https://vault.example/login", "vault.example")).toBe("accepted");
    expect(await said("https://app.vault.example/", "app.vault.example")).toBe("accepted");
    expect(await said("http://127.0.0.1:54321/", "127.0.0.1:54321")).toBe("accepted");
    expect(await said("http://localhost:8080/", "localhost:8080")).toBe("accepted");
    expect(await said("http://vault.example/", "vault.example")).toBe(noHttps);
    expect(await said("ftp://localhost:3000/", "localhost:3000")).toBe(noHttps);
    expect(await said("https://evil.example/", "evil.example")).toBe(notAllowed);
    expect(await said("http://127.0.0.1:9/", "127.0.0.1:9")).toBe(notAllowed);
    expect(await said("https://vault.example/", "evil.example")).toBe(mismatch);
    expect(await said("http://localhost:3000/", "localhost:3001")).toBe(mismatch);
    expect(await said("http://localhost:3000/", "evil.example")).toBe(mismatch);
    // The address is allowed but not the site it lies on: as on hosted projects, the domain itself must be allowed.
    expect(await said("https://deep.example/only/here", "deep.example")).toBe(mismatch);
  }, {
    redirectUrls: [
      "https://vault.example/**",
      "https://*.vault.example/",
      "http://127.0.0.1:54321/**",
      "https://deep.example/only/here",
    ],
  }));

Deno.test("web3 refuses messages out of their time", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    const said = (lines: Record<string, string>): Promise<string> =>
      outcomeOf(auth, wallet, siwsMessage(wallet.address, { lines }));
    expect(await said({ "Issued At": at(auth, -9.9 * MINUTE) })).toBe("accepted");
    expect(await said({ "Issued At": at(auth, 9.9 * MINUTE) })).toBe("accepted");
    expect(await said({ "Issued At": at(auth, -10.1 * MINUTE) })).toBe(
      "400 invalid_grant: Solana message was issued too long ago",
    );
    expect(await said({ "Issued At": at(auth, 10.1 * MINUTE) })).toBe(
      "400 invalid_grant: Solana message was issued too far in the future",
    );
    expect(await said({ "Issued At": at(auth, -MINUTE), "Expiration Time": at(auth, -1000) })).toBe(
      "400 invalid_grant: Signed Solana message is expired",
    );
    expect(await said({ "Not Before": at(auth, MINUTE) })).toBe(
      "400 invalid_grant: Signed Solana message becomes valid in the future",
    );
  }));

Deno.test("web3 refuses short and long messages and other chains", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    expect(await outcomeOf(auth, wallet, "x".repeat(63))).toBe("400 validation_failed: message is too short");
    expect(await outcomeOf(auth, wallet, "é".repeat(10_241))).toBe(
      "400 validation_failed: message must not exceed 20KB",
    );
    const fitting = siwsMessage(wallet.address, { statement: "x".repeat(20_000) });
    expect(await outcomeOf(auth, wallet, fitting)).toBe("accepted");
    const { status, body } = await post(auth, { chain: "ethereum", message: "", signature: "" });
    expect([status, body.error_code]).toEqual([400, "web3_unsupported_chain"]);
  }));

Deno.test("web3 refuses a banned wallet", () =>
  withAuth(async (auth) => {
    const wallet = await newWallet();
    expect(await outcomeOf(auth, wallet, siwsMessage(wallet.address))).toBe("accepted");
    await auth.database.admin`update auth.users set banned_until = now() + interval '1 hour'`;
    expect(await outcomeOf(auth, wallet, siwsMessage(wallet.address))).toBe("403 user_banned: User is banned");
  }));

Deno.test("signInWithWeb3() shows refusals to supabase-js", () =>
  withAuth(async (auth) => {
    const [wallet, thief] = [await newWallet(), await newWallet()];
    const message = siwsMessage(wallet.address);
    const { error } = await auth.client().auth.signInWithWeb3({
      chain: "solana",
      message,
      signature: await thief.sign(message),
    });
    expect([error?.status, error?.message]).toEqual([400, "Signature does not match address in message"]);
    const malformed = await auth.client().auth.signInWithWeb3({
      chain: "solana",
      message: "x".repeat(100),
      signature: new Uint8Array(64),
    });
    expect([malformed.error?.status, malformed.error?.code]).toEqual([400, "validation_failed"]);
  }));
