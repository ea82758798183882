/**
 * What a kind of fuzzing is: rounds that follow from a seed each, and counts of what happened in them.
 *
 * @module
 */
import type { TestServer } from "../test/server.ts";

/** How often each thing happened, by a name that can stand behind a number. */
export type Counts = Readonly<Record<string, number>>;

/** A kind of fuzzing, before it has anything to work with. */
export interface Kind {
  /** Of {@link Counts}: what must have happened in a run. A fault that never happened proves nothing. */
  readonly mustHappen: readonly string[];
  /** Makes ready. Whatever it starts lies in the server's folder or ends with {@link Campaign.close}. */
  open(server: TestServer): Promise<Campaign>;
}

/** A kind of fuzzing at work. */
export interface Campaign {
  /**
   * Works one round: what goes in follows from the seed alone. Ends early when the server's `interrupted` is aborted.
   *
   * @throws what it finds, in words.
   */
  round(seed: number): Promise<Counts>;
  /** Ends what was started. */
  close(): Promise<void>;
}

/** Lets go for a moment: work that waits for nothing would not hear Ctrl-C. */
export async function breathe(): Promise<void> {
  await new Promise((resume) => setTimeout(resume));
}

/** Both together. */
export function sum(one: Counts, other: Counts): Counts {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}

/** What is wrong, where something is: at most so many lines of it. @throws {Error} with them. */
export function refuse(what: string, found: readonly string[], shown = 8): void {
  if (found.length === 0) return;
  const more = found.length > shown ? [`… and ${found.length - shown} more`] : [];
  throw new Error([`${what}:`, ...found.slice(0, shown).map((line) => `  ${line}`), ...more].join("\n"));
}
