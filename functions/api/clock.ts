/**
 * The clock of the API: for questions that name no time.
 *
 * @module
 */

/** The present, as ISO 8601. */
export function present(): string {
  return new Date().toISOString();
}
