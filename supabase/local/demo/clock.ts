/**
 * The one place where the demo reads the machine's clock.
 *
 * @module
 */

/** Milliseconds since 1970. */
export type Clock = () => number;

/** The machine's own clock. */
export const systemClock: Clock = () => Date.now();
