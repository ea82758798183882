import { expect } from "expect";
import { mintOf } from "@/lib/chain/mint.ts";
import { key } from "@/tests/support/raw_delivery.ts";

Deno.test("mintOf() is the mint that is named, else that of USDT on mainnet, and nothing that is no public key", () => {
  const usdt = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB";
  expect([mintOf({}), mintOf({ USDT_MINT: "" }), mintOf({ USDT_MINT: key("mint") })]).toEqual([
    usdt,
    usdt,
    key("mint"),
  ]);
  for (const wrong of ["x", usdt.slice(2), `${usdt}11`, `0${usdt.slice(1)}`]) {
    expect(() => mintOf({ USDT_MINT: wrong })).toThrow("Cannot start: USDT_MINT is no public key");
  }
});
