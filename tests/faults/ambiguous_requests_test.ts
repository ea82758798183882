/**
 * Row 60: requests of which two readers could understand two things, and bodies that end too early, byte for byte over a socket of their own.
 *
 * @module
 */
import { expect } from "expect";
import { openTestPlatform, type TestPlatform, WEBHOOK_SECRET } from "@/tests/support/platform.ts";

const PATH = "/functions/v1/api/webhooks/helius";
const HOST = "host: vaultbook";
const RIGHT = `authorization: ${WEBHOOK_SECRET}`;
/** A second request, which must never be taken for one where it is part of a body. */
const SMUGGLED = `POST ${PATH} HTTP/1.1\r\n${HOST}\r\n${RIGHT}\r\ncontent-length: 4\r\n\r\n[{}]`;
/** How long a server may be silent before the sender gives up. */
const SILENCE_MS = 1_500;

/** Sends these bytes, says that there are no more unless told otherwise, and gives the status of each answer. */
async function send(platform: TestPlatform, text: string, { ends = true } = {}): Promise<number[]> {
  const { hostname, port } = new URL(platform.url);
  // not an amount: a port
  const connection = await Deno.connect({ hostname, port: Number(port) });
  let heard = "";
  try {
    await connection.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    if (ends) await connection.closeWrite();
    const timer = setTimeout(() => connection.close(), SILENCE_MS);
    try {
      const decoder = new TextDecoder();
      for await (const part of connection.readable) heard += decoder.decode(part, { stream: true });
    } finally {
      clearTimeout(timer);
    }
  } catch {
    // A connection that is cut has said what it had to say.
  }
  return [...heard.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));
}

/** A post to the webhook with the right secret, these further header lines and this body. */
function post(lines: readonly string[], body: string): string {
  return [`POST ${PATH} HTTP/1.1`, HOST, RIGHT, ...lines, "", body].join("\r\n");
}

/** Sent, and what may be answered: nothing at all, or one of these. */
const CASES: Readonly<Record<string, readonly [request: string, may: readonly number[]]>> = {
  "a length and chunks": [post(["content-length: 5", "transfer-encoding: chunked"], `0\r\n\r\n${SMUGGLED}`), [400]],
  "chunks and a length": [post(["transfer-encoding: chunked", "content-length: 4"], `2\r\n[]\r\n0\r\n\r\n`), [400]],
  "two lengths": [post(["content-length: 2", "content-length: 100"], `[]${SMUGGLED}`), [400]],
  "two lengths in one line": [post(["content-length: 2, 100"], `[]${SMUGGLED}`), [400]],
  "a length below nothing": [post(["content-length: -2"], "[]"), [400]],
  "a length with a sign": [post(["content-length: +2"], "[]"), [400]],
  "a length in hexadecimal": [post(["content-length: 0x2"], "[]"), [400]],
  "a length beyond all numbers": [post(["content-length: 99999999999999999999"], "[]"), [400, 413]],
  "a coding that is none": [post(["transfer-encoding: xchunked"], "[]"), [400, 501]],
  "chunks that are not the last coding": [post(["transfer-encoding: chunked, identity"], "0\r\n\r\n"), [400, 501]],
  "a chunk of no length": [post(["transfer-encoding: chunked"], "g\r\n[]\r\n0\r\n\r\n"), [400]],
  "a chunk that is longer than it says": [post(["transfer-encoding: chunked"], "1\r\n[]\r\n0\r\n\r\n"), [400]],
  "a body that ends too early": [post(["content-length: 100"], "[]"), [400]],
  "chunks that end too early": [post(["transfer-encoding: chunked"], "5\r\n[]"), [400]],
  "chunks without an end": [post(["transfer-encoding: chunked"], "2\r\n[]\r\n"), [400]],
  "two secrets, the right one first": [post(["authorization: wrong", "content-length: 2"], "[]"), [401]],
  "the right secret twice": [post([RIGHT, "content-length: 2"], "[]"), [401]],
  "a space before the colon": [post(["content-length : 2"], "[]"), [400]],
  "a header that goes on in the next line": [post(["x-folded: a", " b", "content-length: 2"], "[]"), [400]],
  "a header with a NUL": [post(["x-nul: a\0b", "content-length: 2"], "[]"), [400]],
  "a header without a name": [post([": a", "content-length: 2"], "[]"), [400]],
  "headers without an end": [post(Array.from({ length: 5000 }, (_, n) => `x-${n}: ${"y".repeat(100)}`), ""), [
    400,
    431,
  ]],
  "a method that is none": [`G(T ${PATH} HTTP/1.1\r\n${HOST}\r\n\r\n`, [400]],
  "a version that is none": [`POST ${PATH} HTTP/9.9\r\n${HOST}\r\n${RIGHT}\r\ncontent-length: 2\r\n\r\n[]`, [400, 505]],
  "no version at all": [`POST ${PATH}\r\n${HOST}\r\n\r\n`, [400]],
  "bytes that are no request": ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", [400]],
};

Deno.test("row 60: what can be understood in two ways, or ends too early, is refused, and nothing of it is kept", async (t) => {
  const platform = await openTestPlatform();
  const kept = async (): Promise<readonly unknown[]> =>
    await platform.database.admin`select id from vaultbook.deliveries`;
  try {
    for (const [what, [request, may]] of Object.entries(CASES)) {
      await t.step(what, async () => {
        const statuses = await send(platform, request);
        expect(statuses.length).toBeLessThanOrEqual(1);
        for (const status of statuses) expect(may).toContain(status);
        expect(await kept()).toHaveLength(0);
      });
    }
    await t.step("and two requests in one go are two", async () => {
      const one = post(["content-length: 2"], "[]");
      expect(await send(platform, one + SMUGGLED, { ends: false })).toEqual([200, 200]);
      expect(await kept()).toHaveLength(2);
    });
  } finally {
    await platform.close();
  }
});
