/**
 * `deno task bench`: figures beside what bounds them, taken in the same run.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { complain, readFlags, runTask, say } from "./command_line.ts";

const USAGE = `Measures Vaultbook beside what nothing like it could be faster than, in the same run.

  deno task bench [--only NAME] [--json] [--vaults N] [--rows N] [--seconds N] [--db-url URL]

  --only NAME   only the figures of this name, or whose names begin with it, as snapshot or tvl/read
  --json        one object a line: name, unit, ours, ceiling, ceiling_name, ratio, and goal where there is one
  --vaults N    vaults of the benches that have vaults (default 1000000; ingest: 10000; year: 20)
  --rows N      rows of the ledger (default 10000000; api: 5000000)
  --seconds N   how long webhook/p99 lasts (default 60)
  --db-url URL  a superuser of another server to measure on, in a database of its own (default: an embedded PostgreSQL)
  -h, --help    this text

All of them take some forty minutes and need 20 GB of disk.`;

const FOLDER = new URL("../bench/", import.meta.url);

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    only: { type: "string" },
    json: { type: "boolean" },
    vaults: { type: "string" },
    rows: { type: "string" },
    seconds: { type: "string" },
    "db-url": { type: "string" },
    help: { type: "boolean" },
  });
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  // What they share is no bench.
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) => name !== "measure.ts").sort();
  for (const name of names.filter((name) => name.endsWith(".ts"))) {
    const path = fileURLToPath(new URL(name, FOLDER));
    // Each in a process of its own: what one leaves in memory is no matter of the next.
    const bench = new Deno.Command(Deno.execPath(), { args: ["run", "-A", path, ...args], stdin: "null" }).spawn();
    const { code } = await bench.status;
    if (code === 0) continue;
    complain(`${name} ended with ${code}`);
    return 1;
  }
  return 0;
}

if (import.meta.main) await runTask(main);
