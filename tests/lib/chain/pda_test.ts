import { createHash } from "node:crypto";
import { PublicKey } from "@solana/web3.js";
import bs58 from "bs58";
import { expect } from "expect";
import {
  associatedTokenAddress,
  eventAuthority,
  findProgramAddress,
  isOnCurve,
  TOKEN_PROGRAM,
  vaultAddress,
} from "@/lib/chain/pda.ts";
import { USDT_MINT } from "@/supabase/local/demo/address.ts";
import { EVENT_AUTHORITY, key, PROGRAM, vaultOf } from "@/tests/support/raw_delivery.ts";
import { chosenSeed } from "@/tests/support/seeded.ts";
import { program } from "@/tests/support/vault_program.ts";

const ASSOCIATED = new PublicKey("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");

function bytesOf(name: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(name).digest());
}

Deno.test("isOnCurve() says what web3.js says of 5000 random keys", () => {
  const seed = chosenSeed();
  let points = 0;
  for (let number = 0; number < 5000; number++) {
    const bytes = bytesOf(`${seed} ${number}`);
    const expected = PublicKey.isOnCurve(bytes);
    points += expected ? 1 : 0;
    expect([`seed ${seed}`, number, isOnCurve(bytes)]).toEqual([`seed ${seed}`, number, expected]);
  }
  // About half of all keys are points: neither answer was always given.
  expect(points).toBeGreaterThan(2000);
  expect(points).toBeLessThan(3000);
});

Deno.test("isOnCurve() knows the points with a coordinate that is zero, and takes y modulo p as the runtime does", () => {
  const least = (first: number): Uint8Array => Uint8Array.of(first, ...new Uint8Array(31));
  expect(isOnCurve(least(1))).toBe(true); // (0, 1)
  expect(isOnCurve(least(0))).toBe(true); // (√−1, 0)
  expect(isOnCurve(least(2))).toBe(false);
  // p + 1, which is 1
  const wrapped = new Uint8Array(32).fill(255);
  [wrapped[0], wrapped[31]] = [0xee, 0x7f];
  expect(isOnCurve(wrapped)).toBe(true);
  // the sign bit is not looked at
  wrapped[31] = 0xff;
  expect(isOnCurve(wrapped)).toBe(true);
});

Deno.test("findProgramAddress() finds what web3.js finds, for seeds of every number and length", () => {
  const seed = chosenSeed();
  for (let number = 0; number < 500; number++) {
    const owner = bytesOf(`${seed} ${number}`);
    const seeds = Array.from({ length: number % 16 }, (_, i) => owner.slice(0, (number * 7 + i * 5) % 33));
    const address = new PublicKey(bytesOf(`${seed} program ${number % 5}`));
    const [expected, bump] = PublicKey.findProgramAddressSync(seeds, address);
    expect([`seed ${seed}`, findProgramAddress(seeds, address.toBase58())])
      .toEqual([`seed ${seed}`, { address: expected.toBase58(), bump }]);
  }
});

Deno.test("findProgramAddress() refuses what Solana refuses: a 16th seed, a 33rd byte, a program that is no key", () => {
  const none = new Uint8Array();
  expect(() => findProgramAddress(Array(16).fill(none), PROGRAM)).toThrow("at most 15 seeds");
  expect(() => findProgramAddress([new Uint8Array(33)], PROGRAM)).toThrow("at most 32 bytes");
  expect(() => findProgramAddress([none], "short")).toThrow("short must be base58 of 32 bytes");
  expect(findProgramAddress([new Uint8Array(32)], PROGRAM).bump).toBeGreaterThan(200);
});

Deno.test("associatedTokenAddress() is the address of owner, token program and mint", () => {
  for (const name of ["alice", "bob", "carol"]) {
    const { vault, tokenAccount } = vaultOf(key(name));
    const [expected] = PublicKey.findProgramAddressSync(
      [vault, TOKEN_PROGRAM, USDT_MINT].map((one) => bs58.decode(one)),
      ASSOCIATED,
    );
    expect(associatedTokenAddress(vault, USDT_MINT)).toBe(expected.toBase58());
    expect(tokenAccount).toBe(expected.toBase58());
  }
});

Deno.test("vaultAddress() derives from the program's seeds, each program for itself, and again after it was forgotten", () => {
  const alice = key("alice");
  const other = { ...program, address: key("other program") };
  const text = new TextEncoder();
  const reversed = { ...program, vaultSeeds: ["owner" as const, text.encode("vault")] };
  const derived = (seeds: Uint8Array[], address: string): string =>
    PublicKey.findProgramAddressSync(seeds, new PublicKey(address))[0].toBase58();
  const vault = text.encode("vault");
  const owner = bs58.decode(alice);
  for (let round = 0; round < 2; round++) {
    expect(vaultAddress(program, alice)).toBe(vaultOf(alice).vault);
    expect(vaultAddress(other, alice)).toBe(derived([vault, owner], other.address));
    expect(vaultAddress(reversed, alice)).toBe(derived([owner, vault], program.address));
    // So many others that the first is forgotten.
    for (let number = 0; number < (round === 0 ? 10_050 : 0); number++) vaultAddress(program, key(`crowd ${number}`));
  }
  expect(vaultAddress({ ...program, vaultSeeds: null }, alice)).toBeNull();
  expect(() => vaultAddress(program, "nobody")).toThrow(RangeError);
});

Deno.test("eventAuthority() is the program's own address for events", () => {
  expect(eventAuthority(program)).toBe(EVENT_AUTHORITY);
  expect(eventAuthority(program)).toBe(EVENT_AUTHORITY);
});
