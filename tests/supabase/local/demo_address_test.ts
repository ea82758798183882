import { sha256 } from "@noble/hashes/sha2.js";
import bs58 from "bs58";
import { expect } from "expect";
import {
  addressBytes,
  associatedTokenAddress,
  createAddressBook,
  DEMO_PROGRAM,
  ENGINE_PROGRAM,
  isOnCurve,
  LOOKALIKE_PROGRAM,
  LOOKUP_TABLE,
  RISK_PROGRAM,
  seededKey,
  USDT_MINT,
} from "@/supabase/local/demo/address.ts";

// owner, vault, bump, the vault's token account, the owner's own token account. Computed with @solana/web3.js 1.99.0
// (PublicKey.findProgramAddressSync) and @solana/spl-token 0.4.15 (getAssociatedTokenAddressSync) for the demo program and USDT.
const VECTORS: [string, string, number, string, string][] = [
  [
    "71WDyyCsZwyEYDV91Qrb212rdg6woCHYQhFnmZUBxiJ6",
    "PzeTpZKqqdncSoN8cgjQ7RJna2ZU18u3sC4xZ9wg9Gk",
    255,
    "3Pc18prTMfVb7VkmdJotzuXDLNc8SE4dtJDmZVBb4VMJ",
    "72DdMdgLxdSHNRds6vQAZRKq16vSmA8t1QmgkPNnsAPs",
  ],
  [
    "CVYjfci2W2iCivHXvnr1sRMNUoPWwHVwiLprn3s6Mfk2",
    "85N9F4wLAxZNPPuu5eD5wPTb336hjq1UnhgmySmRKBf8",
    255,
    "AGMa563ARmW8B4EhEyQ5rcbPCvauwY1BYW98pp6N1ce6",
    "F6aZpmc9FCotMmznkGJvLmhw8DQPWCH2WGf4Aiy2Km85",
  ],
  [
    "11111111111111111111111111111111",
    "E6QJHGtvNVqR2wTkGC7XWGSqbXDynnhxoobp6WL3N74Y",
    254,
    "FrzyuxteYXroza2HXwUjF11b46nZVSeFPPmJ26yq8pLM",
    "8rnaGxt5r69eGeZw8geGVcQnJaRBDJQQGd1qd8PZQZVM",
  ],
];

Deno.test("createAddressBook() derives what @solana/web3.js derives", () => {
  const book = createAddressBook(DEMO_PROGRAM, USDT_MINT);
  expect(book.authority).toEqual({ address: "4fVa1iRdcGvaEdgNuJo2U3qK3isgpZEQCSe6fd3LpFN2", bump: 253 });
  for (const [owner, address, bump, tokenAccount, wallet] of VECTORS) {
    expect(book.vaultOf(owner)).toEqual({ address, bump, tokenAccount });
    expect(book.vaultOf(owner)).toBe(book.vaultOf(owner));
    expect(book.walletOf(owner)).toBe(wallet);
  }
});

Deno.test("associatedTokenAddress() finds a token account that exists on mainnet", () => {
  // In shared/samples/08_raw_jupiter.json this is account 27, whose token balance names this owner and USDT.
  const owner = "71WDyyCsZwyEYDV91Qrb212rdg6woCHYQhFnmZUBxiJ6";
  expect(associatedTokenAddress(owner, USDT_MINT)).toBe("72DdMdgLxdSHNRds6vQAZRKq16vSmA8t1QmgkPNnsAPs");
});

Deno.test("isOnCurve() tells a wallet from a program-derived address", () => {
  expect(isOnCurve(addressBytes("71WDyyCsZwyEYDV91Qrb212rdg6woCHYQhFnmZUBxiJ6"))).toBe(true);
  expect(isOnCurve(addressBytes("PzeTpZKqqdncSoN8cgjQ7RJna2ZU18u3sC4xZ9wg9Gk"))).toBe(false);
});

Deno.test("addressBytes() refuses text that is no address", () => {
  expect(() => addressBytes("7")).toThrow("1 bytes, not 32");
});

Deno.test("the demo's programs are hashes of their names, so that nobody holds a key for them", () => {
  const hashed = (name: string): string => bs58.encode(sha256(new TextEncoder().encode(`vaultbook demo ${name}`)));
  expect([DEMO_PROGRAM, ENGINE_PROGRAM, RISK_PROGRAM, LOOKALIKE_PROGRAM, LOOKUP_TABLE])
    .toEqual(["program", "engine", "risk oracle", "look-alike", "lookup table"].map(hashed));
});

Deno.test("seededKey() gives a keypair that signs", async () => {
  const { address, seed } = seededKey("anybody");
  const pkcs8 = new Uint8Array([...Uint8Array.fromHex("302e020100300506032b657004220420"), ...seed]);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  const publicKey = await crypto.subtle.importKey("raw", addressBytes(address).slice(), "Ed25519", false, ["verify"]);
  const message = new TextEncoder().encode("hello");
  const signature = await crypto.subtle.sign("Ed25519", privateKey, message);
  expect(await crypto.subtle.verify("Ed25519", publicKey, signature, message)).toBe(true);
});
