import { expect } from "expect";
import { z } from "zod";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { cursorOf, positionOf } from "@/lib/http/cursor.ts";

const Position = z.strictObject({ slot: z.number(), id: z.string() });

Deno.test("positionOf() gives back what cursorOf() was given, in an alphabet that a URL holds as it is", () => {
  for (const id of ["", "a", "ab", "abc", "?>~ÿ\u0001"]) {
    const cursor = cursorOf({ slot: 2 ** 40, id });
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(positionOf(cursor, Position)).toEqual({ slot: 2 ** 40, id });
  }
  expect(positionOf(undefined, Position)).toBeNull();
});

Deno.test("positionOf() refuses what no answer gave", () => {
  const made = [
    "",
    "%",
    "null",
    "e30",
    cursorOf(null),
    cursorOf({ slot: "1", id: "a" }),
    cursorOf({ slot: 1, id: "a", x: 1 }),
  ];
  for (const cursor of made) {
    try {
      positionOf(cursor, Position);
      throw new Error(`${cursor} was taken`);
    } catch (error) {
      if (!(error instanceof VaultbookError)) throw error;
      expect([cursor, error.code, error.details.field]).toEqual([cursor, "parameter_invalid", "cursor"]);
    }
  }
});
