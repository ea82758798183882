/**
 * `deno task status`: where the running instance is and how to talk to it.
 *
 * @module
 */
import { instanceHolder } from "@/supabase/local/instance/lock.ts";
import { readStatus, type Status } from "@/supabase/local/instance/status.ts";
import { complain, dataDirOf, INSTANCE_FLAGS, readFlags, runTask, say, UsageError } from "./command_line.ts";

const USAGE = `Shows the addresses and keys of the running instance.

  deno task status [-o pretty|json|env] [--data-dir DIR] [--quiet]

  -o, --output FORMAT  pretty (default), json, or env: lines for a shell
  --data-dir DIR       the data folder of the instance (default .vaultbook in the project)
  --quiet              nothing but the values
  -h, --help           this text

Exit code 1 when nothing runs on the data folder.`;

/** How each format shows a status. */
const FORMATS = new Map<string, (status: Status) => string>([
  ["pretty", showTable],
  ["json", (status) => JSON.stringify(status, null, 2)],
  ["env", showEnvironment],
]);

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args, { ...INSTANCE_FLAGS, output: { type: "string", short: "o", default: "pretty" } });
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const show = FORMATS.get(flags.output);
  if (!show) throw new UsageError(`Unknown format '${flags.output}': pretty, json or env`);
  const dir = dataDirOf(flags["data-dir"]);
  const status = await readStatus(dir);
  if (!status) {
    complain(await instanceHolder(dir) ? `Vaultbook on ${dir} is still starting` : `Vaultbook does not run on ${dir}`);
    return 1;
  }
  if (flags.output === "pretty" && !flags.quiet) say(`Vaultbook runs on ${dir}\n`);
  say(show(status));
  return 0;
}

function showTable(status: Status): string {
  const names = Object.keys(status);
  const width = Math.max(...names.map((name) => name.length));
  return Object.entries(status).map(([name, value]) => `${name.padStart(width)}  ${value}`).join("\n");
}

/** Lines that a shell can `eval` and that .env readers take: the values lose their meaning to neither. */
function showEnvironment(status: Status): string {
  return Object.entries(status)
    .map(([name, value]) => `${name}="${String(value).replace(/["\\$`]/g, "\\$&")}"`).join("\n");
}

if (import.meta.main) await runTask(main);
