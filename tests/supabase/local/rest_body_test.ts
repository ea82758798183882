import { expect } from "expect";
import { failure, openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

/** Well-formed, and deeper than PostgreSQL's stack allows. */
const NESTED = "[".repeat(100_000) + "]".repeat(100_000);

const BODIES: [string, BodyInit, string, string][] = [
  ["no JSON", "{not json", "application/json", "Empty or invalid json"],
  ["nothing", "", "application/json", "Empty or invalid json"],
  ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "application/json", "Empty or invalid json"],
  ["objects with other keys", '[{"a":1},{"b":1}]', "application/json", "All object keys must match"],
  ["an array of other things", "[1,2]", "application/json", "All object keys must match"],
  ["unfinished nested JSON", "[".repeat(100_000), "application/json", "Empty or invalid json"],
  ["JSON nested too deeply", `{"code":${NESTED}}`, "application/json", "Empty or invalid json"],
  ["CSV with an open quote", 'code,name\nA,"B', "text/csv", "parse error (Failed reading: satisfy) at a quote"],
  ["HTML", "<p>", "text/html", "Content-Type not acceptable: text/html"],
  ["CSV with a short line", "code,name\nA", "text/csv", "All lines must have same number of fields"],
];

for (const [name, body, type, message] of BODIES) {
  Deno.test(`handle() answers PGRST102 for a body of ${name}`, async () => {
    const answer = await failure(fixture, "service", "countries", {
      method: "POST",
      body,
      headers: { "content-type": type },
    });
    expect(answer).toEqual({ status: 400, code: "PGRST102", message, details: null, hint: null });
  });
}

const LIMIT = 10 * 1024 * 1024;

/** A JSON object of exactly so many bytes. */
function jsonOf(bytes: number): string {
  const start = '{"code":"LONG","name":"';
  return `${start}${"x".repeat(bytes - start.length - 2)}"}`;
}

Deno.test("handle() takes a body of 10 MiB and answers 413 to one byte more", async () => {
  const post = (bytes: number): Promise<Response> =>
    fixture.request("service", "countries", {
      method: "POST",
      body: jsonOf(bytes),
      headers: { "content-type": "application/json" },
    });
  const largest = await post(LIMIT);
  expect([largest.status, await largest.text()]).toEqual([201, ""]);
  const larger = await post(LIMIT + 1);
  expect([larger.status, (await larger.json()).code]).toEqual([413, "PGRST102"]);
});

Deno.test("handle() answers 413 to a body whose length nobody announced", async () => {
  const pieces = [jsonOf(LIMIT + 1).slice(0, LIMIT), '"}'];
  const body = ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece)));
  const request = new Request("http://x/rest/v1/countries", { method: "POST", body });
  const response = await fixture.rest.handle(request, "countries", { role: "service_role", claims: {} });
  expect([response.status, (await response.json()).code]).toEqual([413, "PGRST102"]);
});

Deno.test("handle() does not read a body that is announced as too large", async () => {
  let wasRead = false;
  const body = new ReadableStream({
    pull(controller): void {
      wasRead = true;
      controller.close();
    },
  }, { highWaterMark: 0 });
  const headers = { "content-length": String(LIMIT + 1) };
  const request = new Request("http://x/rest/v1/countries", { method: "POST", body, headers });
  const response = await fixture.rest.handle(request, "countries", { role: "service_role", claims: {} });
  await response.body?.cancel();
  expect([response.status, wasRead]).toEqual([413, false]);
});
