import { expect } from "expect";
import { ensureOperator } from "@/supabase/local/instance/operator.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";

const DEMO = { isDemo: true };
const NO_DEMO = { isDemo: false };

/** What an operator's token says. */
async function signedIn(platform: TestPlatform, email: string, password: string): Promise<unknown> {
  const { data, error } = await platform.client().auth.signInWithPassword({ email, password });
  return error?.code ?? data.user?.app_metadata.role;
}

Deno.test("ensureOperator() makes one operator for a data folder, who can sign in to whichever database it runs on", async () => {
  const dir = await Deno.makeTempDir({ prefix: "vaultbook-" });
  const [first, second] = [await openTestPlatform(), await openTestPlatform()];
  try {
    const at = ({ url, secret }: TestPlatform): { url: string; secretKey: string } => ({ url, secretKey: secret });
    const made = await ensureOperator(dir, DEMO, at(first));
    if (!made) throw new Error("The demo has an operator");
    expect(made).toMatchObject({ email: "ops@vaultbook.test", password: expect.stringMatching(/^[\w-]{32}$/) });
    expect(await signedIn(first, made.email, made.password)).toBe("ops");
    expect(await signedIn(first, made.email, "another password")).toBe("invalid_credentials");
    expect(await ensureOperator(dir, DEMO, at(first))).toEqual(made);
    expect(((await Deno.stat(`${dir}/operator.json`)).mode ?? 0) & 0o777).toBe(0o600);
    // Another database has no such user yet, and another address is still the same operator.
    expect(await ensureOperator(dir, DEMO, at(second))).toEqual(made);
    expect(await signedIn(second, made.email, made.password)).toBe("ops");
    const renamed = await ensureOperator(dir, { email: "anna@vaultbook.test", isDemo: false }, at(second));
    expect(renamed).toEqual({ ...made, email: "anna@vaultbook.test" });
    expect(await signedIn(second, "anna@vaultbook.test", made.password)).toBe("ops");
    // Who was asked for stays, with the demo and without.
    for (const wanted of [NO_DEMO, DEMO]) expect(await ensureOperator(dir, wanted, at(second))).toEqual(renamed);

    await Deno.writeTextFile(`${dir}/operator.json`, '{"password": "secret');
    const damaged = ensureOperator(dir, DEMO, at(first));
    await expect(damaged).rejects.toThrow(/operator.json is damaged/);
    await expect(damaged).rejects.not.toThrow(/secret/);
    await Deno.remove(`${dir}/operator.json`);
    const refused = ensureOperator(dir, DEMO, { url: first.url, secretKey: first.publishable });
    await expect(refused).rejects.toThrow("Auth does not take the operator");
  } finally {
    await Promise.all([first.close(), second.close()]);
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("without the demo nobody can sign in, unless somebody asks; who signed in to the demo no more", async () => {
  const dir = await Deno.makeTempDir({ prefix: "vaultbook-" });
  const platform = await openTestPlatform();
  try {
    const auth = { url: platform.url, secretKey: platform.secret };
    expect(await ensureOperator(dir, NO_DEMO, auth)).toBe(null);
    const made = await ensureOperator(dir, DEMO, auth);
    expect(await signedIn(platform, made?.email ?? "", made?.password ?? "")).toBe("ops");
    expect(await ensureOperator(dir, NO_DEMO, auth)).toBe(null);
    expect(await signedIn(platform, made?.email ?? "", made?.password ?? "")).toBe("invalid_credentials");
    expect([...Deno.readDirSync(dir)]).toEqual([]);
    const again = await ensureOperator(dir, DEMO, auth);
    expect(again?.password).not.toBe(made?.password);
  } finally {
    await platform.close();
    await Deno.remove(dir, { recursive: true });
  }
});
