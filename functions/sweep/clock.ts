/**
 * The wall clock.
 *
 * @module
 */

/** Milliseconds since 1970. */
export function now(): number {
  return Date.now();
}
