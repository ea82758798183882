import { expect } from "expect";
import { openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

/** Ids of the rows that a query string leaves, in order. */
async function idsOf(table: string, query: string): Promise<number[]> {
  const response = await fixture.request("anon", `${table}?select=id&order=id&${query}`);
  const rows = await response.json();
  expect({ status: response.status, rows }).toEqual({ status: 200, rows: expect.any(Array) });
  return rows.map((row: { id: number }) => row.id);
}

const COMPARISONS: [string, string, number[]][] = [
  ["eq", "id=eq.2", [2]],
  ["neq", "id=neq.2", [1, 3, 4]],
  ["gt", "id=gt.3", [4]],
  ["gte", "id=gte.3", [3, 4]],
  ["lt", "id=lt.2", [1]],
  ["lte", "id=lte.2", [1, 2]],
  ["not.eq", "id=not.eq.2", [1, 3, 4]],
  ["two filters at once", "id=gt.1&id=lt.4", [2, 3]],
  ["like with stars", "name=like.*rockets", [1, 4]],
  ["ilike", "name=ilike.APOLLO*", [1]],
  ["match", "name=match.^[AB]", [1, 2]],
  ["imatch", "name=imatch.^[ab]", [1, 2]],
  ["in", "id=in.(1,3)", [1, 3]],
  ["not.in", "id=not.in.(1,3)", [2, 4]],
  ["in with an empty list", "id=in.()", []],
  ["in with quoted values", 'name=in.("Comet trails","no, such")', [3]],
  ["is.null", "client_id=is.null", [4]],
  ["is.not_null", "budget=is.not_null", [1, 2, 4]],
  ["not.is.null", "client_id=not.is.null", [1, 2, 3]],
  ["isdistinct", "rate=isdistinct.2", [1, 2, 3]],
  ["eq(any)", "id=eq(any).{1,4}", [1, 4]],
  ["gt(all)", "id=gt(all).{1,2}", [3, 4]],
  ["like(any)", "name=like(any).{Ap*,Co*}", [1, 3]],
  ["like(all)", "name=like(all).{*rockets,Ap*}", [1]],
  ["fts on a tsvector", "search=fts.rocket", [1, 4]],
  ["fts with a language on text", "name=fts(english).rocket", [1, 4]],
  ["plfts", "name=plfts(english).apollo rocket", [1]],
  ["phfts", "name=phfts(english).apollo rockets", [1]],
  ["wfts", "name=wfts(english).rocket -apollo", [4]],
  ["not.fts", "search=not.fts.rocket", [2, 3]],
  ["sl", "during=sl.[2026-02-15,2026-02-16)", [1, 4]],
  ["sr", "during=sr.[2026-02-15,2026-02-16)", [2]],
  ["nxr", "during=nxr.[2026-01-01,2026-02-01)", [1, 4]],
  ["nxl", "during=nxl.[2026-01-15,2026-02-01)", [2, 4]],
  ["adj", "during=adj.[2026-02-01,2026-03-01)", [1, 2]],
  ["ov on ranges", "during=ov.[2026-01-10,2026-01-16)", [1, 4]],
  ["cs on ranges", "during=cs.[2026-01-16,2026-01-18)", [1, 4]],
  ["int8 beyond 2^53", "amount=eq.9007199254740993", [3]],
  ["the largest int8", "amount=eq.9223372036854775807", [1]],
  ["numeric of 39 digits", "budget=eq.123456789012345678901234567890123456789", [1]],
];

for (const [name, query, ids] of COMPARISONS) {
  Deno.test(`filters keep the right rows with ${name}`, async () => {
    expect(await idsOf("projects", query)).toEqual(ids);
  });
}

const ON_CLIENTS: [string, string, number[]][] = [
  ["is.true", "active=is.true", [1]],
  ["is.FALSE", "active=is.FALSE", [2]],
  ["is.unknown", "active=is.unknown", [3]],
  ["cs on arrays", "tags=cs.{red}", [1]],
  ["cd on arrays", "tags=cd.{red,green,blue}", [1, 2, 3]],
  ["ov on arrays", "tags=ov.{blue,green}", [1, 2]],
  ["cs on jsonb", 'address=cs.{"city":"Bern"}', [1]],
  ["a JSON path as text", "address->>city=eq.Kyoto", [2]],
  ["a JSON path as JSON", 'address->city=eq."Bern"', [1]],
  ["a JSON path of depth two", "address->zip->>code=eq.3000", [1]],
  ["a JSON path with an index", "address->lines->>0=eq.a", [1]],
  ["a negative index", "address->lines->>-1=eq.b", [1]],
  ["a value with commas and quotes", "name=eq.Beta, Inc.", [2]],
  ["a value with double quotes", 'name=eq.Gamma "G"', [3]],
];

for (const [name, query, ids] of ON_CLIENTS) {
  Deno.test(`filters keep the right rows with ${name}`, async () => {
    expect(await idsOf("clients", query)).toEqual(ids);
  });
}

const LOGIC: [string, string, number[]][] = [
  ["or", "or=(id.eq.1,id.eq.4)", [1, 4]],
  ["and", "and=(id.gt.1,id.lt.4)", [2, 3]],
  ["not.or", "not.or=(id.eq.1,id.eq.4)", [2, 3]],
  ["not.and", "not.and=(id.gt.1,id.lt.4)", [1, 4]],
  ["nested groups", "or=(id.eq.1,and(id.gt.2,not.or(id.eq.3,id.eq.5)))", [1, 4]],
  ["blanks between members", "or=( id.eq.1 , id.eq.4 )", [1, 4]],
  ["a list inside", "or=(id.in.(1,2),name.like.Comet*)", [1, 2, 3]],
  ["a quoted value", 'or=(name.eq."Comet trails",name.eq."a,b")', [3]],
  ["escapes inside quotes", 'or=(name.eq."\\"",name.eq."Comet trails")', [3]],
  ["an array inside", "or=(id.eq(any).{1,2},id.eq.4)", [1, 2, 4]],
  ["negation and is", "or=(client_id.not.is.null,id.eq.4)", [1, 2, 3, 4]],
  ["search inside", "or=(search.fts(english).light,id.eq.3)", [2, 3]],
  ["or together with a filter", "or=(id.eq.1,id.eq.4)&rate=eq.2", [4]],
];

for (const [name, query, ids] of LOGIC) {
  Deno.test(`logic trees keep the right rows with ${name}`, async () => {
    expect(await idsOf("projects", query)).toEqual(ids);
  });
}

Deno.test("supabase-js filters arrive as they are meant", async () => {
  const anon = fixture.client("anon");
  const ids = async (query: PromiseLike<{ data: { id: number }[] | null; error: unknown }>): Promise<number[]> => {
    const { data, error } = await query;
    expect(error).toBeNull();
    return (data ?? []).map((row) => row.id);
  };
  const clients = () => anon.from("clients").select("id").order("id");
  const projects = () => anon.from("projects").select("id").order("id");
  expect(await ids(clients().contains("tags", ["red"]))).toEqual([1]);
  expect(await ids(clients().containedBy("tags", ["blue", "red"]))).toEqual([2, 3]);
  expect(await ids(clients().overlaps("tags", ["blue", "green"]))).toEqual([1, 2]);
  expect(await ids(clients().contains("address", { city: "Bern" }))).toEqual([1]);
  expect(await ids(clients().in("name", ["Beta, Inc.", 'Gamma "G"']))).toEqual([2, 3]);
  expect(await ids(clients().match({ active: true, country: "CH" }))).toEqual([1]);
  expect(await ids(clients().not("name", "ilike", "a%"))).toEqual([2, 3]);
  expect(await ids(clients().or("active.is.null,address->>city.eq.Bern"))).toEqual([1, 3]);
  expect(await ids(projects().overlaps("during", "[2026-01-10,2026-01-16)"))).toEqual([1, 4]);
  expect(await ids(projects().textSearch("name", "rocket -apollo", { type: "websearch", config: "english" })))
    .toEqual([4]);
  expect(await ids(projects().likeAnyOf("name", ["Ap%", "Co%"]))).toEqual([1, 3]);
});
