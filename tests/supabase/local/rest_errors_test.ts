import { expect } from "expect";
import { failure, openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

const PARSE_ERRORS: [string, string, string][] = [
  [
    "id=noop.0",
    '"failed to parse filter (noop.0)" (line 1, column 1)',
    'unexpected "n" expecting "not" or operator (eq, gt, ...)',
  ],
  [
    "id=5",
    '"failed to parse filter (5)" (line 1, column 1)',
    'unexpected "5" expecting "not" or operator (eq, gt, ...)',
  ],
  [
    "id=is.maybe",
    '"failed to parse filter (is.maybe)" (line 1, column 4)',
    'unexpected "m" expecting isVal: (null, not_null, true, false, unknown)',
  ],
  ["id=in.1,2", '"failed to parse filter (in.1,2)" (line 1, column 4)', 'unexpected "1" expecting "("'],
  [
    "order=id.up",
    '"failed to parse order (id.up)" (line 1, column 4)',
    'unexpected "u" expecting "asc", "desc", "nullsfirst" or "nullslast"',
  ],
  [
    "or=(id.eq.1",
    '"failed to parse logic tree ((id.eq.1)" (line 1, column 9)',
    'unexpected end of input expecting ")"',
  ],
  [
    "or=()",
    '"failed to parse logic tree (())" (line 1, column 2)',
    'unexpected ")" expecting field name (* or [a..z0..9_$])',
  ],
  [
    "select=id,clients(",
    '"failed to parse select parameter (id,clients()" (line 1, column 12)',
    'unexpected end of input expecting ")"',
  ],
  [
    "select=id)",
    '"failed to parse select parameter (id))" (line 1, column 3)',
    'unexpected ")" expecting end of input',
  ],
  [
    "select=id::",
    '"failed to parse select parameter (id::)" (line 1, column 5)',
    "unexpected end of input expecting letter or digit",
  ],
  [
    "columns=",
    '"failed to parse columns parameter ()" (line 1, column 1)',
    "unexpected end of input expecting field name (* or [a..z0..9_$])",
  ],
];

for (const [query, message, details] of PARSE_ERRORS) {
  Deno.test(`handle() answers PGRST100 for ?${query}`, async () => {
    expect(await failure(fixture, "anon", `projects?${query}`)).toEqual({
      status: 400,
      code: "PGRST100",
      message,
      details,
      hint: null,
    });
  });
}

Deno.test("handle() answers PGRST100 for brackets nested too deeply, however deep", async () => {
  for (const depth of [51, 20_000]) {
    const logic = `or=(${"and(".repeat(depth)}id.eq.1${")".repeat(depth)})`;
    const select = `select=id,${"people(".repeat(depth)}id${")".repeat(depth)}`;
    for (const search of [logic, select]) {
      // Straight to the handler: an HTTP server would not take so long a line.
      const request = new Request(`http://x/rest/v1/people?${search}`);
      const response = await fixture.rest.handle(request, "people", { role: "anon", claims: {} });
      const { code, details } = await response.json();
      expect([response.status, code]).toEqual([400, "PGRST100"]);
      expect(details).toMatch(/at most 50 nested brackets$/);
    }
  }
});

Deno.test("handle() answers PGRST101 and PGRST117 for methods that are not taken", async () => {
  const message = "Cannot use the DELETE method on RPC";
  expect(await failure(fixture, "anon", "rpc/who", { method: "DELETE" })).toEqual(
    expect.objectContaining({ status: 405, code: "PGRST101", message }),
  );
  const trace = await fixture.rest.handle(
    new Request("http://x/rest/v1/projects", { method: "PROPFIND" }),
    "projects",
    {
      role: "anon",
      claims: {},
    },
  );
  expect([trace.status, await trace.json()]).toEqual([
    405,
    { code: "PGRST117", details: null, hint: null, message: "Unsupported HTTP method: PROPFIND" },
  ]);
});

Deno.test("handle() answers PGRST103 for ranges that cannot be", async () => {
  const negative = await failure(fixture, "anon", "projects?limit=-1");
  expect([negative.status, negative.code, negative.details]).toEqual([
    416,
    "PGRST103",
    "Limit should be greater than or equal to zero.",
  ]);
  const backwards = await failure(fixture, "anon", "projects", { headers: { range: "5-2" } });
  expect(backwards.details).toBe(
    "The lower boundary must be lower than or equal to the upper boundary in the Range header.",
  );
  const beyond = await failure(fixture, "anon", "projects?offset=10", { headers: { prefer: "count=exact" } });
  expect([beyond.status, beyond.details]).toEqual([416, "An offset of 10 was requested, but there are only 4 rows."]);
});

Deno.test("handle() answers PGRST106 for a schema that is not exposed", async () => {
  const { error, status } = await fixture.client("service").schema("private").from("secrets").select();
  expect([status, error?.code, error?.message, error?.hint]).toEqual([
    406,
    "PGRST106",
    "Invalid schema: private",
    "Only the following schemas are exposed: public, other",
  ]);
});

Deno.test("handle() answers PGRST107 for media types that it does not produce, plans among them", async () => {
  const image = await failure(fixture, "anon", "projects", { headers: { accept: "image/png" } });
  expect([image.status, image.code, image.message]).toEqual([
    406,
    "PGRST107",
    "None of these media types are available: image/png",
  ]);
  const { error, status } = await fixture.client("anon").from("projects").select().explain();
  expect([status, error?.code]).toEqual([406, "PGRST107"]);
});

Deno.test("handle() answers PGRST108, 118 and 120 for parameters that fit no embedded resource", async () => {
  const absent = await failure(fixture, "anon", "projects?clients.name=eq.x");
  expect(absent).toEqual({
    status: 400,
    code: "PGRST108",
    message: "'clients' is not an embedded resource in this request",
    details: null,
    hint: "Verify that 'clients' is included in the 'select' query parameter.",
  });
  const order = await failure(fixture, "anon", "clients?select=id,projects(id)&order=projects(id)");
  expect([order.code, order.details]).toEqual([
    "PGRST118",
    "'clients' and 'projects' do not form a many-to-one or one-to-one relationship",
  ]);
  const filter = await failure(fixture, "anon", "clients?select=id,projects(id)&projects=eq.1");
  expect([filter.code, filter.message]).toEqual(["PGRST120", "Bad operator on the 'projects' embedded resource"]);
});

Deno.test("handle() answers PGRST122 for unknown preferences only under handling=strict", async () => {
  const strict = await failure(fixture, "anon", "projects", {
    headers: { prefer: "handling=strict, nonsense, timezone=Mars" },
  });
  expect([strict.status, strict.code, strict.details]).toEqual([
    400,
    "PGRST122",
    "Invalid preferences: nonsense, timezone=Mars",
  ]);
  const lenient = await fixture.request("anon", "projects", { headers: { prefer: "handling=lenient, nonsense" } });
  expect([lenient.status, lenient.headers.get("preference-applied")]).toEqual([200, "handling=lenient"]);
  await lenient.body?.cancel();
});

Deno.test("handle() answers PGRST123 for aggregates", async () => {
  for (const select of ["count()", "amount.sum()", "total:amount.max()::text", "clients(count())"]) {
    const answer = await failure(fixture, "anon", `projects?select=${select}`);
    expect([answer.status, answer.code, answer.message]).toEqual([
      400,
      "PGRST123",
      "Use of aggregate functions is not allowed",
    ]);
  }
});

Deno.test("handle() answers PGRST125 for paths that name nothing", async () => {
  for (const path of ["a/b", "rpc/a/b", "rpc/", "projects/", "projects/1", "%zz", "a%00b"]) {
    const answer = await failure(fixture, "anon", path);
    expect([path, answer.status, answer.code]).toEqual([path, 404, "PGRST125"]);
  }
});

Deno.test("handle() answers PGRST200, 204 and 205 for names that are not there, with hints", async () => {
  const relationship = await failure(fixture, "anon", "clients?select=project(id)");
  expect(relationship).toEqual({
    status: 400,
    code: "PGRST200",
    message: "Could not find a relationship between 'clients' and 'project' in the schema cache",
    details: "Searched for a foreign key relationship between 'clients' and 'project' in the schema 'public', " +
      "but no matches were found.",
    hint: "Perhaps you meant 'projects' instead of 'project'.",
  });
  const column = await failure(fixture, "service", "countries", { method: "POST", body: '{"nme":1}' });
  expect([column.status, column.code, column.message]).toEqual([
    400,
    "PGRST204",
    "Could not find the 'nme' column of 'countries' in the schema cache",
  ]);
  const table = await failure(fixture, "anon", "project");
  expect(table).toEqual({
    status: 404,
    code: "PGRST205",
    message: "Could not find the table 'public.project' in the schema cache",
    details: null,
    hint: "Perhaps you meant the table 'public.projects'",
  });
  expect((await failure(fixture, "anon", "xyz")).hint).toBeNull();
});
