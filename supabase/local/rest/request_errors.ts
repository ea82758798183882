/**
 * PostgREST's error group 1: what is wrong with a request before or after the database saw it. Codes, statuses and messages
 * are those of PostgREST 14.
 *
 * @module
 */
import { type RestError, restError } from "./errors.ts";

/** A query parameter that does not follow its grammar. `message` names the text and the place, `details` what was expected. */
export function queryParameterError(message: string, details: string): RestError {
  return restError(400, "PGRST100", message, { details });
}

/** A function called by another method than GET, HEAD or POST. */
export function invalidRpcMethod(method: string): RestError {
  return restError(405, "PGRST101", `Cannot use the ${method} method on RPC`);
}

/** A body that is not what its Content-Type says, or of a type that is not taken. */
export function invalidBody(message: string): RestError {
  return restError(400, "PGRST102", message);
}

/** A body of more than `limit` bytes. PostgREST leaves this to the proxy before it. */
export function bodyTooLarge(limit: number): RestError {
  return restError(413, "PGRST102", `Request body is larger than ${limit} bytes`);
}

/** A range that cannot be satisfied. */
export function invalidRange(details: string): RestError {
  return restError(416, "PGRST103", "Requested range not satisfiable", { details });
}

/** A PUT whose filters are not exactly the primary key. */
export function invalidPutFilters(): RestError {
  const message = "Filters must include all and only primary key columns with 'eq' operators";
  return restError(405, "PGRST105", message);
}

/** A schema that is not exposed. */
export function unacceptableSchema(schema: string, exposed: readonly string[]): RestError {
  const hint = `Only the following schemas are exposed: ${exposed.join(", ")}`;
  return restError(406, "PGRST106", `Invalid schema: ${schema}`, { hint });
}

/** An Accept header that names nothing this server produces. */
export function mediaTypeError(types: readonly string[]): RestError {
  return restError(406, "PGRST107", `None of these media types are available: ${types.join(", ")}`);
}

/** A filter, order or limit for a resource that `select` does not embed. */
export function notEmbedded(resource: string): RestError {
  return restError(400, "PGRST108", `'${resource}' is not an embedded resource in this request`, {
    hint: `Verify that '${resource}' is included in the 'select' query parameter.`,
  });
}

/** A `response.headers` setting that is no JSON array of single-key objects. */
export function invalidHeadersSetting(): RestError {
  const message = "response.headers guc must be a JSON array composed of objects with a single key and a string value";
  return restError(500, "PGRST111", message);
}

/** A `response.status` setting that is no HTTP status. */
export function invalidStatusSetting(): RestError {
  return restError(500, "PGRST112", "response.status guc must be a valid status code");
}

/** A PUT with limit or offset. */
export function putLimitNotAllowed(): RestError {
  return restError(400, "PGRST114", "limit/offset querystring parameters are not allowed for PUT");
}

/** A PUT whose body has another primary key than its URL. */
export function putKeyMismatch(): RestError {
  return restError(400, "PGRST115", "Payload values do not match URL in primary key column(s)");
}

/** A single object was asked for and the result has another number of rows. */
export function singularityError(rows: string): RestError {
  return restError(406, "PGRST116", "Cannot coerce the result to a single JSON object", {
    details: `The result contains ${rows} rows`,
  });
}

/** A method that tables do not know. */
export function unsupportedMethod(method: string): RestError {
  return restError(405, "PGRST117", `Unsupported HTTP method: ${method}`);
}

/** An order by a column of a resource that has many rows. */
export function relatedOrderNotToOne(origin: string, target: string): RestError {
  return restError(400, "PGRST118", `A related order on '${target}' is not possible`, {
    details: `'${origin}' and '${target}' do not form a many-to-one or one-to-one relationship`,
  });
}

/** A filter on an embedded resource itself that is not about null. */
export function unacceptableFilter(target: string): RestError {
  return restError(400, "PGRST120", `Bad operator on the '${target}' embedded resource`, {
    details: "Only is null or not is null filters are allowed on embedded resources",
  });
}

/** Preferences that `handling=strict` does not let pass. */
export function invalidPreferences(preferences: readonly string[]): RestError {
  return restError(400, "PGRST122", "Invalid preferences given with handling=strict", {
    details: `Invalid preferences: ${preferences.join(", ")}`,
  });
}

/** An aggregate in `select`: off, as on Supabase. */
export function aggregatesNotAllowed(): RestError {
  return restError(400, "PGRST123", "Use of aggregate functions is not allowed");
}

/** More rows than `max-affected` allows. */
export function maxAffectedViolation(rows: string): RestError {
  return restError(400, "PGRST124", "Query result exceeds max-affected preference constraint", {
    details: `The query affects ${rows} rows`,
  });
}

/** A path that is neither `/table` nor `/rpc/function`. */
export function invalidResourcePath(): RestError {
  return restError(404, "PGRST125", "Invalid path specified in request URL");
}

/** `max-affected` on a function that returns one value. */
export function maxAffectedRpcViolation(): RestError {
  const message = "Function must return SETOF or TABLE when max-affected preference is used with handling=strict";
  return restError(400, "PGRST128", message);
}
