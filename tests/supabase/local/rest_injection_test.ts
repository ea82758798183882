import { expect } from "expect";
import fc from "fast-check";
import { openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
  // Whoever gets a statement of their own through could create this table.
  await fixture.db.admin.unsafe("grant create on schema public to anon, service_role").simple();
  await fixture.db.admin.unsafe("create table public.canary (id int primary key, name text)").simple();
  await fixture.db.admin.unsafe("insert into public.canary values (1, 'alive'); grant all on public.canary to public")
    .simple();
  await fixture.rest.reload();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

const HARM = "create table public.pwned(); drop table public.canary;";

/** Texts that end a string, a name, a bracket or a comment in every way that SQL knows, and then do harm. */
const ATTACKS = [
  `; ${HARM} --`,
  `'; ${HARM} --`,
  `"; ${HARM} --`,
  `'); ${HARM} --`,
  `")); ${HARM} --`,
  `\\'; ${HARM} --`,
  `\\\\'; ${HARM} --`,
  `\\"; ${HARM} --`,
  `''; ${HARM} --`,
  `' || (${HARM}) || '`,
  `*/ ; ${HARM} /*`,
  `$$; ${HARM} $$`,
  `$$`,
  `$pg$`,
  `E'\\'`,
  `' union select k, v from private.secrets --`,
  `id) from private.secrets --`,
  `name from private.secrets`,
  `1 or 1=1`,
  `' or ''='`,
  `text) as x, (select v from private.secrets limit 1`,
  `text collate "C"`,
  `int; ${HARM}`,
  `\u02bc; ${HARM} --`,
  `\uff07; ${HARM} --`,
  `{";${HARM}"}`,
  `\n; ${HARM}\n--`,
  `\\`,
  `'`,
  `"`,
  `)`,
  `a\0b`,
  `%00`,
  `..`,
  `->>`,
  `(`.repeat(200),
  `x`.repeat(10_000),
];

interface Shot {
  readonly path: string;
  readonly init?: RequestInit;
}

const json = { "content-type": "application/json" };
const quoted = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
const query = (text: string): string => encodeURIComponent(text);

/** Every place where a client's text enters, by name. */
const PLACES: Record<string, (attack: string) => Shot> = {
  "table name": (a) => ({ path: query(a) }),
  "function name": (a) => ({ path: `rpc/${query(a)}`, init: { method: "POST", body: "{}", headers: json } }),
  "selected column": (a) => ({ path: `clients?select=${query(a)}` }),
  "selected quoted column": (a) => ({ path: `clients?select=${query(quoted(a))}` }),
  "alias": (a) => ({ path: `clients?select=${query(`${quoted(a)}:id`)}` }),
  "cast": (a) => ({ path: `clients?select=${query(`id::${a}`)}` }),
  "JSON key": (a) => ({ path: `clients?select=${query(`address->${a}`)}` }),
  "quoted JSON key": (a) => ({ path: `clients?select=${query(`address->>${quoted(a)}`)}` }),
  "embedded resource": (a) => ({ path: `clients?select=${query(`${quoted(a)}(id)`)}` }),
  "hint": (a) => ({ path: `clients?select=${query(`projects!${quoted(a)}(id)`)}` }),
  "alias of an embedded resource": (a) => ({ path: `clients?select=${query(`${quoted(a)}:projects(id)`)}` }),
  "column of an embedded resource": (a) => ({ path: `clients?select=${query(`projects(${quoted(a)})`)}` }),
  "spread column": (a) => ({ path: `projects?select=${query(`...clients(${quoted(a)}:name)`)}` }),
  "filter key": (a) => ({ path: `clients?${query(a)}=eq.1` }),
  "quoted filter key": (a) => ({ path: `clients?${query(quoted(a))}=eq.1` }),
  "operator": (a) => ({ path: `clients?id=${query(`${a}.1`)}` }),
  "filter value": (a) => ({ path: `clients?name=eq.${query(a)}` }),
  "number": (a) => ({ path: `clients?id=gt.${query(a)}` }),
  "pattern": (a) => ({ path: `clients?name=like.${query(a)}` }),
  "regular expression": (a) => ({ path: `clients?name=match.${query(a)}` }),
  "list": (a) => ({ path: `clients?name=in.${query(`(${a})`)}` }),
  "quoted list": (a) => ({ path: `clients?name=in.${query(`(${quoted(a)},"b")`)}` }),
  "array": (a) => ({ path: `clients?tags=cs.${query(`{${a}}`)}` }),
  "quantified value": (a) => ({ path: `clients?name=eq(any).${query(a)}` }),
  "is": (a) => ({ path: `clients?active=is.${query(a)}` }),
  "search language": (a) => ({ path: `clients?name=${query(`fts(${a}).x`)}` }),
  "search": (a) => ({ path: `clients?name=fts.${query(a)}` }),
  "distinct value": (a) => ({ path: `clients?name=isdistinct.${query(a)}` }),
  "logic tree": (a) => ({ path: `clients?or=${query(`(${a})`)}` }),
  "logic value": (a) => ({ path: `clients?or=${query(`(name.eq.${a},id.eq.1)`)}` }),
  "quoted logic value": (a) => ({ path: `clients?or=${query(`(name.eq.${quoted(a)},id.eq.1)`)}` }),
  "logic field": (a) => ({ path: `clients?and=${query(`(${quoted(a)}.eq.1)`)}` }),
  "logic path": (a) => ({ path: `clients?${query(`${a}.or`)}=(id.eq.1)` }),
  "order": (a) => ({ path: `clients?order=${query(a)}` }),
  "quoted order": (a) => ({ path: `clients?order=${query(quoted(a))}` }),
  "direction": (a) => ({ path: `clients?order=${query(`id.${a}`)}` }),
  "related order": (a) => ({ path: `projects?select=clients(id)&order=${query(`clients(${quoted(a)})`)}` }),
  "limit": (a) => ({ path: `clients?limit=${query(a)}` }),
  "offset": (a) => ({ path: `clients?offset=${query(a)}` }),
  "limit of an embedded resource": (a) => ({ path: `clients?select=projects(id)&projects.limit=${query(a)}` }),
  "range": (a) => ({ path: "clients", init: { headers: { range: a } } }),
  "accept": (a) => ({ path: "clients", init: { headers: { accept: a } } }),
  "accept profile": (a) => ({ path: "clients", init: { headers: { "accept-profile": a } } }),
  "content profile": (a) => ({
    path: "canary",
    init: { method: "POST", body: "{}", headers: { ...json, "content-profile": a } },
  }),
  "preferences": (a) => ({ path: "clients", init: { headers: { prefer: `count=${a}, timezone=${a}` } } }),
  "max affected": (a) => ({
    path: "canary?id=eq.0",
    init: { method: "DELETE", headers: { prefer: `handling=strict, max-affected=${a}` } },
  }),
  "any header": (a) => ({ path: "rpc/who", init: { headers: { "x-any": a } } }),
  "cookie": (a) => ({ path: "rpc/who", init: { headers: { cookie: `a=${a}` } } }),
  "columns": (a) => ({ path: `canary?columns=${query(a)}`, init: { method: "POST", body: "[{}]", headers: json } }),
  "quoted columns": (a) => ({
    path: `canary?columns=${query(quoted(a))}`,
    init: { method: "PATCH", body: "{}", headers: json },
  }),
  "conflict columns": (a) => ({
    path: `canary?on_conflict=${query(quoted(a))}`,
    init: { method: "POST", body: '{"id":1}', headers: { ...json, prefer: "resolution=merge-duplicates" } },
  }),
  "body key": (a) => ({ path: "canary", init: { method: "POST", body: JSON.stringify({ [a]: 1 }), headers: json } }),
  "body value": (a) => ({
    path: "canary?id=eq.1&select=name",
    init: { method: "PATCH", body: JSON.stringify({ id: a }), headers: { ...json, prefer: "return=representation" } },
  }),
  "raw body": (a) => ({ path: "canary?columns=id", init: { method: "POST", body: a, headers: json } }),
  "body with defaults": (a) => ({
    path: "canary?columns=id,name",
    init: { method: "POST", body: a, headers: { ...json, prefer: "missing=default" } },
  }),
  "CSV": (a) => ({
    path: "canary",
    init: { method: "POST", body: `id,${a}\n1,2`, headers: { "content-type": "text/csv" } },
  }),
  "update filter": (a) => ({
    path: `canary?${query(quoted(a))}=eq.1`,
    init: { method: "PATCH", body: '{"name":"x"}', headers: json },
  }),
  "delete filter": (a) => ({ path: `canary?name=eq.${query(a)}x`, init: { method: "DELETE" } }),
  "argument name by GET": (a) => ({ path: `rpc/add_them?${query(a)}=1` }),
  "argument by GET": (a) => ({ path: `rpc/add_them?a=${query(a)}` }),
  "argument name": (a) => ({
    path: "rpc/add_them",
    init: { method: "POST", body: JSON.stringify({ [a]: 1 }), headers: json },
  }),
  "argument": (a) => ({ path: "rpc/add_them", init: { method: "POST", body: JSON.stringify({ a }), headers: json } }),
  "whole body": (a) => ({
    path: "rpc/take_text",
    init: { method: "POST", body: a, headers: { "content-type": "text/plain" } },
  }),
};

/** Fires, unless the Fetch standard itself refuses the request. */
async function fire({ path, init = {} }: Shot): Promise<{ status: number; body: string } | null> {
  try {
    new Headers(init.headers);
  } catch {
    return null;
  }
  const response = await fixture.request("service", path, init);
  return { status: response.status, body: await response.text() };
}

async function expectUnharmed(): Promise<void> {
  const [state] = await fixture.db.admin`
    select to_regclass('public.pwned')::text as pwned, (select jsonb_agg(c) from public.canary c) as canary`;
  expect(state).toEqual({ pwned: null, canary: [{ id: 1, name: "alive" }] });
}

for (const [place, shoot] of Object.entries(PLACES)) {
  Deno.test(`no text in the place of a ${place} runs as SQL or ends in a server error`, async () => {
    for (const attack of ATTACKS) {
      const answer = await fire(shoot(attack));
      if (!answer) continue;
      expect({ attack, status: answer.status, below: answer.status < 500 }).toEqual({
        attack,
        status: answer.status,
        below: true,
      });
      expect(answer.body).not.toContain("never shown");
    }
    await expectUnharmed();
  });
}

Deno.test("claims, roles and paths cannot run as SQL", async () => {
  for (const attack of ATTACKS.filter((one) => !one.includes("\0"))) {
    const caller = { role: "anon", claims: { sub: attack, [attack]: attack } };
    const seen = await fixture.rest.handle(new Request("http://x/rest/v1/clients?limit=1"), "clients", caller);
    expect([attack, seen.status]).toEqual([attack, 200]);
    await seen.body?.cancel();
    const asRole = { role: attack, claims: {} };
    const refused = await fixture.rest.handle(new Request("http://x/rest/v1/clients"), "clients", asRole);
    expect([attack, refused.status >= 400 && refused.status < 500]).toEqual([attack, true]);
    await refused.body?.cancel();
  }
  await expectUnharmed();
});

Deno.test("a function that turns off standard strings for its session opens nothing to the next request", async () => {
  await fixture.db.admin.unsafe(`
    create function public.spoil() returns text language sql
    as $$ select set_config('standard_conforming_strings', 'off', false) $$`).simple();
  await fixture.rest.reload();
  const spoils = Array.from({ length: 20 }, () => fixture.client("service").rpc("spoil").then());
  for (const { error } of await Promise.all(spoils)) expect(error).toBeNull();
  for (const name of ["\\", "\\'; drop table public.canary; --"]) {
    const answers = await Promise.all(
      Array.from(
        { length: 20 },
        () => fixture.request("service", `clients?select=${query(`"${name.replaceAll("\\", "\\\\")}":name`)}&limit=1`),
      ),
    );
    for (const answer of answers) expect(await answer.json()).toEqual([{ [name]: "Acme" }]);
  }
  await expectUnharmed();
});

Deno.test("random query strings never end in a server error", async () => {
  const token = fc.constantFrom(
    ..."()[]{}.,:;!*\"'\\$->+=& %~@|#?/<>_",
    "->>",
    "::",
    "eq",
    "in",
    "is",
    "null",
    "not",
    "and",
    "or",
    "any",
    "id",
    "name",
    "clients",
    "projects",
    "address",
    "select",
    "order",
    "limit",
    "offset",
    "asc",
    "0",
    "-1",
    "fts",
    "cs",
    "...",
    "inner",
  );
  const words = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(""));
  const key = fc.oneof(
    fc.constantFrom(
      "select",
      "order",
      "or",
      "and",
      "not.or",
      "limit",
      "offset",
      "columns",
      "id",
      "name",
      "projects.order",
    ),
    words,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, words), { minLength: 1, maxLength: 3 }), async (pairs) => {
      const search = pairs.map(([name, value]) => `${query(name)}=${query(value)}`).join("&");
      const answer = await fire({ path: `clients?${search}` });
      expect(answer?.status).toBeLessThan(500);
    }),
    { numRuns: 400 },
  );
  await expectUnharmed();
});
