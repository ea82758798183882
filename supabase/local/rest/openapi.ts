/**
 * What `GET /` answers: a short OpenAPI 2.0 description of the exposed tables and functions, for the secret key only.
 *
 * @module
 */
import type { ApiRequest } from "./api_request.ts";
import { type RestError, restError } from "./errors.ts";
import type { SchemaCache } from "./schema_cache.ts";

/** The refusal that hosted projects answer everyone with who has no secret key. They send message and hint alone. */
export function schemaForbidden(): RestError {
  return restError(401, "401", "Access to schema is forbidden", {
    hint: "Accessing the schema via the Data API is only allowed using a secret API key.",
  });
}

/** Describes the tables and functions of the request's schema. */
export function openApiAnswer(api: ApiRequest, cache: SchemaCache): Response {
  const { schema } = api;
  const tables = cache.tableNames(schema).flatMap((name) => cache.table(schema, name) ?? []);
  const definitions = tables.map((table) => [table.name, {
    type: "object",
    required: [...table.columns.values()].filter((column) => !column.nullable).map((column) => column.name),
    properties: Object.fromEntries(
      [...table.columns.values()].map((
        column,
      ) => [column.name, { format: column.type, type: jsonType(column.base_type) }]),
    ),
  }]);
  const ok = { responses: { "200": { description: "OK" } } };
  const paths = [
    ...tables.map((table) => [`/${table.name}`, { get: ok, post: ok, patch: ok, delete: ok }]),
    ...cache.routineNames(schema).map((name) => [`/rpc/${name}`, { get: ok, post: ok }]),
  ];
  const description = {
    swagger: "2.0",
    info: { title: `${schema} schema`, version: "14" },
    basePath: "/",
    schemes: ["http"],
    consumes: ["application/json", "text/csv"],
    produces: ["application/json", "application/vnd.pgrst.object+json", "text/csv"],
    paths: Object.fromEntries(paths),
    definitions: Object.fromEntries(definitions),
  };
  const headers = { "content-type": "application/openapi+json; charset=utf-8" };
  return new Response(api.method === "HEAD" ? null : JSON.stringify(description), { headers });
}

function jsonType(type: string): string {
  if (/^(int[248]|oid)$/.test(type)) return "integer";
  if (/^(numeric|float[48])$/.test(type)) return "number";
  if (type === "bool") return "boolean";
  return type.startsWith("_") ? "array" : "string";
}
