import { expect } from "expect";
import { ensureOperator } from "@/supabase/local/instance/operator.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";

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
    const made = await ensureOperator(dir, "ops@vaultbook.test", at(first));
    expect(made).toMatchObject({ email: "ops@vaultbook.test", password: expect.stringMatching(/^[\w-]{32}$/) });
    expect(await signedIn(first, made.email, made.password)).toBe("ops");
    expect(await signedIn(first, made.email, "another password")).toBe("invalid_credentials");
    expect(await ensureOperator(dir, "ops@vaultbook.test", at(first))).toEqual(made);
    expect(((await Deno.stat(`${dir}/operator.json`)).mode ?? 0) & 0o777).toBe(0o600);
    // Another database has no such user yet, and another address is still the same operator.
    expect(await ensureOperator(dir, "ops@vaultbook.test", at(second))).toEqual(made);
    expect(await signedIn(second, made.email, made.password)).toBe("ops");
    const renamed = await ensureOperator(dir, "anna@vaultbook.test", at(second));
    expect(renamed).toEqual({ ...made, email: "anna@vaultbook.test" });
    expect(await signedIn(second, renamed.email, made.password)).toBe("ops");

    await Deno.writeTextFile(`${dir}/operator.json`, '{"password": "secret');
    const damaged = ensureOperator(dir, "ops@vaultbook.test", at(first));
    await expect(damaged).rejects.toThrow(/operator.json is damaged/);
    await expect(damaged).rejects.not.toThrow(/secret/);
    await Deno.remove(`${dir}/operator.json`);
    const refused = ensureOperator(dir, "ops@vaultbook.test", { url: first.url, secretKey: first.publishable });
    await expect(refused).rejects.toThrow("Auth does not take the operator");
  } finally {
    await Promise.all([first.close(), second.close()]);
    await Deno.remove(dir, { recursive: true });
  }
});
