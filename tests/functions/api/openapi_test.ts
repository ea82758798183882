import { Validator } from "@seriousme/openapi-schema-validator";
import { expect } from "expect";
import { apiTest, ownerOf, SERVICE } from "@/tests/support/api.ts";
import { events, key, logOf, rawTransaction } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");

interface Described {
  readonly responses: Record<string, unknown>;
  readonly security?: unknown;
}

apiTest("GET /api/openapi.json describes every path that there is, and each answers", async (api) => {
  const { status, body, headers } = await api.ask("/openapi.json");
  expect([status, body.openapi]).toEqual([200, "3.1.0"]);
  expect(headers.get("cache-control")).toBe("public, max-age=300");
  expect(Object.keys(body.paths).sort()).toEqual([
    "/api/alerts",
    "/api/alerts/{id}/acknowledge",
    "/api/health",
    "/api/openapi.json",
    "/api/quarantine/{id}/replay",
    "/api/quarantine/{id}/resolve",
    "/api/transactions/{id}/signature",
    "/api/tvl",
    "/api/tvl/history",
    "/api/vaults/{owner}",
    "/api/vaults/{owner}/balance",
    "/api/vaults/{owner}/snapshots",
    "/api/vaults/{owner}/transactions",
    "/api/webhooks/helius",
  ]);
  for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, unknown>>)) {
    const real = path.slice(4).replace("{owner}", alice).replace("{id}", crypto.randomUUID());
    for (const method of Object.keys(methods)) {
      const answer = await api.ask(real, {}, { method: method.toUpperCase() });
      expect([path, method, answer.body?.error?.code]).not.toEqual([path, method, "not_found"]);
      expect([path, answer.status < 500]).toEqual([path, true]);
    }
    const refused = await api.ask(real, {}, { method: "DELETE" });
    const allow = Object.keys(methods).map((method) => method.toUpperCase()).join(", ");
    expect([path, refused.status, refused.headers.get("allow")]).toEqual([path, 405, allow]);
  }
});

apiTest("openapi.json is OpenAPI 3.1, every answer described with all that may be refused", async (api) => {
  const { body } = await api.ask("/openapi.json");
  expect(await new Validator().validate(body)).toEqual({ valid: true });
  for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, Described>>)) {
    for (const [method, { responses, security }] of Object.entries(methods)) {
      const statuses = Object.keys(responses);
      expect([path, method, statuses.includes("200")]).toEqual([path, method, true]);
      if (security) expect([path, method, statuses.includes("401")]).toEqual([path, method, true]);
    }
  }
});

apiTest("an answer that has not changed is not sent again, and never to another caller", async (api) => {
  await api.deliver(rawTransaction({ slot: 1, logs: logOf(events.initialise(alice)) }));
  const first = await api.ask(`/vaults/${alice}`, SERVICE);
  const tag = first.headers.get("etag") ?? "";
  const vary = (first.headers.get("vary") ?? "").toLowerCase().split(/, */);
  expect(first.headers.get("cache-control")).toBe("private, no-cache");
  expect(vary).toEqual(expect.arrayContaining(["authorization", "apikey"]));
  const same = await api.ask(`/vaults/${alice}`, { ...Object.fromEntries(SERVICE), "if-none-match": tag });
  expect([same.status, same.body]).toEqual([304, ""]);
  expect((await api.ask(`/vaults/${alice}`, { "if-none-match": tag })).status).toBe(401);
  await api.deliver(rawTransaction({ slot: 2, logs: logOf(events.deposit(alice, 5n, 5n)) }));
  expect((await api.ask(`/vaults/${alice}`, { ...Object.fromEntries(SERVICE), "if-none-match": tag })).status).toBe(
    200,
  );
});

apiTest("a page of any origin may ask, and read what helps it", async (api) => {
  const asked = {
    origin: "https://app.example",
    "access-control-request-method": "GET",
    "access-control-request-headers": "authorization",
  };
  const preflight = await api.ask(`/vaults/${alice}`, asked, { method: "OPTIONS" });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
  const refused = await api.ask(`/vaults/${alice}`, {
    ...Object.fromEntries(await ownerOf(key("bob"))),
    origin: "https://app.example",
  });
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([403, "*"]);
  expect(refused.headers.get("access-control-expose-headers")).toContain("x-request-id");
  expect(refused.headers.get("access-control-allow-credentials")).toBe(null);
});

apiTest("the log names each request, and neither token nor key", async (api) => {
  const headers = await ownerOf(alice);
  await api.ask(`/vaults/${alice}`, headers);
  await api.ask(`/vaults/${alice}`, SERVICE);
  const lines = api.lines.join("\n");
  expect(lines).toContain('"status":404');
  expect(lines).not.toContain(headers.get("authorization")?.slice(7));
  expect(lines).not.toContain(SERVICE.get("apikey"));
});
