/**
 * The clock of the API: for questions that name no time, and for how long ago something was.
 *
 * @module
 */

/** The present, as ISO 8601. */
export function present(): string {
  return new Date().toISOString();
}

/** Milliseconds since some point in time; it only goes on. */
export function now(): number {
  return performance.now();
}
