import { expect } from "expect";
import { ALICE, openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

function json(body: unknown, prefer = ""): RequestInit {
  return { body: JSON.stringify(body), headers: { "content-type": "application/json", prefer } };
}

Deno.test("insert() stores a row and says nothing more", async () => {
  const { data, error, status } = await fixture.client("service").from("countries").insert({ code: "A1", name: "One" });
  expect({ data, error, status }).toEqual({ data: null, error: null, status: 201 });
  const stored = await fixture.db.admin`select name from countries where code = 'A1'`;
  expect(stored).toEqual([{ name: "One" }]);
});

Deno.test("insert().select() gives back what is selected, embedded resources too", async () => {
  const { data, error } = await fixture.client("service").from("clients")
    .insert({ name: "Delta", country: "JP" }).select("name, countries(name), tags").single();
  expect(error).toBeNull();
  expect(data).toEqual({ name: "Delta", countries: { name: "Japan" }, tags: [] });
});

Deno.test("insert() stores many rows, with null for keys that some of them lack", async () => {
  const { data, error } = await fixture.client("service").from("counters")
    .insert([{ label: "a" }, { label: "b", size: 1 }]).select("label, size");
  expect(error).toBeNull();
  expect(data).toEqual([{ label: "a", size: null }, { label: "b", size: 1 }]);
});

Deno.test("insert() takes defaults for missing keys with defaultToNull off", async () => {
  const { data, error } = await fixture.client("service").from("counters")
    .insert([{ label: "c" }, { size: 2 }], { defaultToNull: false }).select("label, size");
  expect(error).toBeNull();
  expect(data).toEqual([{ label: "c", size: 7 }, { label: "none", size: 2 }]);
});

Deno.test("missing=default takes defaults for one object too, identity columns included", async () => {
  const response = await fixture.request(
    "service",
    "counters?columns=id,label,size,positive&select=label,size,positive",
    {
      method: "POST",
      ...json({ positive: 5 }, "return=representation, missing=default"),
    },
  );
  expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ code: "428C9" })]);
  const without = await fixture.request("service", "counters?columns=label,size,positive&select=label,size,positive", {
    method: "POST",
    ...json({ positive: 5 }, "return=representation, missing=default"),
  });
  expect(await without.json()).toEqual([{ label: "none", size: 7, positive: 5 }]);
  expect(without.headers.get("preference-applied")).toBe("missing=default, return=representation");
});

Deno.test("insert() of empty objects takes every default; of an empty array nothing happens", async () => {
  const service = fixture.client("service");
  expect((await service.from("counters").insert({}).select("label")).data).toEqual([{ label: "none" }]);
  expect((await service.from("counters").insert([{}, {}]).select("label")).data).toHaveLength(2);
  const nothing = await service.from("counters").insert([]).select("label");
  expect([nothing.status, nothing.data]).toEqual([201, []]);
});

Deno.test("insert() counts when asked", async () => {
  const { count } = await fixture.client("service").from("counters").insert([{ size: 1 }, { size: 2 }], {
    count: "exact",
  });
  expect(count).toBe(2);
});

Deno.test("return=headers-only tells the location of the one new row", async () => {
  const response = await fixture.request("service", "countries", {
    method: "POST",
    ...json({ code: "a b/c=d", name: "Odd" }, "return=headers-only"),
  });
  expect([response.status, response.headers.get("location"), await response.text()]).toEqual([
    201,
    "/countries?code=eq.a%20b%2Fc%3Dd",
    "",
  ]);
  const many = await fixture.request("service", "countries", {
    method: "POST",
    ...json([{ code: "M1", name: "1" }, { code: "M2", name: "2" }], "return=headers-only"),
  });
  expect([many.status, many.headers.get("location"), await many.text()]).toEqual([201, null, ""]);
});

Deno.test("insert() takes CSV and forms", async () => {
  const csv = await fixture.request("service", "countries?select=code,name", {
    method: "POST",
    body: 'code,name\nC1,"a ""quoted"", name"\r\nC2,second\n',
    headers: { "content-type": "text/csv", prefer: "return=representation" },
  });
  expect([csv.status, await csv.json()]).toEqual([
    201,
    [{ code: "C1", name: 'a "quoted", name' }, { code: "C2", name: "second" }],
  ]);
  const form = await fixture.request("service", "countries?select=code,name", {
    method: "POST",
    body: new URLSearchParams({ code: "F1", name: "a form & more" }),
    headers: { prefer: "return=representation" },
  });
  expect(await form.json()).toEqual([{ code: "F1", name: "a form & more" }]);
});

