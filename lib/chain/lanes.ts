/**
 * A limit to how many things happen at once.
 *
 * @module
 */

/** Runs a task as soon as a lane is free; those that wait longest come first. */
export type Lanes = <Result>(task: () => Promise<Result>) => Promise<Result>;

/** So many lanes. @throws {RangeError} when there would be none. */
export function createLanes(count: number): Lanes {
  if (!(count >= 1)) throw new RangeError(`Cannot run anything on ${count} lanes`);
  const waiting: (() => void)[] = [];
  let free = count;
  return async (task) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The lane goes to the next one without becoming free in between.
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
