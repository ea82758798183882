/**
 * Waits for a state that comes about by itself.
 *
 * @param probe is asked every 20 ms; the state is there when it gives something other than undefined, null or false.
 * @param milliseconds how long to wait at most.
 * @returns what `probe` gave.
 * @throws {Error} when the time is over, naming `what`.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T> | T,
  milliseconds = 5000,
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== null && found !== false) return found as Exclude<T, undefined | null | false>;
    if (performance.now() > end) throw new Error(`Waited ${milliseconds} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
