import { expect } from "expect";
import { openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

/** What a GET answers, after checking that it succeeds. */
async function read(path: string): Promise<unknown> {
  const response = await fixture.request("anon", path);
  const body = await response.json();
  expect({ status: response.status, body }).toEqual({ status: 200, body: expect.anything() });
  return body;
}

Deno.test("select() embeds the one that many belong to, or null", async () => {
  const { data, error } = await fixture.client("anon").from("projects").select("id, clients(name, countries(name))")
    .order("id");
  expect(error).toBeNull();
  expect(data).toEqual([
    { id: 1, clients: { name: "Acme", countries: { name: "Switzerland" } } },
    { id: 2, clients: { name: "Acme", countries: { name: "Switzerland" } } },
    { id: 3, clients: { name: "Beta, Inc.", countries: { name: "Japan" } } },
    { id: 4, clients: null },
  ]);
});

Deno.test("select() embeds the many that belong to one, or an empty array", async () => {
  const { data } = await fixture.client("anon").from("clients").select("id, projects(id)").order("id")
    .order("id", { referencedTable: "projects" });
  expect(data).toEqual([
    { id: 1, projects: [{ id: 1 }, { id: 2 }] },
    { id: 2, projects: [{ id: 3 }] },
    { id: 3, projects: [] },
  ]);
});

Deno.test("select() embeds one-to-one as an object from both sides", async () => {
  const anon = fixture.client("anon");
  expect((await anon.from("clients").select("id, client_profiles(bio)").order("id")).data).toEqual([
    { id: 1, client_profiles: { bio: "old and big" } },
    { id: 2, client_profiles: null },
    { id: 3, client_profiles: null },
  ]);
  expect((await anon.from("client_profiles").select("clients(name)")).data).toEqual([{ clients: { name: "Acme" } }]);
});

Deno.test("select() embeds many-to-many across the junction, with a hint too", async () => {
  const expected = [
    { id: 1, people: [{ name: "Ada" }, { name: "Bob" }] },
    { id: 2, people: [{ name: "Bob" }] },
    { id: 3, people: [{ name: "Cyd" }] },
    { id: 4, people: [] },
  ];
  expect(await read("projects?select=id,people(name)&order=id&people.order=id")).toEqual(expected);
  expect(await read("projects?select=id,people!project_people(name)&order=id&people.order=id")).toEqual(expected);
});

Deno.test("select() embeds a table in itself by name and by column", async () => {
  expect(await read("people?select=name,team:people(name),boss:manager_id(name)&order=id&team.order=id")).toEqual([
    { name: "Ada", team: [{ name: "Bob" }, { name: "Cyd" }], boss: null },
    { name: "Bob", team: [], boss: { name: "Ada" } },
    { name: "Cyd", team: [], boss: { name: "Ada" } },
  ]);
});

Deno.test("select() embeds what an alias, a constraint or a column names", async () => {
  const expected = [{ id: 1, from: { name: "Acme" }, to: { name: "Beta, Inc." } }];
  const byConstraint = "from:clients!transfers_sender_fkey(name),to:clients!transfers_receiver_fkey(name)";
  expect(await read(`transfers?id=eq.1&select=id,${byConstraint}`)).toEqual(expected);
  expect(await read("transfers?id=eq.1&select=id,from:sender(name),to:receiver(name)")).toEqual(expected);
  expect(await read("transfers?id=eq.1&select=id,from:clients!sender(name),to:clients!receiver(name)")).toEqual(
    expected,
  );
  expect(await read("clients?id=eq.1&select=out:transfers!sender(id),in:transfers!receiver(id)")).toEqual([
    { out: [{ id: 1 }], in: [{ id: 2 }] },
  ]);
});

Deno.test("select() refuses to guess between relationships", async () => {
  const { error, status } = await fixture.client("anon").from("transfers").select("clients(name)");
  expect([status, error?.code, error?.message]).toEqual([
    300,
    "PGRST201",
    "Could not embed because more than one relationship was found for 'transfers' and 'clients'",
  ]);
  expect(error?.hint).toBe(
    "Try changing 'clients' to one of the following: 'clients!transfers_receiver_fkey', " +
      "'clients!transfers_sender_fkey'. Find the desired relationship in the 'details' key.",
  );
  expect(error?.details as unknown).toEqual([
    {
      cardinality: "many-to-one",
      embedding: "transfers with clients",
      relationship: "transfers_receiver_fkey using transfers(receiver) and clients(id)",
    },
    {
      cardinality: "many-to-one",
      embedding: "transfers with clients",
      relationship: "transfers_sender_fkey using transfers(sender) and clients(id)",
    },
  ]);
});

Deno.test("!inner drops rows without a match, and filters inside it drop more", async () => {
  expect(await read("projects?select=id,clients!inner(name)&order=id")).toHaveLength(3);
  expect(await read("projects?select=id,clients!inner(name)&clients.name=eq.Acme&order=id")).toEqual([
    { id: 1, clients: { name: "Acme" } },
    { id: 2, clients: { name: "Acme" } },
  ]);
  expect(await read("clients?select=id,projects!inner(id)&projects.id=eq.3")).toEqual([{
    id: 2,
    projects: [{ id: 3 }],
  }]);
});

Deno.test("filters, order and limit inside an embedded resource leave its parents alone", async () => {
  const path = "clients?select=id,p:projects(id)&order=id&p.id=neq.1&p.order=id.desc&p.limit=1";
  expect(await read(path)).toEqual([{ id: 1, p: [{ id: 2 }] }, { id: 2, p: [{ id: 3 }] }, { id: 3, p: [] }]);
  expect(await read("clients?select=id,projects(id)&id=eq.1&projects.order=id&projects.offset=1")).toEqual([
    { id: 1, projects: [{ id: 2 }] },
  ]);
  expect(await read("clients?select=id,projects(id)&id=eq.1&projects.or=(id.eq.2,id.eq.9)")).toEqual([
    { id: 1, projects: [{ id: 2 }] },
  ]);
  const deep = "countries?select=code,clients(name,projects(id))&code=eq.CH&clients.projects.id=eq.2";
  expect(await read(deep)).toEqual([{ code: "CH", clients: [{ name: "Acme", projects: [{ id: 2 }] }] }]);
});

Deno.test("a null test on an embedded resource filters its parents", async () => {
  expect(await read("clients?select=id,projects()&projects=is.null")).toEqual([{ id: 3 }]);
  expect(await read("projects?select=id,clients()&clients=not.is.null&order=id")).toEqual([{ id: 1 }, { id: 2 }, {
    id: 3,
  }]);
  const either = "projects?select=id,c:clients(name),people()&or=(c.is.null,people.is.null)";
  expect(await read(either)).toEqual([{ id: 4, c: null }]);
});

Deno.test("a spread puts columns of the one into the row", async () => {
  expect(await read("projects?select=id,...clients(client:name,...countries(country:name))&id=in.(1,4)&order=id"))
    .toEqual([
      { id: 1, client: "Acme", country: "Switzerland" },
      { id: 4, client: null, country: null },
    ]);
  expect(await read("client_profiles?select=bio,...clients(*)")).toEqual([
    expect.objectContaining({ bio: "old and big", id: 1, name: "Acme", tags: ["red", "green"] }),
  ]);
});

Deno.test("a spread of many puts arrays into the row", async () => {
  expect(await read("clients?select=id,...projects(names:name,id_of:id)&order=id&projects.order=id.desc")).toEqual([
    { id: 1, names: ["Borealis lights", "Apollo rockets"], id_of: [2, 1] },
    { id: 2, names: ["Comet trails"], id_of: [3] },
    { id: 3, names: [], id_of: [] },
  ]);
  expect(await read("clients?select=id,...projects!inner(names:name)&id=eq.3")).toEqual([]);
});

Deno.test("order() by a column of the one sorts the parents", async () => {
  const ids = await read("projects?select=id,clients(name)&order=clients(name).desc.nullslast,id.desc");
  expect(ids).toEqual([
    { id: 3, clients: { name: "Beta, Inc." } },
    { id: 2, clients: { name: "Acme" } },
    { id: 1, clients: { name: "Acme" } },
    { id: 4, clients: null },
  ]);
});

Deno.test("select() embeds through views, and views through views", async () => {
  expect(await read("project_overviews?select=title,clients(name)&id=eq.1")).toEqual([
    { title: "Apollo rockets", clients: { name: "Acme" } },
  ]);
  expect(await read("project_titles?select=title,clients(name)&id=eq.3")).toEqual([
    { title: "Comet trails", clients: { name: "Beta, Inc." } },
  ]);
  expect(await read("clients?select=id,project_titles(title)&id=eq.2")).toEqual([
    { id: 2, project_titles: [{ title: "Comet trails" }] },
  ]);
});

Deno.test("select() embeds what a function makes of a row", async () => {
  expect(await read("clients?select=id,newest_project(id)&order=id")).toEqual([
    { id: 1, newest_project: { id: 2 } },
    { id: 2, newest_project: { id: 3 } },
    { id: 3, newest_project: null },
  ]);
});

Deno.test("the same table can be embedded several times", async () => {
  expect(await read("clients?select=a:projects(id),b:projects(name)&id=eq.2&a.id=eq.3")).toEqual([
    { a: [{ id: 3 }], b: [{ name: "Comet trails" }] },
  ]);
});
