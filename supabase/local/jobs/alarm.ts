/** Something to wait on: for a while, or until rung. */
export interface Alarm {
  /** Ends the present wait, or the next one if nobody waits now: a ring is never lost. */
  ring(): void;
  /** Resolves when the alarm rings, at the latest after `milliseconds`. One waiter at a time. */
  wait(milliseconds: number): Promise<void>;
}

/** Makes an alarm that nobody has rung yet. It holds a timer only while it is waited for. */
export function createAlarm(): Alarm {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring(): void {
      rung = true;
      wake?.();
    },
    async wait(milliseconds: number): Promise<void> {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, milliseconds);
          wake = (): void => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      rung = false;
    },
  };
}
