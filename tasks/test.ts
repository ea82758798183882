/**
 * `deno task test`: the whole suite, with everything it needs.
 *
 * @module
 */
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { complain, runTask, say, UsageError } from "./command_line.ts";
import { runDenoTests } from "./test/deno_tests.ts";
import { type TestServer, withTestServer } from "./test/server.ts";
import { runSqlTests } from "./test/sql_tests.ts";
import { sum, type Tally } from "./test/tally.ts";
import { findTests, type TestFiles } from "./test/test_files.ts";

const USAGE = `Runs the tests: Deno's below tests/, pgTAP's below supabase/tests/.

  deno task test [--filter TEXT] [--keep] [PATH...]

  PATH...        only these files, or the files in these folders
  --filter TEXT  only tests whose name holds this text; of pgTAP only files whose name does
  --keep         leaves the PostgreSQL of the tests running, and says how to reach and to end it
  -h, --help     this text

Where VAULTBOOK_TEST_ADMIN_URL names a superuser on a PostgreSQL, the tests use that server and start none.
With VAULTBOOK_TEST_POOLER=N they reach it through PgBouncer in transaction mode, which holds N connections.
The last line sums up. Exit code 1 when a test failed or none ran.`;

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const FLAGS = {
  filter: { type: "string" },
  keep: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

async function main(args: string[]): Promise<number> {
  const { values: flags, positionals: paths } = readArguments(args);
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const files = await findTests(ROOT, paths.map(fromRoot));
  const tally = await withTestServer(
    { keep: flags.keep, onProgress: complain },
    (server) => runAll(server, files, flags.filter),
  );
  const code = report(tally);
  // A server that stays is a child of this process, which would wait for it.
  if (flags.keep) Deno.exit(code);
  return code;
}

function readArguments(
  args: string[],
): ReturnType<typeof parseArgs<{ options: typeof FLAGS; allowPositionals: true }>> {
  try {
    return parseArgs({ args, options: FLAGS, allowPositionals: true });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** A path counts from where the user typed it, although `deno task` runs in the project. */
function fromRoot(path: string): string {
  return relative(ROOT, resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), path));
}

/** Runs everything, one kind after the other. */
async function runAll(server: TestServer, files: TestFiles, filter: string | undefined): Promise<Tally> {
  const { folder, adminUrl, interrupted } = server;
  const common = { root: ROOT, folder, filter, interrupted, say };
  // What the tests leave in their temporary folders goes with ours.
  const env = { VAULTBOOK_TEST_ADMIN_URL: adminUrl, TMPDIR: folder, TMP: folder, TEMP: folder };
  return sum([
    await runDenoTests({ ...common, files: files.pure, permissions: [], env: {} }),
    await runDenoTests({ ...common, files: files.other, permissions: ["--allow-all"], env }),
    await runSqlTests({
      root: ROOT,
      files: files.sql.filter((file) => filter === undefined || file.includes(filter)),
      adminUrl,
      say,
      interrupted,
    }),
  ]);
}

/** Says what was skipped and what failed, and sums up in the last line. */
function report({ passed, failed, skipped }: Tally): number {
  for (const [title, lines] of [["Skipped", skipped], ["Failed", failed]] as const) {
    if (lines.length > 0) say(`\n${title}:\n${lines.map((line) => `  ${line}`).join("\n")}`);
  }
  if (passed + failed.length === 0) complain("No test ran");
  say(`\n${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
  return passed > 0 && failed.length === 0 ? 0 : 1;
}

if (import.meta.main) await runTask(main);
