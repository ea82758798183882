/**
 * Runs `deno test` and counts what it did.
 *
 * @module
 */
import { join } from "node:path";
import { readJunit } from "./junit.ts";
import { NOTHING, sum, type Tally } from "./tally.ts";

/** Some files of Deno tests, and how to run them. */
export interface DenoTests {
  /** The project's root. */
  readonly root: string;
  /** Paths from the root. */
  readonly files: readonly string[];
  /** Only tests whose name holds this. */
  readonly filter: string | undefined;
  /** What they may do, as flags; none: nothing at all. */
  readonly permissions: readonly string[];
  /** A folder for the reports. */
  readonly folder: string;
  /** Beside the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** How long a file may take before it is ended. Milliseconds; default seven minutes. */
  readonly patience?: number;
  /** How many files run at a time; default three. */
  readonly jobs?: number;
  /** Ends the run. */
  readonly interrupted: AbortSignal;
  /** Hears of each file when it has ended, and all that it printed when something in it failed. */
  readonly say: (line: string) => void;
}

/** How many files run at a time, on two cores: most of their time they wait, for PostgreSQL, for a minute to pass, for each other. */
const JOBS = 3;

/** The longest file takes three minutes beside two others; a machine may be half as fast. */
const PATIENCE = 420_000;

/**
 * Runs each file in a process of its own, so that one that hangs, crashes or does not load takes no other with it. Whatever
 * keeps a test from being heard of counts as failed.
 */
export async function runDenoTests(tests: DenoTests): Promise<Tally> {
  const waiting = [...tests.files];
  const tallies: Tally[] = [];
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      if (tests.interrupted.aborted) return;
      tallies.push(await runFile(tests, file));
    }
  };
  await Promise.all(Array.from({ length: tests.jobs ?? JOBS }, work));
  return sum(tallies);
}

async function runFile(tests: DenoTests, file: string): Promise<Tally> {
  const started = performance.now();
  const report = join(tests.folder, `${crypto.randomUUID()}.xml`);
  const { success, how, printed } = await spawn(tests, [
    "test",
    "--no-prompt",
    // `deno task check` looks at types; here a wrong one must not keep a test from running.
    "--no-check",
    "--sanitize-ops",
    "--sanitize-resources",
    `--junit-path=${report}`,
    ...tests.permissions,
    ...(tests.filter === undefined ? [] : [`--filter=${tests.filter}`]),
    file,
  ]);
  const xml = await Deno.readTextFile(report).catch(() => null);
  const tally = xml === null ? NOTHING : readJunit(xml, file, tests.filter);
  const untold = tally.failed.length > 0 ? null : whatIsUntold(tally, success, how, tests.filter !== undefined);
  const result = untold === null ? tally : { ...tally, failed: [`${file} ${untold}`] };
  const isEmpty = result.passed + result.failed.length + result.skipped.length === 0;
  if (!isEmpty) tests.say(`${file} ... ${inWords(result)} (${((performance.now() - started) / 1000).toFixed(1)}s)`);
  if (result.failed.length > 0) tests.say(printed);
  return result;
}

/** What went wrong without a test that says so; null when nothing did. */
function whatIsUntold(tally: Tally, success: boolean, how: string, isFiltered: boolean): string | null {
  if (!success) return `${how}, and no test failed: something outside of them did`;
  return tally.passed + tally.skipped.length > 0 || isFiltered ? null : "holds no test";
}

/** Runs this very Deno in a process group of its own, which is ended as a whole when the patience or the user's is over. */
async function spawn(
  tests: DenoTests,
  args: readonly string[],
): Promise<{ success: boolean; how: string; printed: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: tests.root,
    env: { RUST_BACKTRACE: "0", ...tests.env },
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const patience = tests.patience ?? PATIENCE;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child);
  }, patience);
  const interrupt = (): void => endGroup(child);
  tests.interrupted.addEventListener("abort", interrupt);
  try {
    const { success, code, signal, stdout, stderr } = await child.output();
    const how = isLate ? `did not end within ${patience / 1000} s` : `ended with ${signal ?? `exit code ${code}`}`;
    return { success, how, printed: `${decode(stdout)}${decode(stderr)}` };
  } finally {
    clearTimeout(timer);
    tests.interrupted.removeEventListener("abort", interrupt);
    // What the tests left running would hold ports and folders.
    endGroup(child);
  }
}

function endGroup(child: Deno.ChildProcess): void {
  try {
    Deno.kill(Deno.build.os === "windows" ? child.pid : -child.pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
}

function inWords({ passed, failed, skipped }: Tally): string {
  return [
    `${passed} passed`,
    ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
    ...(failed.length > 0 ? [`${failed.length} FAILED`] : []),
  ].join(", ");
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
