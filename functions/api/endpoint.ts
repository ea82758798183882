/**
 * What all described endpoints share: how they name their errors, and how a refused parameter is told.
 *
 * @module
 */
import { type Hook, OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { present } from "./clock.ts";
import type { Caller } from "@/lib/domain/caller.ts";
import { seesAll } from "@/lib/domain/caller.ts";
import { type ErrorCode, ERRORS, VaultbookError } from "@/lib/domain/errors.ts";
import type { Callers } from "@/lib/http/caller.ts";
import { refusalOf } from "./schemas.ts";

/** What handlers find in the context. */
export interface ApiVariables {
  requestId: string;
}

/** The environment of every route. */
export type ApiEnvironment = { Variables: ApiVariables };

/** Routes whose parameters are checked before the handler sees them. */
export function routes(): OpenAPIHono<ApiEnvironment> {
  return new OpenAPIHono<ApiEnvironment>({ defaultHook: refuseInvalid });
}

/** @throws {VaultbookError} parameter_invalid or body_invalid, naming the first field that is not as it must be */
const refuseInvalid: Hook<unknown, ApiEnvironment, string, unknown> = (result) => {
  if (result.success) return;
  const [issue] = result.error.issues;
  const field = issue?.path.join(".") || (issue?.code === "unrecognized_keys" ? issue.keys.join(", ") : result.target);
  const problem = issue?.code === "unrecognized_keys"
    ? `is not known ${result.target === "json" ? "here" : "to this path"}`
    : issue?.message ?? "is wrong";
  throw new VaultbookError(result.target === "json" ? "body_invalid" : "parameter_invalid", {
    ...{ field, problem: problem.replace(/^Invalid/, "is invalid") },
  });
};

/** Errors that any request may get. */
const COMMON: readonly ErrorCode[] = ["database_unavailable", "method_not_allowed"];

/** The errors of an endpoint by status, each with the codes that it can have. */
export function refusals(codes: readonly ErrorCode[]): RouteConfig["responses"] {
  const statuses = [...new Set(codes.map((code) => ERRORS[code].status))].sort();
  return Object.fromEntries(statuses.map((status) => {
    const own = codes.filter((code) => ERRORS[code].status === status).sort();
    return [status, { description: own.join(", "), content: { "application/json": { schema: refusalOf(own) } } }];
  }));
}

/** Errors of what takes a JSON body. */
export const BODY_ERRORS = [
  "body_invalid",
  "body_too_large",
  "media_type_unsupported",
] as const satisfies readonly ErrorCode[];

const BODY_BYTES_MAX = 4096;

/** No body of a client is longer than a few lines. */
export const smallBody = bodyLimit({
  maxSize: BODY_BYTES_MAX,
  onError: () => {
    throw new VaultbookError("body_too_large", { limit_bytes: BODY_BYTES_MAX });
  },
});

/** The answers of an endpoint: one shape when it succeeds, and these errors beside those that any request may get. */
export function answers<Schema extends z.ZodType>(
  description: string,
  schema: Schema,
  errors: readonly ErrorCode[],
): { 200: { description: string; content: { "application/json": { schema: Schema } } } } & RouteConfig["responses"] {
  return { 200: { description, content: { "application/json": { schema } } }, ...refusals([...errors, ...COMMON]) };
}

/** The ways to say who one is, for `openapi.json`. */
export const SIGNED_IN: NonNullable<RouteConfig["security"]> = [{ accessToken: [] }, { secretKey: [] }];

/**
 * Who asks, if that is somebody who may see what belongs to this owner. Whether there is such an owner is told to nobody else.
 *
 * @throws {VaultbookError} unauthorized, forbidden
 */
export async function callerFor(callers: Callers, c: Context, owner: string): Promise<Caller> {
  const caller = await callers.identify(c.req.raw.headers);
  if (!seesAll(caller) && caller.kind === "user" && caller.wallet !== owner) {
    throw new VaultbookError("forbidden", { owner });
  }
  return caller;
}

/** A day, in milliseconds. */
const DAY_MS = 86_400_000;

/**
 * A span of time as it was asked for; without an end until now, without a beginning a day.
 *
 * @throws {VaultbookError} parameter_invalid
 */
export function spanOf<Asked extends { from?: string | undefined; to?: string | undefined }>(
  asked: Asked,
): Asked & { from: string; to: string } {
  const to = asked.to ?? present();
  const from = asked.from ?? new Date(Date.parse(to) - DAY_MS).toISOString();
  if (Date.parse(from) >= Date.parse(to)) {
    throw new VaultbookError("parameter_invalid", { field: "from", problem: "must be before to" });
  }
  return { ...asked, from, to };
}