Deno.test("upsert() merges by primary key, 201 when a row is new and 200 when none is", async () => {
  const service = fixture.client("service");
  const first = await service.from("countries").upsert([{ code: "U1", name: "old" }, { code: "U2", name: "old" }]);
  expect(first.status).toBe(201);
  const second = await service.from("countries").upsert({ code: "U1", name: "new" }).select();
  expect([second.status, second.data]).toEqual([200, [{ code: "U1", name: "new" }]]);
  const mixed = await service.from("countries").upsert([{ code: "U1", name: "x" }, { code: "U3", name: "x" }]);
  expect(mixed.status).toBe(201);
});

Deno.test("upsert() merges by on_conflict, and leaves duplicates alone when told to", async () => {
  const service = fixture.client("service");
  await service.from("clients").upsert({ name: "Epsilon", active: true }, { onConflict: "name" });
  await service.from("clients").upsert({ name: "Epsilon", active: false }, { onConflict: "name" });
  expect((await service.from("clients").select("active").eq("name", "Epsilon")).data).toEqual([{ active: false }]);
  const ignored = await service.from("clients")
    .upsert({ name: "Epsilon", active: true }, { onConflict: "name", ignoreDuplicates: true }).select();
  expect([ignored.status, ignored.data]).toEqual([201, []]);
  const odd = await fixture.request("service", 'odd "name"?on_conflict="a b"', {
    method: "POST",
    ...json({ "a b": "x y", "semi;colon": "new" }, "resolution=merge-duplicates"),
  });
  expect([odd.status, odd.headers.get("preference-applied")]).toEqual([200, "resolution=merge-duplicates"]);
  await odd.body?.cancel();
});

Deno.test("PUT replaces or inserts the one row of its URL", async () => {
  const put = (query: string, body: unknown, prefer = "return=representation"): Promise<Response> =>
    fixture.request("service", `countries?${query}`, { method: "PUT", ...json(body, prefer) });
  const created = await put("code=eq.P1", { code: "P1", name: "first" });
  expect([created.status, await created.json()]).toEqual([201, [{ code: "P1", name: "first" }]]);
  const replaced = await put("code=eq.P1", { code: "P1", name: "second" });
  expect([replaced.status, await replaced.json()]).toEqual([200, [{ code: "P1", name: "second" }]]);
  const silent = await put("code=eq.P1", { code: "P1", name: "third" }, "return=minimal");
  expect([silent.status, await silent.text()]).toEqual([204, ""]);
  const other = await put("code=eq.P1", { code: "P2", name: "no" });
  expect([other.status, (await other.json()).code]).toEqual([400, "PGRST115"]);
  expect(await fixture.db.admin`select from countries where code = 'P2'`).toHaveLength(0);
  const filtered = await put("name=eq.x", { code: "P1", name: "no" });
  expect([filtered.status, (await filtered.json()).code]).toEqual([405, "PGRST105"]);
  const limited = await put("code=eq.P1&limit=1", { code: "P1", name: "no" });
  expect([limited.status, (await limited.json()).code]).toEqual([400, "PGRST114"]);
});

Deno.test("update() changes the rows that the filters name", async () => {
  const service = fixture.client("service");
  await service.from("counters").insert([{ label: "up", size: 1 }, { label: "up", size: 2 }, { label: "stay" }]);
  const silent = await service.from("counters").update({ size: 9 }, { count: "exact" }).eq("label", "up");
  expect([silent.status, silent.count, silent.data]).toEqual([204, 2, null]);
  const shown = await service.from("counters").update({ size: 10 }).eq("label", "up").select("size");
  expect([shown.status, shown.data]).toEqual([200, [{ size: 10 }, { size: 10 }]]);
  expect((await service.from("counters").select("size").eq("label", "stay")).data).toEqual([{ size: null }]);
  const either = await service.from("counters").update({ size: 0 }).or("label.eq.stay,label.eq.gone").select("label");
  expect(either.data).toEqual([{ label: "stay" }]);
});

Deno.test("update() with nothing to set changes nothing", async () => {
  const { status, data } = await fixture.client("service").from("countries").update({}).eq("code", "CH").select();
  expect([status, data]).toEqual([200, []]);
});

