import { expect } from "expect";
import { failure, openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

const RAISED: [string, number][] = [
  ["P0001", 400],
  ["PT402", 402],
  ["PT418", 418],
  ["PTABC", 500],
  ["PT999", 500],
  ["23505", 409],
  ["23503", 409],
  ["23514", 400],
  ["22003", 400],
  ["42P01", 404],
  ["42883", 404],
  ["08006", 503],
  ["28000", 403],
  ["40001", 500],
  ["53300", 503],
  ["53400", 500],
  ["57014", 500],
  ["XX000", 500],
];

for (const [code, status] of RAISED) {
  Deno.test(`handle() answers ${status} when a function raises ${code}`, async () => {
    const answer = await failure(fixture, "anon", "rpc/fail_loudly", {
      method: "POST",
      body: JSON.stringify({ code }),
    });
    expect(answer).toEqual({ status, code, message: "it failed", details: "the detail", hint: "the hint" });
  });
}

Deno.test("handle() lets a function write the whole answer", async () => {
  const response = await fixture.request("anon", "rpc/fail_in_json", { method: "POST" });
  expect([response.status, response.headers.get("x-powered-by"), await response.json()]).toEqual([
    402,
    "tests",
    { code: "123", message: "Payment required", details: "quota", hint: "upgrade" },
  ]);
});

Deno.test("handle() answers 401 to anon and 403 to others without a privilege, and 401 to a role that is not there", async () => {
  const anon = await fixture.request("anon", "audits");
  expect([anon.status, anon.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  expect((await anon.json()).message).toBe("permission denied for table audits");
  expect((await failure(fixture, "alice", "audits")).status).toBe(403);
  const nobody = await failure(fixture, "nobody", "projects");
  expect([nobody.status, nobody.code]).toEqual([401, "22023"]);
});

Deno.test("handle() forwards constraint violations with their details", async () => {
  const service = fixture.client("service");
  const duplicate = await service.from("countries").insert({ code: "CH", name: "again" });
  expect([duplicate.status, duplicate.error?.code, duplicate.error?.details]).toEqual([
    409,
    "23505",
    "Key (code)=(CH) already exists.",
  ]);
  const orphan = await service.from("clients").insert({ name: "orphan", country: "??" });
  expect([orphan.status, orphan.error?.code]).toEqual([409, "23503"]);
  const check = await service.from("counters").insert({ positive: -1 });
  expect([check.status, check.error?.code]).toEqual([400, "23514"]);
});

Deno.test("HEAD answers an error without a body", async () => {
  const response = await fixture.request("anon", "nowhere", { method: "HEAD" });
  expect([response.status, await response.text()]).toEqual([404, ""]);
});

Deno.test("GET / describes the schema to the secret key only", async () => {
  const refused = await fixture.request("anon", "");
  expect([refused.status, await refused.json()]).toEqual([
    401,
    expect.objectContaining({
      message: "Access to schema is forbidden",
      hint: "Accessing the schema via the Data API is only allowed using a secret API key.",
    }),
  ]);
  const shown = await fixture.request("service", "");
  const description = await shown.json();
  expect([shown.status, description.swagger]).toEqual([200, "2.0"]);
  expect(description.definitions.countries.properties.code).toEqual({ format: "text", type: "string" });
  expect(Object.keys(description.paths)).toEqual(expect.arrayContaining(["/countries", "/rpc/who"]));
});
