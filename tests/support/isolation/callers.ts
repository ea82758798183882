/**
 * Everybody who can come through the gateway, signed in as they really sign in.
 *
 * @module
 */
import type { SupabaseClient } from "@supabase/supabase-js";
import type { TestPlatform } from "@/tests/support/platform.ts";
import { newWallet } from "@/tests/support/platform.ts";
import type { Tenant, Tenants } from "./tenants.ts";
import { forgedTokens, misissuedTokens, signedToken } from "./tokens.ts";

/** Somebody with headers, and whose canaries they may see. */
export interface WireCaller {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sees: readonly Tenant[];
  /** The bearer token; undefined without one. */
  readonly token: string | undefined;
  /** Whether every door is shut: then it is knocked at, and that is all. */
  readonly isRefused: boolean;
}

const PASSWORD = "a long enough password";

/** All of them: those who are somebody first. */
export async function callersOf(platform: TestPlatform, { alice, bob }: Tenants): Promise<WireCaller[]> {
  const apikey = platform.publishable;
  const signedIn = async (
    name: string,
    sees: Tenant[],
    signIn: (client: SupabaseClient) => Promise<unknown>,
  ): Promise<WireCaller> => {
    const client = platform.client();
    await signIn(client);
    const token = (await client.auth.getSession()).data.session?.access_token;
    if (!token) throw new Error(`${name} is not signed in`);
    return { name, headers: { apikey, authorization: `Bearer ${token}` }, sees, token, isRefused: false };
  };
  const admin = platform.client(platform.secret);
  await admin.auth.admin.createUser({
    email: "ops@example.com",
    password: PASSWORD,
    email_confirm: true,
    app_metadata: { role: "ops" },
  });
  const ofAlice = await signedIn("alice", ["alice"], (client) => alice.signIn(client));
  const claims = JSON.parse(atob(ofAlice.token?.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? ""));
  const victim = { signingKey: platform.signingKey, claims };
  const bad = [...await forgedTokens(victim), ...await misissuedTokens(victim)].filter(({ token }) => isHeader(token));
  return [
    { name: "anon", headers: { apikey }, sees: [], token: undefined, isRefused: false },
    ofAlice,
    await signedIn("bob", ["bob"], (client) => bob.signIn(client)),
    await signedIn(
      "operator",
      ["alice", "bob", "system"],
      (client) => client.auth.signInWithPassword({ email: "ops@example.com", password: PASSWORD }),
    ),
    await signedIn("no wallet", [], (client) => client.auth.signUp({ email: "none@example.com", password: PASSWORD })),
    await signedIn("spoofed user_metadata", [], async (client) => {
      const data = {
        wallet_address: alice.address,
        role: "ops",
        app_metadata: { role: "ops" },
        sub: `web3:solana:${alice.address}`,
      };
      await client.auth.signUp({ email: "spoof@example.com", password: PASSWORD, options: { data } });
      await client.auth.updateUser({ data });
      await client.auth.refreshSession();
    }),
    await signedIn("a wallet without a vault", [], (client) => newWallet().signIn(client)),
    { name: "no key", headers: {}, sees: [], token: undefined, isRefused: true },
    { name: "a wrong key", headers: { apikey: "sb_secret_guessed" }, sees: [], token: undefined, isRefused: true },
    {
      name: "no key, alice's token",
      headers: { apikey: await signedToken(victim) },
      sees: [],
      token: undefined,
      isRefused: true,
    },
    ...bad.map(({ name, token }) => ({
      name,
      headers: { apikey, authorization: `Bearer ${token}` },
      sees: [],
      token,
      isRefused: true,
    })),
  ];
}

/** Whether the Fetch standard lets it into a header. */
function isHeader(text: string): boolean {
  try {
    new Headers({ authorization: text });
    return true;
  } catch {
    return false;
  }
}
