import { expect } from "expect";
import { bytesFromBase64 } from "@/lib/chain/base64.ts";
import { base64 } from "@/tests/support/raw_delivery.ts";

Deno.test("bytesFromBase64() gives back the bytes of every length", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) % 256);
    expect(bytesFromBase64(base64(bytes))).toEqual(bytes);
  }
});

Deno.test("bytesFromBase64() is null for what no node writes, although a browser would read it", () => {
  for (
    const text of [
      "QQ",
      "QQ=",
      "QQ===",
      "Q",
      "=",
      "====",
      "QQ==QQ==",
      " QQ==",
      "QQ== ",
      "Q\nQ=\n",
      "QUJD\n\n\n\n",
      "QU-D",
      "QU_D",
      "QUJ\u0000",
    ]
  ) {
    expect([text, bytesFromBase64(text)]).toEqual([text, null]);
  }
});
