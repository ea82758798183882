import { expect } from "expect";
import { openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

Deno.test("select() gives all columns of all rows when nothing is asked for", async () => {
  const { data, error, status } = await fixture.client("anon").from("countries").select().order("code");
  expect({ error, status }).toEqual({ error: null, status: 200 });
  expect(data).toEqual([
    { code: "CH", name: "Switzerland" },
    { code: "JP", name: "Japan" },
    { code: "XX", name: "Nowhere" },
  ]);
});

Deno.test("select() gives aliases, casts and JSON paths under their names", async () => {
  const { data, error } = await fixture.client("anon").from("clients")
    .select("label:name, id::text, address->city, address->>city, place:address->zip->>code, address->lines->0")
    .eq("id", 1);
  expect(error).toBeNull();
  expect(data).toEqual([{ label: "Acme", id: "1", city: "Bern", place: "3000", lines: "a" }]);
});

Deno.test("select() reaches into columns that are no JSON", async () => {
  const { data } = await fixture.client("anon").from("clients").select("tags->1").eq("id", 1);
  expect(data).toEqual([{ tags: "green" }]);
});

Deno.test("select() gives computed columns by the name of their function", async () => {
  const { data } = await fixture.client("anon").from("clients").select("name, initials").eq("initials", "A");
  expect(data).toEqual([{ name: "Acme", initials: "A" }]);
});

Deno.test("select() takes quoted and unquoted odd names", async () => {
  const { data, error } = await fixture.client("anon").from('odd "name"')
    .select('"a b", "quo\\"te", "semi;colon", other:"dot.ted", ключ').eq('"a b"', "x y");
  expect(error).toBeNull();
  expect(data).toEqual([
    { "a b": "x y", 'quo"te': `it's "q"`, "semi;colon": "a;b", other: "c.d", ключ: "значение" },
  ]);
});

Deno.test("order() sorts by several keys, with nulls where they are wanted", async () => {
  const anon = fixture.client("anon");
  const names = async (query: string): Promise<string[]> => {
    const response = await fixture.request("anon", `clients?select=name&order=${query}`);
    return (await response.json()).map((row: { name: string }) => row.name);
  };
  expect(await names("active.desc.nullslast,id")).toEqual(["Acme", "Beta, Inc.", 'Gamma "G"']);
  expect(await names("active.asc.nullsfirst")).toEqual(['Gamma "G"', "Beta, Inc.", "Acme"]);
  expect(await names("address->>city.desc.nullslast")).toEqual(["Beta, Inc.", "Acme", 'Gamma "G"']);
  const { data } = await anon.from("clients").select("id").order("country", { nullsFirst: true }).order("id");
  expect(data).toEqual([{ id: 3 }, { id: 1 }, { id: 2 }]);
});

Deno.test("limit() and range() choose rows and say so in Content-Range", async () => {
  const anon = fixture.client("anon");
  expect((await anon.from("people").select("id").order("id").limit(2)).data).toEqual([{ id: 1 }, { id: 2 }]);
  expect((await anon.from("people").select("id").order("id").range(1, 2)).data).toEqual([{ id: 2 }, { id: 3 }]);
  const header = await fixture.request("anon", "people?order=id", { headers: { range: "1-1" } });
  expect([header.status, header.headers.get("content-range")]).toEqual([200, "1-1/*"]);
  expect(await header.json()).toHaveLength(1);
  const open = await fixture.request("anon", "people?order=id", { headers: { range: "1-" } });
  expect(open.headers.get("content-range")).toBe("1-2/*");
  await open.body?.cancel();
  const narrowed = await fixture.request("anon", "people?order=id&limit=1&offset=1", { headers: { range: "0-9" } });
  expect(narrowed.headers.get("content-range")).toBe("1-1/*");
  await narrowed.body?.cancel();
});

Deno.test("limit(0) gives no rows and no error", async () => {
  const response = await fixture.request("anon", "people?limit=0");
  expect([response.status, response.headers.get("content-range"), await response.text()]).toEqual([200, "*/*", "[]"]);
});

Deno.test("select() counts exactly, and answers 206 for a part", async () => {
  const anon = fixture.client("anon");
  const whole = await anon.from("people").select("*", { count: "exact" });
  expect([whole.status, whole.count]).toEqual([200, 3]);
  const part = await anon.from("people").select("*", { count: "exact" }).limit(1);
  expect([part.status, part.count, part.data?.length]).toEqual([206, 3, 1]);
  const filtered = await anon.from("people").select("*", { count: "exact", head: true }).eq("manager_id", 1);
  expect([filtered.status, filtered.count, filtered.data]).toEqual([200, 2, null]);
});

Deno.test("select() counts by the plan when that is asked for", async () => {
  const anon = fixture.client("anon");
  const planned = await anon.from("people").select("*", { count: "planned" });
  expect([planned.status, planned.count]).toEqual([200, 3]);
  const estimated = await anon.from("people").select("*", { count: "estimated" }).limit(2);
  expect([estimated.status, estimated.count]).toEqual([206, 3]);
});

Deno.test("select() counts inner joins and null tests as it reads them", async () => {
  const anon = fixture.client("anon");
  const inner = await anon.from("clients").select("id, projects!inner(id)", { count: "exact" });
  expect([inner.count, inner.data?.length]).toEqual([2, 2]);
  const missing = await anon.from("clients").select("id, projects()", { count: "exact" }).is("projects", null);
  expect([missing.count, missing.data]).toEqual([1, [{ id: 3 }]]);
});

Deno.test("single() and maybeSingle() give one object", async () => {
  const anon = fixture.client("anon");
  const one = await anon.from("people").select("name").eq("id", 1).single();
  expect(one.data).toEqual({ name: "Ada" });
  expect((await anon.from("people").select("name").eq("id", 9).maybeSingle()).data).toBeNull();
  const none = await anon.from("people").select("name").eq("id", 9).single();
  expect([none.status, none.error?.code, none.error?.details]).toEqual([
    406,
    "PGRST116",
    "The result contains 0 rows",
  ]);
  const many = await anon.from("people").select("name").single();
  expect(many.error?.details).toBe("The result contains 3 rows");
});

Deno.test("csv() gives a header line and quoted rows", async () => {
  const { data } = await fixture.client("anon").from("clients").select("id, name, active").order("id").csv();
  expect(data).toBe('id,name,active\n1,Acme,t\n2,"Beta, Inc.",f\n3,"Gamma ""G""",');
});

Deno.test("stripNulls() leaves out what is null", async () => {
  const { data } = await fixture.client("anon").from("clients").select("id, country").eq("id", 3).stripNulls();
  expect(data).toEqual([{ id: 3 }]);
  const one = await fixture.client("anon").from("clients").select("id, country").eq("id", 3).single().stripNulls();
  expect(one.data).toEqual({ id: 3 });
});

Deno.test("HEAD answers with the headers of GET and no body", async () => {
  const response = await fixture.request("anon", "people?select=id", { method: "HEAD" });
  expect([response.status, response.headers.get("content-range"), await response.text()]).toEqual([200, "0-2/*", ""]);
});

Deno.test("GET tells content type, location and honoured preferences", async () => {
  const response = await fixture.request("anon", "people?select=id&limit=1", {
    headers: { prefer: "count=exact, timezone=Asia/Tokyo, tx=rollback" },
  });
  const { headers } = response;
  expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(headers.get("content-location")).toBe("/people?limit=1&select=id");
  expect(headers.get("preference-applied")).toBe("count=exact, timezone=Asia/Tokyo");
  expect(headers.get("content-profile")).toBe("public");
  await response.body?.cancel();
});

Deno.test("schema() reads another exposed schema", async () => {
  const { data } = await fixture.client("anon").schema("other").from("things").select("label");
  expect(data).toEqual([{ label: "elsewhere" }]);
});

Deno.test("row security shows each user their own rows", async () => {
  const alice = fixture.client("alice");
  await alice.from("notes").insert({ body: "read me" });
  expect((await alice.from("notes").select("body")).data).toEqual([{ body: "read me" }]);
  expect((await fixture.client("bob").from("notes").select("body")).data).toEqual([]);
});

Deno.test("maxRows caps every answer and every embedded array", async () => {
  const small = await openRestFixture({ maxRows: 2 });
  try {
    const anon = small.client("anon");
    expect((await anon.from("people").select("id").limit(100)).data).toHaveLength(2);
    const { data } = await anon.from("people").select("id, team:people(id)").eq("id", 1);
    expect(data).toEqual([{ id: 1, team: [{ id: 2 }, { id: 3 }] }]);
    const estimated = await anon.from("people").select("id", { count: "estimated" });
    expect([estimated.count, estimated.data?.length]).toEqual([3, 2]);
  } finally {
    await small.close();
  }
});
