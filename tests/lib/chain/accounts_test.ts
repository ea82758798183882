import { expect } from "expect";
import { readAuthorityAccount, readTokenAccount, readVaultAccount } from "@/lib/chain/accounts.ts";
import type { VaultProgram } from "@/lib/chain/program.ts";
import { encodeAuthority, encodeTokenAccount, encodeVault } from "@/supabase/local/demo/accounts.ts";
import { TOKEN_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { base64, key, PROGRAM, vaultOf } from "@/tests/support/raw_delivery.ts";
import { program } from "@/tests/support/vault_program.ts";

const alice = key("alice");
const { vault, tokenAccount } = vaultOf(alice);

/** An account as `getMultipleAccounts` gives it. */
function account(bytes: Uint8Array, owner = PROGRAM): Record<string, unknown> {
  return { data: [base64(bytes), "base64"], executable: false, lamports: 1, owner, rentEpoch: 0, space: bytes.length };
}

const vaultBytes = encodeVault({
  ...{ owner: alice, address: vault, tokenAccount, total: 1_000n, locked: 300n },
  ...{ totalDeposited: 5_000n, totalWithdrawn: 4_000n, createdAt: 1_700_000_000, bump: 254 },
});
const authorityBytes = encodeAuthority({
  ...{ admin: key("admin"), authorized: [key("engine"), key("liquidator")] },
  ...{ bump: 255, paused: true, lastUpdated: 1_700_000_000 },
});
const tokenBytes = encodeTokenAccount({ owner: vault, amount: 2n ** 64n - 1n }, USDT_MINT);

/** The bytes with some of them replaced. */
function changed(bytes: Uint8Array, at: number, ...others: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(others, at);
  return copy;
}

Deno.test("readVaultAccount() reads the 121 bytes of a vault", () => {
  expect(vaultBytes).toHaveLength(121);
  expect(readVaultAccount(program, account(vaultBytes))).toEqual({
    ...{ owner: alice, tokenAccount, total: 1_000n, locked: 300n, available: 700n },
    ...{ totalDeposited: 5_000n, totalWithdrawn: 4_000n, createdAt: 1_700_000_000n },
  });
});

Deno.test("readVaultAccount() refuses every other length, any other discriminator, and another program's account", () => {
  for (let length = 0; length < 121; length++) {
    expect(() => readVaultAccount(program, account(vaultBytes.slice(0, length)))).toThrow(
      "CollateralVault must be at least",
    );
  }
  expect(() => readVaultAccount(program, account(Uint8Array.of(...vaultBytes, 0)))).toThrow("must be 113 bytes");
  for (let byte = 0; byte < 8; byte++) {
    const other = changed(vaultBytes, byte, (vaultBytes[byte] ?? 0) ^ 1);
    expect(() => readVaultAccount(program, account(other))).toThrow(
      "CollateralVault.discriminator must be 13bd5f9b64099f91",
    );
  }
  expect(() => readVaultAccount(program, account(vaultBytes, TOKEN_PROGRAM))).toThrow(`owner must be ${PROGRAM}`);
});

Deno.test("readVaultAccount() refuses amounts that the ledger cannot hold, whichever it is", () => {
  for (const at of [72, 80, 88, 96, 104]) {
    expect(() => readVaultAccount(program, account(changed(vaultBytes, at + 7, 0x80)))).toThrow("at most 2^63 − 1");
    expect(() => readVaultAccount(program, account(changed(vaultBytes, at + 7, 0x7f)))).not.toThrow();
  }
});

Deno.test("readVaultAccount() takes what RPC gives for an account, and nothing else", () => {
  const whole = account(vaultBytes);
  for (
    const [item, problem] of [
      [null, "account must be an object"],
      [{ ...whole, data: base64(vaultBytes) }, "data must be an array"],
      [{ ...whole, data: [base64(vaultBytes), "base58"] }, "data[1] must be base64"],
      [{ ...whole, data: [`${base64(vaultBytes)}\n`, "base64"] }, "data[0] must be base64"],
      [{ ...whole, data: [7, "base64"] }, "data[0] must be a string"],
    ] as const
  ) {
    expect(() => readVaultAccount(program, item)).toThrow(problem);
  }
  const without: VaultProgram = { ...program, accounts: {} };
  expect(() => readVaultAccount(without, whole)).toThrow("vault must be an account of the IDL");
});

Deno.test("readVaultAccount() leaves out what a program does not keep, and misses what it must keep", () => {
  const schema = program.accounts.vault;
  if (!schema) throw new Error("The default program has vaults");
  const keeping = (...parts: string[]): VaultProgram => ({
    ...program,
    accounts: {
      vault: {
        ...schema,
        parts: Object.fromEntries(Object.entries(schema.parts).filter(([part]) => parts.includes(part))),
      },
    },
  });
  const needed = ["owner", "total"];
  const { owner, total, ...others } = readVaultAccount(keeping(...needed), account(vaultBytes));
  const whole = readVaultAccount(program, account(vaultBytes));
  expect([owner, total]).toEqual([whole.owner, whole.total]);
  expect(new Set(Object.values(others))).toEqual(new Set([null]));
  expect(Object.keys(others).length).toBe(6);
  for (const part of needed) {
    const program = keeping(...needed.filter((one) => one !== part));
    expect(() => readVaultAccount(program, account(vaultBytes))).toThrow(`CollateralVault.${part} must be`);
    expect(() => readVaultAccount(program, account(vaultBytes))).toThrow("current value is missing");
  }
});

Deno.test("readAuthorityAccount() reads the admin and the programs, whatever an earlier, longer list left behind them", () => {
  const expected = { admin: key("admin"), authorizedPrograms: [key("engine"), key("liquidator")], isPaused: true };
  expect(readAuthorityAccount(program, account(authorityBytes))).toEqual(expected);
  const leftOver = authorityBytes.slice().fill(0xab, 8 + 32 + 4 + 64 + 10);
  expect(readAuthorityAccount(program, account(leftOver))).toEqual(expected);
  const exact = authorityBytes.slice(0, 8 + 32 + 4 + 64 + 10);
  expect(readAuthorityAccount(program, account(exact))).toEqual(expected);
  const none = encodeAuthority({ admin: alice, authorized: [], bump: 1, paused: false, lastUpdated: 0 });
  expect(readAuthorityAccount(program, account(none))).toEqual({
    admin: alice,
    authorizedPrograms: [],
    isPaused: false,
  });
});

Deno.test("readAuthorityAccount() refuses an end before its fields', and a list longer than the account", () => {
  for (let length = 0; length < 8 + 32 + 4 + 64 + 10; length++) {
    expect(() => readAuthorityAccount(program, account(authorityBytes.slice(0, length)))).toThrow("VaultAuthority");
  }
  for (const count of [11, 255]) {
    expect(() => readAuthorityAccount(program, account(changed(authorityBytes, 40, count)))).toThrow("must fit into");
  }
  expect(() => readAuthorityAccount(program, account(changed(authorityBytes, 40, 255, 255, 255, 255)))).toThrow(
    "must fit into",
  );
  expect(() => readAuthorityAccount(program, account(changed(authorityBytes, 8 + 32 + 4 + 64 + 1, 2)))).toThrow(
    "0 or 1",
  );
  expect(() => readAuthorityAccount(program, account(vaultBytes))).toThrow("VaultAuthority");
  expect(() => readAuthorityAccount(program, account(authorityBytes, alice))).toThrow("owner must be");
});

Deno.test("readTokenAccount() reads mint, owner and amount of an initialised account, frozen or not", () => {
  const expected = { mint: USDT_MINT, owner: vault, amount: 2n ** 64n - 1n, isFrozen: false };
  expect(readTokenAccount(account(tokenBytes, TOKEN_PROGRAM))).toEqual(expected);
  expect(readTokenAccount(account(changed(tokenBytes, 108, 2), TOKEN_PROGRAM))).toEqual({
    ...expected,
    isFrozen: true,
  });
  for (const state of [0, 3, 255]) {
    expect(() => readTokenAccount(account(changed(tokenBytes, 108, state), TOKEN_PROGRAM))).toThrow("state must be");
  }
});

Deno.test("readTokenAccount() refuses another length, another program, and options that are neither there nor not", () => {
  for (const length of [0, 82, 164]) {
    expect(() => readTokenAccount(account(tokenBytes.slice(0, length), TOKEN_PROGRAM))).toThrow("165 bytes");
  }
  expect(() => readTokenAccount(account(Uint8Array.of(...tokenBytes, 0), TOKEN_PROGRAM))).toThrow("165 bytes");
  expect(() => readTokenAccount(account(tokenBytes, "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"))).toThrow(
    "owner must be",
  );
  for (const option of [72, 109, 129]) {
    expect(readTokenAccount(account(changed(tokenBytes, option, 1), TOKEN_PROGRAM)).owner).toBe(vault);
    expect(() => readTokenAccount(account(changed(tokenBytes, option, 2), TOKEN_PROGRAM))).toThrow("0 or 1");
    expect(() => readTokenAccount(account(changed(tokenBytes, option + 3, 1), TOKEN_PROGRAM))).toThrow("0 or 1");
  }
});
