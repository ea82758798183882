/**
 * What processes hold in memory, by Linux's /proc.
 *
 * @module
 */
import { descendantsOf } from "@/tests/support/process_tree.ts";

/** In MB. */
export interface Memory {
  /** Resident, of this process and those that it started, but PostgreSQL. */
  readonly deno: number;
  /** Of PostgreSQL's processes what each has for itself: what they share is there once, and as large as it was set. */
  readonly postgres: number;
}

/** Reads both. @param postmaster the pid of PostgreSQL's first process. */
export function memoryOf(postmaster: number): Memory {
  const postgres = [postmaster, ...descendantsOf(postmaster)];
  const deno = [Deno.pid, ...descendantsOf(Deno.pid)].filter((pid) => !postgres.includes(pid));
  return {
    deno: sumOf(deno, (pid) => kilobytes(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB/gm)),
    postgres: sumOf(
      postgres,
      (pid) => kilobytes(`/proc/${pid}/smaps_rollup`, /^Private_(?:Clean|Dirty):\s+(\d+) kB/gm),
    ),
  };
}

function sumOf(pids: readonly number[], read: (pid: number) => number): number {
  return pids.reduce((sum, pid) => sum + read(pid), 0) / 1024;
}

/** 0 for one that has ended meanwhile. */
function kilobytes(path: string, lines: RegExp): number {
  try {
    // not an amount: memory
    return [...Deno.readTextFileSync(path).matchAll(lines)].reduce((sum, [, kB]) => sum + Number(kB), 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || /ESRCH|os error 3/.test(String(error))) return 0;
    throw error;
  }
}
