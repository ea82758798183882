/**
 * How a wrong IDL, or a wrong mapping, is refused: with the place that is wrong.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import { Malformed } from "../fields.ts";

/** @throws {VaultbookError} invalid_idl */
export function refuse(field: string, problem: string): never {
  throw new VaultbookError("invalid_idl", { field, problem });
}

/** @throws {VaultbookError} invalid_idl for what is {@link Malformed} in it. */
export function refusingMalformed<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return refuse(error.path, error.problem);
    throw error;
  }
}

/** Refuses the second of two that must differ. @throws {VaultbookError} invalid_idl at the path of the second. */
export function refuseTwice<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  pathOf: (item: Item, place: number) => string,
): void {
  const seen = new Map<string, string>();
  items.forEach((item, place) => {
    const [key, path] = [keyOf(item), pathOf(item, place)];
    const first = seen.get(key);
    if (first !== undefined) refuse(path, `must differ from ${first}: current value is ${key}`);
    seen.set(key, path);
  });
}
