import bs58 from "bs58";
import { expect } from "expect";
import { base58FromBytes, bytesFromBase58, isBase58Of } from "@/lib/chain/base58.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";

Deno.test("base58FromBytes() and bytesFromBase58() agree with bs58 on bytes of every length, leading zeros included", () => {
  const seed = chosenSeed();
  const random = generator(seed);
  for (let number = 0; number < 20_000; number++) {
    const bytes = Uint8Array.from({ length: number % 70 }, () => Math.floor(random() * 256));
    bytes.fill(0, 0, Math.floor(random() * 5));
    const text = bs58.encode(bytes);
    expect([`seed ${seed}`, base58FromBytes(bytes)]).toEqual([`seed ${seed}`, text]);
    expect([`seed ${seed}`, bytesFromBase58(text)]).toEqual([`seed ${seed}`, bytes]);
    for (const length of [32, 64]) expect(isBase58Of(text, length)).toBe(bytes.length === length);
  }
});

Deno.test("bytesFromBase58() takes no other letter", () => {
  for (const text of ["0", "O", "I", "l", "a b", "é", "a\n", "\u0000", "a".repeat(40) + "0"]) {
    expect([text, bytesFromBase58(text), isBase58Of(text, 32)]).toEqual([text, null, false]);
  }
  expect(bytesFromBase58("")).toEqual(new Uint8Array());
});

Deno.test("isBase58Of() draws the line between the numbers of one length and the next", () => {
  for (const length of [1, 2, 32, 64]) {
    const least = new Uint8Array(length);
    least[0] = 1;
    const most = new Uint8Array(length).fill(255);
    for (const bytes of [least, most]) expect(isBase58Of(bs58.encode(bytes), length)).toBe(true);
    expect(isBase58Of(bs58.encode(most.slice(1)), length)).toBe(false);
    expect(isBase58Of(bs58.encode(Uint8Array.of(1, ...new Uint8Array(length))), length)).toBe(false);
    expect(isBase58Of("1".repeat(length), length)).toBe(true);
    expect(isBase58Of("1".repeat(length + 1), length)).toBe(false);
  }
  expect(isBase58Of("z".repeat(1_000_000), 64)).toBe(false);
});
