import { expect } from "expect";
import { accountAt, encodeAuthority, encodeTokenAccount, encodeVault } from "@/supabase/local/demo/accounts.ts";
import {
  addressBytes,
  createAddressBook,
  DEMO_PROGRAM,
  TOKEN_PROGRAM,
  USDT_MINT,
} from "@/supabase/local/demo/address.ts";
import { EMPTY_STATE } from "@/supabase/local/demo/state.ts";

const OWNER = "71WDyyCsZwyEYDV91Qrb212rdg6woCHYQhFnmZUBxiJ6";
const book = createAddressBook(DEMO_PROGRAM, USDT_MINT);

Deno.test("encodeVault() places every field as CHAIN.md does", () => {
  const { address, bump, tokenAccount } = book.vaultOf(OWNER);
  const bytes = encodeVault({
    owner: OWNER,
    address,
    tokenAccount,
    total: 2n ** 64n - 1n,
    locked: 1n,
    totalDeposited: 5n,
    totalWithdrawn: 6n,
    createdAt: 7,
    bump,
  });
  const view = new DataView(bytes.buffer);
  expect(bytes.length).toBe(121);
  expect(bytes.slice(0, 8).toHex()).toBe("13bd5f9b64099f91");
  expect(bytes.slice(8, 40)).toEqual(addressBytes(OWNER));
  expect(bytes.slice(40, 72)).toEqual(addressBytes(tokenAccount));
  const amounts = [72, 80, 88, 96, 104].map((offset) => view.getBigUint64(offset, true));
  expect(amounts).toEqual([2n ** 64n - 1n, 1n, 2n ** 64n - 2n, 5n, 6n]);
  expect([view.getBigInt64(112, true), bytes[120]]).toEqual([7n, bump]);
});

Deno.test("encodeAuthority() keeps its size whatever the number of programs", () => {
  const { bump } = book.authority;
  const authority = { admin: OWNER, authorized: [OWNER, USDT_MINT], paused: true, lastUpdated: 9, bump };
  const bytes = encodeAuthority(authority);
  const view = new DataView(bytes.buffer);
  expect(bytes.slice(0, 8).toHex()).toBe("8422bbcacac3d335");
  expect(view.getUint32(40, true)).toBe(2);
  expect(bytes.slice(76, 108)).toEqual(addressBytes(USDT_MINT));
  expect([bytes[108], bytes[109], view.getBigInt64(110, true)]).toEqual([bump, 1, 9n]);
  expect(bytes.length).toBe(encodeAuthority({ ...authority, authorized: [] }).length);
});

Deno.test("encodeTokenAccount() is an initialised SPL account", () => {
  const bytes = encodeTokenAccount({ owner: OWNER, amount: 258n }, USDT_MINT);
  expect(bytes.length).toBe(165);
  expect(bytes.slice(0, 32)).toEqual(addressBytes(USDT_MINT));
  expect(bytes.slice(32, 64)).toEqual(addressBytes(OWNER));
  expect(bytes.slice(64, 72).toHex()).toBe("0201000000000000");
  // The state byte: 1 is initialised, 2 frozen. Nothing else is set.
  expect(bytes[108]).toBe(1);
  expect(bytes.slice(72).filter((byte) => byte !== 0).length).toBe(1);
});

Deno.test("accountAt() knows the mint and the programs, and nothing where there is nothing", () => {
  expect(accountAt(EMPTY_STATE, book, USDT_MINT)).toMatchObject({ owner: TOKEN_PROGRAM, lamports: 1_461_600 });
  expect(accountAt(EMPTY_STATE, book, USDT_MINT)?.data()[44]).toBe(6);
  expect(accountAt(EMPTY_STATE, book, DEMO_PROGRAM)).toMatchObject({ executable: true });
  expect(accountAt(EMPTY_STATE, book, OWNER)).toBeNull();
  expect(accountAt(EMPTY_STATE, book, book.authority.address)).toBeNull();
});
