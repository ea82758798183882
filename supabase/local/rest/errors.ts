/**
 * What a refused request is answered with: PostgREST's error body and status.
 *
 * @module
 */

/** PostgREST's error body. The keys are always all there. */
export interface ErrorBody {
  readonly code: string;
  readonly details: unknown;
  readonly hint: string | null;
  readonly message: string;
}

/** A request that ends in an error answer. */
export class RestError extends Error {
  override readonly name = "RestError";

  constructor(
    /** HTTP status, 200 to 599. */
    readonly status: number,
    readonly body: ErrorBody,
    /** Headers besides the usual ones. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${body.code}: ${body.message}`);
  }
}

/** Builds an error; details and hint default to null. */
export function restError(
  status: number,
  code: string,
  message: string,
  more: { details?: unknown; hint?: string | null } = {},
): RestError {
  return new RestError(status, { code, details: more.details ?? null, hint: more.hint ?? null, message });
}

/** The answer that carries an error. A HEAD request gets no body. */
export function errorResponse(error: RestError, method: string): Response {
  const headers = new Headers({
    "content-type": "application/json; charset=utf-8",
    "proxy-status": `PostgREST; error=${error.body.code.replace(/[^A-Za-z0-9_]/g, "")}`,
  });
  for (const [name, value] of Object.entries(error.headers)) headers.set(name, value);
  const bodyless = method === "HEAD" || NULL_BODY_STATUSES.has(error.status);
  return new Response(bodyless ? null : JSON.stringify(error.body), { status: error.status, headers });
}

/** Statuses for which the Fetch standard refuses a response with a body. */
export const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([204, 205, 304]);
