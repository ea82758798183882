/**
 * Reads JSON bodies as GoTrue does: unknown fields are ignored, null counts as absent, a field of another type refuses the
 * whole body.
 *
 * @module
 */
import { z } from "zod";
import { AuthRefused } from "./auth_error.ts";

/** What a body may hold; GoTrue's own limit. */
const MAX_BYTES = 1024 * 1024;

/** An optional text field; absent and null are "". */
export const text = z.string().nullish().transform((value) => value ?? "");

/** An optional flag; absent and null are false. */
export const flag = z.boolean().nullish().transform((value) => value ?? false);

/** An optional JSON object; absent and null are undefined. */
export const record = z.record(z.string(), z.unknown()).nullish().transform((value) => value ?? undefined);

/**
 * Reads and checks a body.
 *
 * @param options.optional an empty body counts as `{}`; default false.
 * @throws {AuthRefused} `bad_json` (400) when it is no JSON or of another shape, `request_entity_too_large` (413) above 1 MiB.
 */
export async function readBody<Shape extends z.ZodType>(
  request: Request,
  shape: Shape,
  options: { optional?: boolean } = {},
): Promise<z.output<Shape>> {
  const content = await readText(request);
  const parsed = shape.safeParse(content === "" && options.optional ? {} : parseJson(content) ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badJson(`${issue?.path.join(".") || "body"}: ${issue?.message}`);
}

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) {
      const message = `Request body too large (max ${MAX_BYTES} bytes)`;
      throw new AuthRefused(413, "request_entity_too_large", message);
    }
    chunks.push(chunk);
  }
  return await new Blob(chunks as BlobPart[]).text();
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw badJson(content === "" ? "unexpected end of JSON input" : "invalid JSON");
  }
}

function badJson(reason: string): AuthRefused {
  return new AuthRefused(400, "bad_json", `Could not parse request body as JSON: ${reason}`);
}
