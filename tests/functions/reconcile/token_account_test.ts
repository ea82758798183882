/**
 * Token accounts, by the token program's library and by our own reader: both must say the same.
 *
 * @module
 */
import { expect } from "expect";
import bs58 from "bs58";
import { readTokens } from "@/functions/reconcile/token_account.ts";
import { readTokenAccount } from "@/lib/chain/accounts.ts";
import { encodeTokenAccount } from "@/supabase/local/demo/accounts.ts";
import { TOKEN_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";

const [address, vault] = [1, 2].map((byte) => bs58.encode(new Uint8Array(32).fill(byte))) as [string, string];
const expected = { address, vault, mint: USDT_MINT };

Deno.test("readTokens() and lib/chain read the same amount", () => {
  for (const amount of [0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n]) {
    const account = { owner: TOKEN_PROGRAM, data: encodeTokenAccount({ owner: vault, amount }, USDT_MINT) };
    expect(readTokens(account, expected)).toEqual({ amount });
    expect(readTokenAccount(account).amount).toBe(amount);
  }
  expect(readTokens(null, expected)).toEqual({ amount: 0n });
});

Deno.test("readTokens() counts what is frozen", () => {
  const data = encodeTokenAccount({ owner: vault, amount: 7n }, USDT_MINT);
  data[108] = 2;
  expect(readTokens({ owner: TOKEN_PROGRAM, data }, expected)).toEqual({ amount: 7n });
});

Deno.test("readTokens() says nothing of what is not the vault's, not the token's, or no token account", () => {
  const data = encodeTokenAccount({ owner: vault, amount: 7n }, USDT_MINT);
  const sound = { owner: TOKEN_PROGRAM, data };
  const problems = [
    readTokens(sound, { ...expected, vault: address }),
    readTokens(sound, { ...expected, mint: vault }),
    readTokens({ owner: address, data }, expected),
    readTokens({ owner: TOKEN_PROGRAM, data: data.slice(1) }, expected),
    readTokens(
      { owner: TOKEN_PROGRAM, data: encodeTokenAccount({ owner: vault, amount: 2n ** 63n }, USDT_MINT) },
      expected,
    ),
  ].map((tokens) => "problem" in tokens ? tokens.problem.replace(address, "A") : tokens);
  expect(problems).toEqual([
    "its token account A belongs to another",
    "its token account A holds another token",
    "its token account A cannot be read: TokenInvalidAccountOwnerError",
    "its token account A cannot be read: TokenInvalidAccountSizeError",
    "its token account A holds no amount",
  ]);
});
