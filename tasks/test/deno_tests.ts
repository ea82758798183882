/**
 * Runs `deno test` and counts what it did.
 *
 * @module
 */
import { join } from "node:path";
import { readJunit } from "./junit.ts";
import { NOTHING, type Tally } from "./tally.ts";

/** One run of `deno test`. */
export interface DenoTests {
  /** The project's root. */
  readonly root: string;
  /** Paths from the root. */
  readonly files: readonly string[];
  /** Only tests whose name holds this. */
  readonly filter: string | undefined;
  /** What they may do, as flags; none: nothing at all. */
  readonly permissions: readonly string[];
  /** A folder for the report. */
  readonly folder: string;
  /** Beside the environment of this process. */
  readonly env: Record<string, string>;
  /** Ends the run. */
  readonly interrupted: AbortSignal;
}

/** How many files run at a time: most of their time they wait for PostgreSQL, which needs a core too. */
const JOBS = "2";

/**
 * Runs these test files, with `deno test`'s own output going to ours. Whatever keeps a test from being heard of counts as
 * failed: a file that does not load, an error between tests, a process that ends in the middle.
 */
export async function runDenoTests(tests: DenoTests): Promise<Tally> {
  if (tests.files.length === 0) return NOTHING;
  const report = join(tests.folder, `${crypto.randomUUID()}.xml`);
  const { success, code, signal } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-prompt",
      // `deno task check` looks at types; here a wrong one must not keep all tests from running.
      "--no-check",
      "--sanitize-ops",
      "--sanitize-resources",
      "--parallel",
      `--junit-path=${report}`,
      ...tests.permissions,
      ...(tests.filter === undefined ? [] : [`--filter=${tests.filter}`]),
      ...tests.files,
    ],
    cwd: tests.root,
    env: { DENO_JOBS: JOBS, RUST_BACKTRACE: "0", ...tests.env },
    signal: tests.interrupted,
    stdin: "null",
  }).spawn().status;
  const xml = await Deno.readTextFile(report).catch(() => null);
  if (xml === null) {
    return { ...NOTHING, failed: [`deno test ended before it could report (${signal ?? `exit code ${code}`})`] };
  }
  // With a filter a file may rightly have nothing to run, and then has no trace in the report.
  const tally = readJunit(xml, tests.filter === undefined ? tests.files : []);
  if (success || tally.failed.length > 0) return tally;
  return { ...tally, failed: ["An error that belongs to no test: see the output of deno test"] };
}
