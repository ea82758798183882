/**
 * What the API says of itself, as a list to walk over: endpoints, their parameters, their errors; and whether an answer is as described.
 *
 * @module
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { codesOf } from "@/tasks/check/error_table.ts";

/** A parameter of a path or a query. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  /** References resolved. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** One method of one path. */
export interface Endpoint {
  /** As in the document: `GET /api/vaults/{owner}`. */
  readonly name: string;
  readonly method: string;
  /** Behind `/api`, with names in braces. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** The schema of its JSON body, references resolved; null where it takes none. */
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly isGuarded: boolean;
  /** Codes of its errors, by status. */
  readonly errors: ReadonlyMap<number, readonly string[]>;
  /** Statuses of its successes, the lowest first. */
  readonly successes: readonly number[];
}

/** A description to go by. */
export interface Description {
  readonly endpoints: readonly Endpoint[];
  /** What a schema of the document refers to; itself where it is no reference. */
  resolve(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** What is wrong with an answer of this endpoint; null where nothing is. */
  complaint(endpoint: Endpoint, status: number, body: unknown): string | null;
}

// deno-lint-ignore no-explicit-any -- a JSON document
type Json = any;

/** Reads a document of OpenAPI 3.1. */
export function descriptionOf(document: Json): Description {
  const validator = new Ajv2020({ strict: false, allErrors: false });
  // deno-lint-ignore no-explicit-any -- the package's types are those of another module system
  (addFormats as any)(validator);
  validator.addSchema({ $id: "api", ...document });
  const resolved = (schema: Json): Json => {
    const name = /^#\/components\/schemas\/(\w+)$/.exec(schema?.$ref ?? "")?.[1];
    if (name) return document.components.schemas[name];
    return schema?.allOf ? Object.assign({}, ...schema.allOf.map(resolved)) : schema;
  };
  const endpoints = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]): Endpoint => {
      const answers = Object.entries<Json>(operation.responses).map(([status, answer]) =>
        [Number(status), answer] as const
      );
      const content = operation.requestBody?.content?.["application/json"];
      return {
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path: path.replace(/^\/api/, ""),
        parameters: (operation.parameters ?? []).map((one: Json) => ({ ...one, schema: resolved(one.schema) })),
        body: content ? resolved(content.schema) : null,
        isGuarded: operation.security !== undefined,
        errors: new Map(
          answers.filter(([status]) => status >= 400).map(([status, answer]) => [status, codesOf(answer)]),
        ),
        successes: answers.map(([status]) => status).filter((status) => status < 400),
      };
    })
  );
  return {
    endpoints,
    resolve: resolved,
    complaint({ name, method }, status, body): string | null {
      const path = name.slice(method.length + 1).replaceAll("~", "~0").replaceAll("/", "~1");
      const operation = document.paths[name.slice(method.length + 1)][method.toLowerCase()];
      if (!operation.responses[status]) return `${name} answers ${status}, which is not described`;
      const pointer = `paths/${path}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`;
      const validate = validator.getSchema(`api#/${encodeURI(pointer).replaceAll("%7E", "~")}`);
      if (!validate) throw new Error(`${name} does not say what ${status} looks like`);
      return validate(body) ? null : `${name} ${status}: ${validator.errorsText(validate.errors)}`;
    },
  };
}

/** A body whose sender goes away. */
export function endsInTheMiddle(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("[{")),
    pull: (controller) => controller.error(new Error("The connection ended")),
  });
}
