/**
 * A clock that only goes on, and one that tells a receiver what time it is.
 *
 * @module
 */

/** Milliseconds since some point in time. */
export function now(): number {
  return performance.now();
}

/** What time it is. */
export function wallTime(): Date {
  return new Date();
}
