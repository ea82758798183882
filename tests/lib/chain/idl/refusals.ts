/**
 * How the tests say that an IDL or a mapping is refused.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";

/** Where and why it is refused, as `field problem`; null where it is not. */
export function refusalOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof VaultbookError && error.code === "invalid_idl") {
      return `${error.details.field} ${error.details.problem}`;
    }
    throw error;
  }
}
