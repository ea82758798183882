/**
 * Tells of callers that were refused, and no more often than once a minute: a stranger must not be able to make the database write.
 *
 * @module
 */

/** How often an instance of the function tells. Milliseconds. */
const INTERVAL = 60_000;

/** Counts who was refused. */
export interface Refusals {
  /** One more. Tells of it at once, with all that came since the last time, unless that is less than a minute ago. Never throws. */
  count(): Promise<void>;
}

/**
 * Starts to count.
 *
 * @param how.tell tells of so many; what it fails to tell is told later.
 * @param how.now milliseconds since some point in time.
 * @param how.log hears why telling failed.
 */
export function openRefusals(
  { tell, now, log }: {
    readonly tell: (count: number) => Promise<void>;
    readonly now: () => number;
    readonly log: (entry: Record<string, unknown>) => void;
  },
): Refusals {
  let untold = 0;
  let toldAt = -Infinity;
  return {
    async count(): Promise<void> {
      untold++;
      if (now() - toldAt < INTERVAL) return;
      toldAt = now();
      const telling = untold;
      untold = 0;
      try {
        await tell(telling);
      } catch (error) {
        untold += telling;
        log({
          level: "error",
          message: "Cannot tell who was refused",
          error: error instanceof Error ? error.message : "",
        });
      }
    },
  };
}
