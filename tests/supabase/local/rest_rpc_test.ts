import { expect } from "expect";
import { ALICE, openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

Deno.test("rpc() gives scalars, with arguments by name and defaults for the rest", async () => {
  const anon = fixture.client("anon");
  expect((await anon.rpc("add_them", { a: 1, b: 2 })).data).toBe(3);
  expect((await anon.rpc("add_them", { a: 1 })).data).toBe(11);
  expect((await anon.rpc("add_them", { a: 1, b: 2 }, { get: true })).data).toBe(3);
  expect((await anon.rpc("no_text")).data).toBeNull();
});

Deno.test("rpc() gives sets of values, rows and single rows", async () => {
  const anon = fixture.client("anon");
  expect((await anon.rpc("three_numbers")).data).toEqual([1, 2, 3]);
  expect((await anon.rpc("projects_of", { client: 1 }).select("id")).data).toEqual([{ id: 1 }, { id: 2 }]);
  expect((await anon.rpc("one_project", { project: 3 }).select("id, name")).data).toEqual({
    id: 3,
    name: "Comet trails",
  });
  expect((await anon.rpc("with_out", { given: 5 })).data).toEqual({ doubled: 10, halved: 2.5 });
});

Deno.test("rpc() answers 204 for void", async () => {
  const { data, error, status } = await fixture.client("anon").rpc("do_nothing");
  expect({ data, error, status }).toEqual({ data: null, error: null, status: 204 });
});

Deno.test("rpc() filters, sorts, limits, counts and embeds what a function returns", async () => {
  const anon = fixture.client("anon");
  const filtered = await anon.rpc("projects_of", { client: 1 }).select("name").like("name", "B%");
  expect(filtered.data).toEqual([{ name: "Borealis lights" }]);
  const sorted = await anon.rpc("projects_of", { client: 1 }, { count: "exact" }).select("id, clients(name)")
    .order("id", { ascending: false }).limit(1);
  expect([sorted.status, sorted.count, sorted.data]).toEqual([206, 2, [{ id: 2, clients: { name: "Acme" } }]]);
  const got = await fixture.request("anon", "rpc/projects_of?client=1&id=eq.2&select=id");
  expect(await got.json()).toEqual([{ id: 2 }]);
  const single = await anon.rpc("projects_of", { client: 2 }).select("id").single();
  expect(single.data).toEqual({ id: 3 });
  const many = await anon.rpc("projects_of", { client: 1 }).single();
  expect([many.status, many.error?.code]).toEqual([406, "PGRST116"]);
});

Deno.test("rpc() gives CSV", async () => {
  const { data } = await fixture.client("anon").rpc("projects_of", { client: 2 }).select("id, name").csv();
  expect(data).toBe('id,name\n3,"Comet trails"');
});

Deno.test("rpc() hands the whole body to a single unnamed argument", async () => {
  const json = await fixture.request("anon", "rpc/take_json", {
    method: "POST",
    body: '{"big": 9007199254740993, "list": [1.50]}',
    headers: { "content-type": "application/json" },
  });
  expect(await json.text()).toBe('{"big": 9007199254740993, "list": [1.50]}');
  const text = await fixture.request("anon", "rpc/take_text", {
    method: "POST",
    body: "it's \\ fine",
    headers: { "content-type": "text/plain" },
  });
  expect(await text.json()).toBe("IT'S \\ FINE");
  const bytes = await fixture.request("anon", "rpc/take_bytes", {
    method: "POST",
    body: new Uint8Array([0, 255, 39]),
    headers: { "content-type": "application/octet-stream" },
  });
  expect(await bytes.json()).toBe("00ff27");
});

Deno.test("rpc() fills variadic arguments from arrays and from repeated parameters", async () => {
  expect((await fixture.client("anon").rpc("add_all", { numbers: [1, 2, 3] })).data).toBe(6);
  expect(await (await fixture.request("anon", "rpc/add_all?numbers=1&numbers=5")).json()).toBe(6);
});

Deno.test("rpc() calls once, with the first object of an array", async () => {
  const response = await fixture.request("anon", "rpc/projects_of?select=id", {
    method: "POST",
    body: '[{"client":2},{"client":1}]',
    headers: { "content-type": "application/json" },
  });
  expect(await response.json()).toEqual([{ id: 3 }]);
});

Deno.test("rpc() takes a form", async () => {
  const response = await fixture.request("anon", "rpc/add_them", {
    method: "POST",
    body: new URLSearchParams({ a: "4", b: "5" }),
  });
  expect(await response.json()).toBe(9);
});

Deno.test("rpc() chooses among overloads by the names of arguments", async () => {
  const anon = fixture.client("anon");
  expect((await anon.rpc("overloaded", { a: 1 })).data).toBe("one");
  expect((await anon.rpc("overloaded", { a: 1, b: 2 })).data).toBe("two");
  const unclear = await anon.rpc("unclear", { a: 1 });
  expect([unclear.status, unclear.error?.code, unclear.error?.message]).toEqual([
    300,
    "PGRST203",
    "Could not choose the best candidate function between: public.unclear(a => integer), public.unclear(a => text)",
  ]);
});

Deno.test("rpc() names what it did not find, and what may have been meant", async () => {
  const anon = fixture.client("anon");
  const missing = await anon.rpc("add_thm", { a: 1, z: 2 });
  expect(missing.status).toBe(404);
  expect(missing.error).toEqual(expect.objectContaining({
    code: "PGRST202",
    message: "Could not find the function public.add_thm(a, z) in the schema cache",
    details:
      "Searched for the function public.add_thm with parameters a, z or with a single unnamed json/jsonb parameter, " +
      "but no matches were found in the schema cache.",
    hint: "Perhaps you meant to call the function public.add_them",
  }));
  const names = await anon.rpc("add_them", { a: 1, c: 2 });
  expect(names.error?.hint).toBe("Perhaps you meant to call the function public.add_them(a, b)");
  const bare = await anon.rpc("nowhere_at_all", {}, { get: true });
  expect(bare.error?.message).toBe(
    "Could not find the function public.nowhere_at_all without parameters in the schema cache",
  );
});

Deno.test("a call by GET or of a stable function cannot write", async () => {
  const written = await fixture.client("service").rpc("add_counter", { name: "x" }, { get: true });
  expect([written.status, written.error?.code]).toEqual([405, "25006"]);
  expect(await fixture.db.admin`select from counters`).toHaveLength(0);
  const posted = await fixture.client("service").rpc("add_counter", { name: "x" });
  expect([posted.status, posted.data]).toEqual([200, 1]);
});

Deno.test("maxAffected() undoes a call that returns too many rows", async () => {
  const service = fixture.client("service");
  const over = await service.rpc("add_counters", { names: ["p", "q"] }).maxAffected(1);
  expect([over.status, over.error?.code]).toEqual([400, "PGRST124"]);
  expect(await fixture.db.admin`select from counters where label in ('p', 'q')`).toHaveLength(0);
  const scalar = await service.rpc("add_counter", { name: "r" }).maxAffected(1);
  expect([scalar.status, scalar.error?.code]).toEqual([400, "PGRST128"]);
});

Deno.test("a function sees who calls and what was asked", async () => {
  const response = await fixture.request("alice", "rpc/who", {
    headers: { "x-custom": "it's a \\ header", cookie: "a=1; b=2" },
  });
  const seen = await response.json();
  expect(seen).toEqual(expect.objectContaining({
    role: "authenticated",
    jwt_role: "authenticated",
    uid: ALICE,
    method: "GET",
    path: "/rpc/who",
    cookies: { a: "1", b: "2" },
    search_path: '"public", "public", "extensions"',
  }));
  expect(seen.headers).toEqual(expect.objectContaining({ apikey: "alice", "x-custom": "it's a \\ header" }));
  expect(seen.headers.cookie).toBeUndefined();
});

Deno.test("the timezone preference holds for one request", async () => {
  const zone = async (prefer: string): Promise<string> =>
    (await (await fixture.request("anon", "rpc/who", { headers: { prefer } })).json()).timezone;
  expect(await zone("timezone=Asia/Tokyo")).toBe("Asia/Tokyo");
  expect(await zone("timezone=Nowhere/Land")).not.toBe("Nowhere/Land");
  expect(await zone("")).not.toBe("Asia/Tokyo");
});

Deno.test("the timeout of the role or of the function stops a call", async () => {
  const timeout = async (key: "anon" | "alice" | "service"): Promise<string> =>
    (await (await fixture.request(key, "rpc/who")).json()).timeout;
  expect([await timeout("anon"), await timeout("alice"), await timeout("service")]).toEqual(["3s", "8s", "8s"]);
  const started = performance.now();
  const slow = await fixture.client("anon").rpc("sleep_for", { seconds: 20 });
  expect([slow.status, slow.error?.code]).toEqual([500, "57014"]);
  expect(performance.now() - started).toBeLessThan(5000);
  const own = await fixture.client("anon").rpc("sleep_briefly");
  expect([own.status, own.error?.message]).toEqual([500, "canceling statement due to statement timeout"]);
});

Deno.test("a slow call holds up nobody else", async () => {
  const slow = fixture.client("anon").rpc("sleep_for", { seconds: 1 });
  const started = performance.now();
  const quick = Array.from({ length: 20 }, () => fixture.client("anon").rpc("add_them", { a: 1 }));
  await Promise.all([
    slow.then(),
    ...quick.map(async (call) => {
      expect((await call).data).toBe(11);
      expect(performance.now() - started).toBeLessThan(900);
    }),
  ]);
});

Deno.test("response.status and response.headers shape the answer", async () => {
  const response = await fixture.request(
    "anon",
    `rpc/answer_as?status=418&headers=${
      encodeURIComponent('[{"X-Tea": "green"}, {"Set-Cookie": "a=1"}, {"Set-Cookie": "b=2"}]')
    }`,
  );
  expect([response.status, response.headers.get("x-tea"), response.headers.getSetCookie()]).toEqual([
    418,
    "green",
    ["a=1", "b=2"],
  ]);
  expect(await response.json()).toBe("answered");
  for (const status of ["abc", "99", "1000", "101"]) {
    const wrong = await fixture.request("anon", `rpc/answer_as?status=${status}`);
    expect([status, wrong.status, (await wrong.json()).code]).toEqual([status, 500, "PGRST112"]);
  }
  for (const headers of ["nonsense", "{}", '[{"a": 1}]', '[{"a": "b", "c": "d"}]', '[{"bad name": "x"}]']) {
    const wrong = await fixture.request("anon", `rpc/answer_as?status=200&headers=${encodeURIComponent(headers)}`);
    expect([headers, wrong.status, (await wrong.json()).code]).toEqual([headers, 500, "PGRST111"]);
  }
  const bodyless = await fixture.request("anon", "rpc/answer_as?status=204");
  expect([bodyless.status, await bodyless.text()]).toEqual([204, ""]);
});

Deno.test("execution rights hold", async () => {
  const denied = await fixture.client("anon").rpc("only_service");
  expect([denied.status, denied.error?.code, denied.error?.message]).toEqual([
    401,
    "42501",
    "permission denied for function only_service",
  ]);
});
