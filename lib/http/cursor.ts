/**
 * Cursors of a page: where the next one begins, as text that means nothing to a client.
 *
 * @module
 */
import { z } from "zod";
import { VaultbookError } from "@/lib/domain/errors.ts";

/** The text of a position. */
export function cursorOf(position: unknown): string {
  return btoa(JSON.stringify(position)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The position behind a cursor; null where there is none, which is the first page.
 *
 * @param schema what positions look like: text that somebody made up is refused.
 * @throws {VaultbookError} parameter_invalid
 */
export function positionOf<Position>(cursor: string | undefined, schema: z.ZodType<Position>): Position | null {
  if (cursor === undefined) return null;
  try {
    return schema.parse(JSON.parse(atob(cursor.replaceAll("-", "+").replaceAll("_", "/"))));
  } catch (error) {
    throw new VaultbookError("parameter_invalid", { field: "cursor", problem: "is none that an answer gave" }, error);
  }
}
