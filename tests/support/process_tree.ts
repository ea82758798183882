/**
 * Processes and what they have started, by /proc.
 *
 * @module
 */

/** Every process below this one. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      // The name in parentheses may hold anything; the parent is the second field behind it.
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const below = [pid];
  for (const parent of below) below.push(...[...parents].filter(([, of]) => of === parent).map(([child]) => child));
  return below.slice(1);
}

/** `kill -9`, of each that still runs. */
export function killAtOnce(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}
