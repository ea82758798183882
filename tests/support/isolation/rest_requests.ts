/**
 * Every way that REST knows to a relation or a function: verbs, media types, counts, embeds, filters, upserts.
 *
 * @module
 */
import type { Relation, Routine } from "./catalog.ts";

/** A request behind the gateway's address. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

type Row = Record<string, unknown>;
const JSON_BODY = { "content-type": "application/json" };
const query = (text: string): string => encodeURIComponent(text);
const get = (path: string, headers: Record<string, string> = {}): WireRequest => ({ method: "GET", path, headers });
const textOf = (value: unknown): string => typeof value === "object" ? JSON.stringify(value) : String(value);

/** Media types that an answer can be asked for in, those that show a plan among them. */
const MEDIA_TYPES = [
  "text/csv",
  "application/vnd.pgrst.object+json",
  "application/vnd.pgrst.array+json;nulls=stripped",
  "application/vnd.pgrst.plan+json; options=analyze|verbose|settings|buffers|wal",
  'application/vnd.pgrst.plan+text; for="text/csv"; options=verbose',
  "application/geo+json",
  "application/octet-stream",
  "text/plain",
  "text/xml",
  "application/openapi+json",
];

/** What reads of a relation without naming a column. */
export function wholeReads({ name, related }: Relation): WireRequest[] {
  const path = `/rest/v1/${name}`;
  return [
    get(path),
    { ...get(path), method: "HEAD" },
    { ...get(path), method: "OPTIONS" },
    get(`${path}?select=*&limit=1000&offset=0`),
    get(path, { range: "0-999" }),
    ...MEDIA_TYPES.map((accept) => get(path, { accept })),
    ...["exact", "planned", "estimated"].flatMap((count) => [
      get(`${path}?limit=1`, { prefer: `count=${count}` }),
      { ...get(path, { prefer: `count=${count}` }), method: "HEAD" },
    ]),
    get(`${path}?select=count()`),
    ...related.flatMap((other) => [
      get(`${path}?select=*,${other}(*)`),
      get(`${path}?select=*,${other}!inner(*)`),
      get(`${path}?select=...${other}(*)`),
      get(`${path}?select=x:${other}(count)`),
    ]),
  ];
}

/** What reads by one column each, about a row that is somebody else's. */
export function columnReads({ name, columns, related }: Relation, foreign: Row): WireRequest[] {
  const path = `/rest/v1/${name}`;
  return columns.flatMap((column) => {
    const value = query(textOf(foreign[column]));
    return [
      get(`${path}?select=${column}`),
      get(`${path}?select=*&order=${column}.desc.nullslast&limit=1`),
      get(`${path}?${column}=eq.${value}`),
      get(`${path}?or=(${column}.eq.${value},${column}.not.is.null)`),
      get(`${path}?select=${column}.max(),count()`),
      get(`${path}?select=${column}::text&${column}=not.is.null`, { prefer: "count=exact" }),
      ...related.map((other) =>
        get(`${path}?select=*,${other}(*)&order=${other}(${column})&${other}.${column}=eq.${value}`)
      ),
    ];
  });
}

/** What writes, with a row of somebody else's for the body. */
export function writes({ name, columns, keys }: Relation, foreign: Row): WireRequest[] {
  const path = `/rest/v1/${name}`;
  const body = JSON.stringify(foreign);
  const to = (method: string, where: string, text: string, prefer: string): WireRequest => ({
    method,
    path: `${path}${where}`,
    headers: { ...JSON_BODY, prefer: `return=representation,${prefer}` },
    body: text,
  });
  const [first = "id"] = columns;
  const one = `?${first}=eq.${query(textOf(foreign[first]))}`;
  return [
    to("POST", "", body, "missing=default"),
    to("POST", "", "{}", "missing=default"),
    { method: "POST", path, headers: { "content-type": "text/csv" }, body: `${first}\n${textOf(foreign[first])}` },
    ...["merge-duplicates", "ignore-duplicates"].flatMap((resolution) => [
      to("POST", "", body, `resolution=${resolution}`),
      ...keys.map((key) => to("POST", `?on_conflict=${key.join(",")}`, body, `resolution=${resolution}`)),
    ]),
    to("PUT", one, body, "missing=default"),
    to("PATCH", one, body, "count=exact"),
    to("PATCH", "", JSON.stringify({ [columns.at(-1) ?? ""]: foreign[columns.at(-1) ?? ""] ?? null }), "count=exact"),
    to("DELETE", one, "", "count=exact"),
    to("DELETE", "", "", "count=planned"),
  ];
}

/** A call of a function, by each of its roads, in the schema it lies in and in the exposed one. */
export function calls({ schema, name, argumentNames }: Routine): WireRequest[] {
  const path = `/rest/v1/rpc/${name}`;
  const given = argumentNames.map((argument) => `${query(argument)}=1`).join("&");
  const body = JSON.stringify(Object.fromEntries(argumentNames.map((argument) => [argument, null])));
  return ["public", schema].flatMap((profile) => [
    get(`${path}?${given}`, { "accept-profile": profile }),
    { method: "POST", path, headers: { ...JSON_BODY, "content-profile": profile, "accept-profile": profile }, body },
  ]);
}

/** A relation that lies in another schema, asked for by its profile and by its name. */
export function hidden({ schema, name }: Relation): WireRequest[] {
  return [
    get(`/rest/v1/${name}`, { "accept-profile": schema }),
    { ...get(`/rest/v1/${name}`, { "accept-profile": schema, prefer: "count=planned" }), method: "HEAD" },
    get(`/rest/v1/${schema}.${name}`),
    { method: "POST", path: `/rest/v1/${name}`, headers: { ...JSON_BODY, "content-profile": schema }, body: "{}" },
    { method: "PATCH", path: `/rest/v1/${name}`, headers: { ...JSON_BODY, "content-profile": schema }, body: "{}" },
    { method: "DELETE", path: `/rest/v1/${name}`, headers: { "content-profile": schema } },
  ];
}

/** Doors of a Supabase project that Vaultbook does not have. */
export const ELSEWHERE: readonly WireRequest[] = [
  ...["/graphql/v1", "/graphql/v1/", "/rest/v1/rpc/graphql"].map((path) => ({
    method: "POST",
    path,
    headers: JSON_BODY,
    body: JSON.stringify({ query: "{ vaultsCollection { edges { node { owner totalBalance } } } }" }),
  })),
  ...[
    "/storage/v1/bucket",
    "/storage/v1/object/list/vaults",
    "/storage/v1/object/public/vaults/x",
    "/pg/query",
    "/pg-meta/default/tables",
  ]
    .map((path) => get(path)),
  ...[
    "/rest-admin/v1/ready",
    "/metrics",
    "/realtime/v1/api/tenants",
    "/functions/v1/",
    "/functions/v1/none",
    "/.vaultbook/secrets.json",
  ]
    .map((path) => get(path)),
  ...["/rest/v1/", "/rest/v1/..%2f..%2f", "/rest/v1/vaults%00", "/rest/v1//vaults"].map((
    path,
  ) => get(path)),
];
