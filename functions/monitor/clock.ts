/**
 * A clock that only goes on.
 *
 * @module
 */

/** Milliseconds since some point in time. */
export function now(): number {
  return performance.now();
}