Deno.test("update() that finds no row is no error, and with single() it is one", async () => {
  const service = fixture.client("service");
  const none = await service.from("countries").update({ name: "x" }).eq("code", "??").select();
  expect([none.status, none.data]).toEqual([200, []]);
  const single = await service.from("countries").update({ name: "x" }).eq("code", "??").select().single();
  expect([single.status, single.error?.code]).toEqual([406, "PGRST116"]);
});

Deno.test("a change that breaks single() is undone", async () => {
  const { error } = await fixture.client("service").from("people").update({ name: "Everyone" }).gt("id", 0).select()
    .single();
  expect([error?.code, error?.details]).toEqual(["PGRST116", "The result contains 3 rows"]);
  expect(await fixture.db.admin`select from people where name = 'Everyone'`).toHaveLength(0);
});

Deno.test("delete() removes the rows that the filters name", async () => {
  const service = fixture.client("service");
  await service.from("countries").insert([{ code: "D1", name: "d" }, { code: "D2", name: "d" }, {
    code: "D3",
    name: "e",
  }]);
  const shown = await service.from("countries").delete().eq("code", "D1").select("code");
  expect([shown.status, shown.data]).toEqual([200, [{ code: "D1" }]]);
  const silent = await service.from("countries").delete({ count: "exact" }).in("code", ["D2", "D3"]);
  expect([silent.status, silent.count]).toEqual([204, 2]);
});

Deno.test("maxAffected() undoes what goes too far", async () => {
  const service = fixture.client("service");
  const over = await service.from("people").update({ name: "All" }).gt("id", 0).maxAffected(2);
  expect([over.status, over.error?.code, over.error?.details]).toEqual([400, "PGRST124", "The query affects 3 rows"]);
  expect(await fixture.db.admin`select from people where name = 'All'`).toHaveLength(0);
  const within = await service.from("people").update({ name: "Ada" }).eq("id", 1).maxAffected(2);
  expect(within.status).toBe(204);
  const lenient = await fixture.request("service", "project_people?person_id=eq.3", {
    method: "DELETE",
    headers: { prefer: "max-affected=0" },
  });
  expect(lenient.status).toBe(204);
});

Deno.test("tx=rollback is ignored, as on Supabase", async () => {
  const { status } = await fixture.client("service").from("countries").insert({ code: "R1", name: "stays" }).rollback();
  expect(status).toBe(201);
  expect(await fixture.db.admin`select from countries where code = 'R1'`).toHaveLength(1);
});

Deno.test("row security and column grants hold for every change", async () => {
  const alice = fixture.client("alice");
  const bob = fixture.client("bob");
  const { data, error } = await alice.from("notes").insert({ body: "mine", secret: "s" }).select("id, body, user_id");
  expect([error, data?.[0]?.user_id]).toEqual([null, ALICE]);
  const id = data?.[0]?.id;
  expect((await bob.from("notes").update({ body: "taken" }).eq("id", id).select("id")).data).toEqual([]);
  expect((await bob.from("notes").delete().eq("id", id).select("id")).data).toEqual([]);
  const forged = await bob.from("notes").insert({ body: "forged", user_id: ALICE });
  expect([forged.status, forged.error?.code]).toEqual([403, "42501"]);
  const hidden = await alice.from("notes").select("secret");
  expect([hidden.status, hidden.error?.message]).toEqual([403, "permission denied for table notes"]);
  const column = await alice.from("notes").update({ secret: "new" }).eq("id", id);
  expect([column.status, column.error?.code]).toEqual([403, "42501"]);
  const all = await alice.from("notes").update({ body: "all" }).eq("id", id).select();
  expect([all.status, all.error?.code]).toEqual([403, "42501"]);
  const some = await alice.from("notes").update({ body: "changed" }).eq("id", id).select("body");
  expect(some.data).toEqual([{ body: "changed" }]);
  const anonymous = await fixture.client("anon").from("clients").insert({ name: "x" });
  expect([anonymous.status, anonymous.error?.code]).toEqual([401, "42501"]);
});

Deno.test("Content-Profile writes into another exposed schema", async () => {
  const { error } = await fixture.client("anon").schema("other").from("things").insert({ id: 2, label: "new" });
  expect(error).toBeNull();
  expect(await fixture.db.admin`select label from other.things where id = 2`).toEqual([{ label: "new" }]);
});
