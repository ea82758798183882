/**
 * `deno task verify`: counts what breaks each invariant of the ledger.
 *
 * @module
 */
import postgres from "postgres";
import { readStatus } from "@/supabase/local/instance/status.ts";
import { complain, dataDirOf, INSTANCE_FLAGS, readFlags, runTask, say } from "./command_line.ts";

const USAGE = `Counts what breaks each invariant of the ledger, and shows one example of each.

  deno task verify [--data-dir DIR] [--db-url URL] [--quiet]

  --data-dir DIR   data folder of the running instance (default .vaultbook in the project)
  --db-url URL     look at this database instead
  --quiet          print only what is broken
  -h, --help       this text

Exit code 1 when an invariant is broken, or when nothing runs on the data folder.`;

interface Finding {
  readonly invariant: string;
  readonly promise: string;
  readonly violations: string;
  readonly example: string | null;
}

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args, { ...INSTANCE_FLAGS, "db-url": { type: "string" } });
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const dir = dataDirOf(flags["data-dir"]);
  const url = flags["db-url"] ?? (await readStatus(dir))?.DB_URL;
  if (url === undefined) {
    complain(`Vaultbook does not run on ${dir}`);
    return 1;
  }
  const sql = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 10 });
  try {
    const findings = await sql<Finding[]>`select invariant, promise, violations, example from vaultbook.verify()`;
    const broken = findings.filter(({ violations }) => violations !== "0");
    for (const finding of flags.quiet ? broken : findings) say(lineOf(finding));
    if (!flags.quiet) {
      say(
        broken.length === 0 ? `\nAll ${findings.length} hold` : `\n${broken.length} of ${findings.length} are broken`,
      );
    }
    return broken.length === 0 ? 0 : 1;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function lineOf({ invariant, promise, violations, example }: Finding): string {
  const line = `${invariant.padEnd(4)}${violations.padStart(8)}  ${promise}`;
  return example === null ? line : `${line}\n              e.g. ${example}`;
}

if (import.meta.main) await runTask(main);
