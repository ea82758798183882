/**
 * `GET /api/openapi.json`: the API as its own schemas describe it.
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { type ApiEnvironment, refusals } from "../endpoint.ts";
import { ErrorBody } from "../schemas.ts";

/** Of the outside as CONTRACT says it; raised with every change that a client can notice. */
const VERSION = "0.1.0";

/** Serves the description of what was mounted before. */
export function describe(app: OpenAPIHono<ApiEnvironment>): void {
  // By itself, or the first answer that narrows its codes would be taken for it.
  app.openAPIRegistry.register("Error", ErrorBody);
  app.openAPIRegistry.registerComponent("securitySchemes", "accessToken", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "What signInWithWeb3() gave: an owner's, or an operator's",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "secretKey", {
    type: "apiKey",
    in: "header",
    name: "apikey",
    description: "A secret key of the project (sb_secret_…): for servers only",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "webhookSecret", {
    type: "apiKey",
    in: "header",
    name: "authorization",
    description: "One of HELIUS_WEBHOOK_SECRETS, as it is",
  });
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    responses: {
      200: { description: "OpenAPI 3.1", content: { "application/json": { schema: { type: "object" } } } },
      ...refusals(["method_not_allowed"]),
    },
  });
  let document: unknown;
  app.get("/openapi.json", (c) => {
    document ??= app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "Vaultbook",
        version: VERSION,
        description:
          "Vaults, ledger, snapshots, TVL and alerts. Amounts are decimal text in base units: 1 USDT = 1 000 000.",
      },
      // The function's own address: {project}/functions/v1.
      servers: [{ url: ".." }],
    });
    c.header("cache-control", "public, max-age=300");
    return c.json(document as Record<string, unknown>);
  });
}

/** Tells of a path which methods it takes, as `Allow` has them; null where there is no such path. */
export function methodsOf(app: OpenAPIHono<ApiEnvironment>): (path: string) => string | null {
  const known = app.openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== "route") return [];
    const { path, method } = definition.route; // beneath the API's base path
    const pattern = path.split("/").map((part) => part.startsWith("{") ? "[^/]+" : part.replaceAll(".", "\\.")).join(
      "/",
    );
    return [{ pattern: new RegExp(`^/api${pattern}$`), method: method.toUpperCase() }];
  });
  return (path) => {
    const methods = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return methods.length > 0 ? methods.join(", ") : null;
  };
}
